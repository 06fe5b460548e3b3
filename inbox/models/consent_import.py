from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ConsentImport(models.Model):
    """A file of consent: uploaded, looked at, and recorded or left. Its lines are in the ledger then."""

    name = models.CharField(_("file"), max_length=200)
    # As it came; empty once it is recorded.
    content = models.BinaryField(_("content"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("uploaded"), db_default=Now())
    recorded_at = models.DateTimeField(_("recorded"), null=True)
    count = models.PositiveIntegerField(_("entries"), default=0)

    class Meta:
        verbose_name = _("consent import")
        verbose_name_plural = _("consent imports")

    def __str__(self) -> str:
        return self.name
