from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models, transaction
from django.utils.translation import gettext_lazy as _

from channels_whatsapp.models import Account
from inbox import clock

# A job that has not finished by then died with its worker.
LONGEST = timedelta(minutes=15)


class Sync(models.Model):
    """When an account's templates were last compared with Twilio's list."""

    account = models.OneToOneField(
        Account, models.CASCADE, related_name="template_sync", verbose_name=_("account")
    )
    started_at = models.DateTimeField(_("started"), null=True)
    # The last time it was read to its end; a failure leaves it as it was.
    finished_at = models.DateTimeField(_("finished"), null=True)
    count = models.PositiveIntegerField(_("templates at Twilio"), default=0)
    error = models.CharField(_("error"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("template sync")
        verbose_name_plural = _("template syncs")

    def __str__(self) -> str:
        return f"{self.account}"

    @property
    def age_from(self) -> datetime | None:
        return self.finished_at

    @property
    def is_running(self) -> bool:
        if self.started_at is None or self.error:
            return False
        is_open = self.finished_at is None or self.finished_at < self.started_at
        return is_open and clock.now() - self.started_at < LONGEST

    # Verbs

    @classmethod
    def begin(cls, account: Account) -> Sync:
        sync, _new = cls.objects.update_or_create(
            account=account, defaults={"started_at": clock.now(), "error": ""}
        )
        return sync

    @transaction.atomic
    def finish(self, count: int) -> None:
        self.finished_at, self.count, self.error = clock.now(), count, ""
        self.save(update_fields=["finished_at", "count", "error"])

    def fail(self, sentence: str) -> None:
        self.error = sentence[:300]
        self.save(update_fields=["error"])
