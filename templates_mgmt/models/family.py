from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from channels_whatsapp.models import Account


class Family(models.Model):
    """One template in all its languages and versions, under one name."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="families", verbose_name=_("account"))
    name = models.CharField(_("name"), max_length=512)
    created_at = models.DateTimeField(_("created"), db_default=Now())

    class Meta:
        verbose_name = _("template family")
        verbose_name_plural = _("template families")
        constraints = [models.UniqueConstraint(fields=["account", "name"], name="family_name")]

    def __str__(self) -> str:
        return self.name
