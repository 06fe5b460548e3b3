from __future__ import annotations

import uuid

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inbox import clock, statuses
from inbox.models.message import Message


class SendAttempt(models.Model):
    """One call to the carrier. Committed before the call, completed after it."""

    class Outcome(models.TextChoices):
        CALLING = "calling", _("Call in flight")
        ACCEPTED = "accepted", _("Accepted")
        REFUSED = "refused", _("Refused")
        # The carrier said that it did not take it (429) or was never reached: nothing was created.
        POSTPONED = "postponed", _("Put off")
        UNKNOWN = "unknown", _("Outcome unknown")

    message = models.ForeignKey(Message, models.CASCADE, related_name="attempts")
    # Travels in the status callback's address and so proves which call a message came from.
    ref = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.CALLING)
    sid = models.CharField(max_length=40, null=True)
    error_code = models.PositiveIntegerField(null=True)
    detail = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    # How often, since the outcome became unknown, the carrier's list was read and did not show it.
    fruitless_looks = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("send attempt")
        verbose_name_plural = _("send attempts")
        constraints = [models.UniqueConstraint(fields=["sid"], name="attempt_sid")]
        indexes = [
            models.Index(
                fields=["started_at"],
                name="attempt_open",
                condition=Q(outcome__in=["calling", "unknown"]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_outcome_display()} {self.ref}"

    @classmethod
    @transaction.atomic
    def claim(cls, message: Message) -> SendAttempt | None:
        """Take a queued message for one call; None when it is not queued any more.

        Commit before calling: what happened to a call nobody wrote down can never be found out.
        """
        if not Message.objects.filter(pk=message.pk, status=statuses.QUEUED).update(status=statuses.SENDING):
            return None
        message.status = statuses.SENDING
        attempt = cls.objects.create(message=message)
        message.conversation.note_status_of(message)
        message.announce()
        return attempt

    @property
    def is_latest(self) -> bool:
        """Whether the message has not been tried again since."""
        return not SendAttempt.objects.filter(message=self.message_id, pk__gt=self.pk).exists()

    @transaction.atomic
    def accept(self, sid: str) -> bool:
        """The carrier has it under this number. False when that was known already."""
        if not self._finish(self.Outcome.ACCEPTED, (self.Outcome.ACCEPTED,), sid=sid):
            return False
        if self.is_latest:
            Message.objects.filter(pk=self.message_id, sid__isnull=True).update(sid=sid, error="")
            self.message.sid = self.message.sid or sid
            # A customer can quote it before we know its number.
            quotes = Message.objects.filter(reply_to_sid=sid, reply_to__isnull=True)
            quotes.exclude(reply_to_sid="").update(reply_to=self.message_id)
            self.message.rise(statuses.ACCEPTED, at=clock.now())
        return True

    @transaction.atomic
    def refuse(self, code: int | None, error: str) -> bool:
        """The carrier said no, for good."""
        done = (self.Outcome.ACCEPTED, self.Outcome.REFUSED)
        if not self._finish(self.Outcome.REFUSED, done, error_code=code, detail=error[:300]):
            return False
        if self.is_latest:
            self.message.rise(statuses.FAILED, at=clock.now(), error_code=code, error=error)
        return True

    @transaction.atomic
    def postpone(self, detail: str, code: int | None = None) -> bool:
        """Nothing was created, for certain: the message waits for its next attempt."""
        done = (self.Outcome.ACCEPTED, self.Outcome.REFUSED, self.Outcome.POSTPONED)
        if not self._finish(self.Outcome.POSTPONED, done, error_code=code, detail=detail[:300]):
            return False
        waiting = Message.objects.filter(pk=self.message_id, status__in=[statuses.SENDING, statuses.UNKNOWN])
        if self.is_latest and waiting.update(status=statuses.QUEUED):
            self.message.status = statuses.QUEUED
            self.message.conversation.note_status_of(self.message)
            self.message.announce()
        return True

    @transaction.atomic
    def lose(self, detail: str) -> bool:
        """Nobody knows what came of the call. It is found out, never repeated."""
        done = tuple(outcome for outcome in self.Outcome if outcome != self.Outcome.CALLING)
        if not self._finish(self.Outcome.UNKNOWN, done, detail=detail[:300]):
            return False
        if self.is_latest:
            self.message.rise(statuses.UNKNOWN, at=clock.now())
        return True

    def _finish(self, outcome: Outcome, unless: tuple[Outcome, ...], **changes: object) -> bool:
        """One guarded UPDATE: a callback and the call's own answer cannot both be first."""
        changes |= {"outcome": outcome, "finished_at": clock.now()}
        if not SendAttempt.objects.filter(pk=self.pk).exclude(outcome__in=unless).update(**changes):
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        return True
