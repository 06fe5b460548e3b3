from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ConsentImport(models.Model):
    """A file of consent: uploaded, looked at, and recorded in the background or left.

    `count` and `contacts` rise with every part that is recorded, so a stopped recording goes on from there.
    """

    name = models.CharField(_("file"), max_length=200)
    # As it came; empty once it is recorded.
    content = models.BinaryField(_("content"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("uploaded by")
    )
    created_at = models.DateTimeField(_("uploaded"), db_default=Now())
    recorder = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("recorded by")
    )
    # Since when it is to be recorded; empty again when that stopped.
    asked_at = models.DateTimeField(_("asked for"), null=True)
    stopped_at = models.DateTimeField(_("stopped"), null=True)
    recorded_at = models.DateTimeField(_("recorded"), null=True)
    planned = models.PositiveIntegerField(_("entries to record"), null=True)
    count = models.PositiveIntegerField(_("entries"), default=0)
    contacts = models.PositiveIntegerField(_("new contacts"), default=0)
    skipped = models.PositiveIntegerField(_("lines left out"), default=0)
    # The first of them: [[line, sentence], …].
    left_out = models.JSONField(_("why"), default=list)

    class Meta:
        verbose_name = _("consent import")
        verbose_name_plural = _("consent imports")

    def __str__(self) -> str:
        return self.name

    @property
    def is_undecided(self) -> bool:
        return self.asked_at is None and self.recorded_at is None

    @property
    def is_recording(self) -> bool:
        return self.asked_at is not None and self.recorded_at is None
