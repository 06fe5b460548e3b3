from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inbox import clock, gateways, live, statuses
from inbox.models.event import Event
from inbox.search import Searchable

if TYPE_CHECKING:
    from inbox.gateways import FilledTemplate
    from inbox.models.agent import Agent


class Message(models.Model):
    """One message of a conversation, or a private note, or a line the system wrote."""

    class Direction(models.TextChoices):
        INBOUND = "inbound", _("From the customer")
        OUTBOUND = "outbound", _("To the customer")
        NOTE = "note", _("Private note")
        SYSTEM = "system", _("System")

    class Kind(models.TextChoices):
        TEXT = "text", _("Text")
        IMAGE = "image", _("Photo")
        VIDEO = "video", _("Video")
        AUDIO = "audio", _("Voice message")
        DOCUMENT = "document", _("Document")
        LOCATION = "location", _("Location")
        CONTACTS = "contacts", _("Contact card")
        STICKER = "sticker", _("Sticker")
        BUTTON = "button", _("Button")
        LIST = "list", _("List choice")
        INTERACTIVE = "interactive", _("Form answer")
        TEMPLATE = "template", _("Template")
        UNSUPPORTED = "unsupported", _("Unsupported message")

    class Status(models.TextChoices):
        RECEIVED = statuses.RECEIVED, _("Received")
        QUEUED = statuses.QUEUED, _("Queued")
        SENDING = statuses.SENDING, _("Sending")
        UNKNOWN = statuses.UNKNOWN, _("Not confirmed yet")
        ACCEPTED = statuses.ACCEPTED, _("Accepted")
        SENT = statuses.SENT, _("Sent")
        DELIVERED = statuses.DELIVERED, _("Delivered")
        READ = statuses.READ, _("Read")
        UNDELIVERED = statuses.UNDELIVERED, _("Not delivered")
        FAILED = statuses.FAILED, _("Failed")
        CANCELED = statuses.CANCELED, _("Canceled")

    conversation = models.ForeignKey(
        "inbox.Conversation", models.CASCADE, related_name="messages", db_index=False
    )
    direction = models.CharField(max_length=8, choices=Direction)
    kind = models.CharField(max_length=12, choices=Kind, default=Kind.TEXT)
    body = models.TextField(blank=True)
    # Inbound: the carrier's raw parameters. Outbound: what the carrier needs beyond body and file.
    payload = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=12, choices=Status)
    error_code = models.PositiveIntegerField(null=True)
    error = models.CharField(max_length=300, blank=True)
    # The composer's own number for this act: the same one twice is the same message.
    client_id = models.UUIDField(null=True)
    # The carrier's number.
    sid = models.CharField(max_length=40, null=True)
    reply_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="replies", db_index=False)
    # The quoted message's number, kept even when we do not have that message (yet).
    reply_to_sid = models.CharField(max_length=40, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    # True when reconciliation found it at the carrier and no webhook had brought it.
    recovered = models.BooleanField(default=False)
    # When it happened; for a recovered message earlier than when we learned of it.
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    price = models.DecimalField(max_digits=9, decimal_places=5, null=True)
    price_unit = models.CharField(max_length=3, blank=True)
    search = models.GeneratedField(
        expression=Searchable("body"), output_field=SearchVectorField(), db_persist=True
    )

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            models.UniqueConstraint(fields=["sid"], name="message_sid"),
            models.UniqueConstraint(fields=["client_id"], name="message_client_id"),
        ]
        indexes = [
            models.Index(fields=["conversation", "-created_at", "-id"], name="message_thread"),
            # What waits for the worker or for news: few rows, looked at often.
            models.Index(
                fields=["created_at"],
                name="message_unsettled",
                condition=Q(status__in=["queued", "sending", "unknown"]),
            ),
            models.Index(fields=["reply_to_sid"], name="message_quotes", condition=~Q(reply_to_sid="")),
            models.Index(fields=["reply_to"], name="message_replies", condition=Q(reply_to__isnull=False)),
            GinIndex(fields=["search"], name="message_search"),
            # What a month cost. Next to nothing to keep: rows lie in the order in which they came.
            BrinIndex(fields=["created_at"], name="message_by_day", pages_per_range=32, autosummarize=True),
            # How often a template was sent, and lately by whom.
            models.Index(
                KT("payload__content_sid"),
                F("created_at").desc(),
                name="message_of_template",
                condition=Q(kind="template"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def is_inbound(self) -> bool:
        return self.direction == self.Direction.INBOUND

    @property
    def is_outbound(self) -> bool:
        return self.direction == self.Direction.OUTBOUND

    @property
    def has_failed(self) -> bool:
        return self.status in statuses.FAILURES

    @property
    def may_retry(self) -> bool:
        return self.is_outbound and self.has_failed

    @transaction.atomic
    def rise(
        self,
        status: str,
        *,
        at: datetime,
        error_code: int | None = None,
        error: str = "",
        sid: str = "",
    ) -> bool:
        """Climb to `status` if that is a rise (inbox/statuses.py); say whether it was.

        With `sid` only while that is the carrier's number of it.

        One guarded UPDATE is the row lock: two callbacks at once cannot both win.
        An error code, once known, is never cleared by a message without one.
        """
        changes: dict[str, Any] = {"status": status}
        column = _TIMES.get(status)
        if column:
            changes[column] = at
        if error:
            changes["error"] = error[:300]
        if error_code:
            changes["error_code"] = error_code
        rows = Message.objects.filter(pk=self.pk, status__in=statuses.below(status))
        if not (rows.filter(sid=sid) if sid else rows).update(**changes):
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        Event.record(f"message.{status}", conversation=self.conversation, message=self, code=error_code)
        self.conversation.note_status_of(self)
        self.announce()
        return True

    @transaction.atomic
    def complete(self, filled: FilledTemplate) -> None:
        """Keep what was not known of its template when it was queued."""
        payload = filled.payload
        words = payload.pop("text", "")
        self.payload |= payload
        Message.objects.filter(pk=self.pk).update(payload=self.payload)
        self.take_words(words)

    @transaction.atomic
    def take_words(self, words: str) -> None:
        """What the customer reads, learned after it was queued; words that are there stay."""
        if words and Message.objects.filter(pk=self.pk, body="").update(body=words):
            self.body = words
            self.conversation.note_words_of(self)
            self.announce()

    def announce(self) -> None:
        """Tell open inboxes that this bubble looks different now."""
        live.announce(
            "message", self.pk, conversation=self.conversation_id, channel=self.conversation.channel_id
        )

    @transaction.atomic
    def retry(self, *, by: Agent | None) -> bool:
        """Send a failed message again as a new attempt of the same message.

        :raises Refused: when the reason for the failure still stands.
        """
        if not self.may_retry:
            return False
        self.conversation.must_take(self)
        rows = Message.objects.filter(pk=self.pk, status__in=statuses.FAILURES)
        cleared = {"status": statuses.QUEUED, "error_code": None, "error": "", "sid": None, "failed_at": None}
        if not rows.update(**cleared):
            return False
        for name, value in cleared.items():
            setattr(self, name, value)
        Event.record("message.retried", conversation=self.conversation, message=self, by=by)
        self.conversation.note_status_of(self)
        self.announce()
        gateways.carrier(self.conversation.channel).dispatch(self)
        return True

    @transaction.atomic
    def settle_unknown(self, *, arrived: bool, by: Agent | None) -> bool:
        """A person decides what nobody could find out: it arrived, or it did not.

        Saying that it did not makes it a failure that may be retried; nothing is resent here.
        """
        if self.status != statuses.UNKNOWN:
            return False
        status = statuses.SENT if arrived else statuses.FAILED
        sentence = "" if arrived else str(_("An agent found that it did not arrive."))
        now = clock.now()
        changes = {"status": status, "error": sentence, _TIMES[status]: now}
        if not Message.objects.filter(pk=self.pk, status=statuses.UNKNOWN).update(**changes):
            return False
        for name, value in changes.items():
            setattr(self, name, value)
        Event.record("message.settled", conversation=self.conversation, message=self, by=by, arrived=arrived)
        self.conversation.note_status_of(self)
        self.announce()
        return True


_TIMES = {
    statuses.SENT: "sent_at",
    statuses.DELIVERED: "delivered_at",
    statuses.READ: "read_at",
    statuses.FAILED: "failed_at",
    statuses.UNDELIVERED: "failed_at",
    statuses.CANCELED: "failed_at",
}
