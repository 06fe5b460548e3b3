from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inbox import live, windows
from inbox.models.agent import Agent, Team
from inbox.models.channel import Channel
from inbox.models.contact import Address, Contact
from inbox.models.event import Event
from inbox.models.message import Message
from inbox.models.replying import Replying
from inbox.models.tag import Tag

if TYPE_CHECKING:
    from datetime import datetime

PREVIEW_LENGTH = 160


class ConversationQuerySet(models.QuerySet["Conversation"]):
    def active(self) -> ConversationQuerySet:
        return self.exclude(status=Conversation.Status.RESOLVED)

    def unassigned(self) -> ConversationQuerySet:
        return self.filter(assignee__isnull=True)

    def with_unread(self) -> ConversationQuerySet:
        return self.filter(unread_count__gt=0)


class Conversation(Replying, models.Model):
    """Everything between one contact and one channel until it is resolved."""

    class Status(models.TextChoices):
        OPEN = "open", _("Open")
        PENDING = "pending", _("Pending")
        SNOOZED = "snoozed", _("Snoozed")
        RESOLVED = "resolved", _("Resolved")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="conversations", db_index=False)
    channel = models.ForeignKey(Channel, models.PROTECT, related_name="conversations", db_index=False)
    # Where the customer last wrote from, so where a reply goes.
    address = models.ForeignKey(Address, models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="conversations", db_index=False
    )
    team = models.ForeignKey(Team, models.SET_NULL, null=True, related_name="conversations", db_index=False)
    tags = models.ManyToManyField(Tag, blank=True, related_name="conversations")
    unread_count = models.PositiveIntegerField(default=0)
    # Since when the customer has been waiting for an answer.
    waiting_since = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())
    resolved_at = models.DateTimeField(null=True)

    # Copies that make a row of the list without looking further. Written with the message.
    window_closes_at = models.DateTimeField(null=True)
    last_message = models.ForeignKey(
        Message, models.SET_NULL, null=True, related_name="+", db_index=False, db_constraint=False
    )
    last_message_at = models.DateTimeField(db_default=Now())
    last_message_preview = models.CharField(max_length=PREVIEW_LENGTH, blank=True)
    last_message_direction = models.CharField(max_length=8, blank=True)
    last_message_kind = models.CharField(max_length=12, blank=True)
    last_message_status = models.CharField(max_length=12, blank=True)

    objects = ConversationQuerySet.as_manager()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        constraints = [
            models.UniqueConstraint(
                fields=["contact", "channel"], name="conversation_one_active", condition=~Q(status="resolved")
            )
        ]
        indexes = [
            models.Index(fields=["status", "-last_message_at", "-id"], name="conversation_by_status"),
            models.Index(fields=["-last_message_at", "-id"], name="conversation_newest"),
            models.Index(
                fields=["-last_message_at", "-id"],
                name="conversation_active",
                condition=~Q(status="resolved"),
            ),
            models.Index(
                fields=["assignee", "status", "-last_message_at", "-id"], name="conversation_by_assignee"
            ),
            models.Index(
                fields=["channel", "status", "assignee", "unread_count"],
                name="conversation_counts",
                condition=~Q(status="resolved"),
            ),
            models.Index(
                fields=["window_closes_at", "id"],
                name="conversation_closing",
                condition=~Q(status="resolved"),
            ),
            models.Index(fields=["contact", "-id"], name="conversation_of_contact"),
        ]

    def __str__(self) -> str:
        return f"{self.contact} · {self.channel}"

    @property
    def is_resolved(self) -> bool:
        return self.status == self.Status.RESOLVED

    def window(self, now: datetime) -> windows.Remaining:
        return windows.remaining(self.window_closes_at, now)

    # Sorting out

    @transaction.atomic
    def assign_to(self, agent: Agent | None, *, by: Agent | None) -> bool:
        pk = agent.pk if agent else None
        # Django's ~Q minds NULL: an unassigned conversation counts as not assigned to `agent`.
        changed = self._change(~Q(assignee=pk), assignee=agent)
        if changed:
            Event.record("conversation.assigned", conversation=self, by=by, to=pk)
        return changed

    @transaction.atomic
    def resolve(self, *, by: Agent | None) -> bool:
        changed = self._change(
            ~Q(status=self.Status.RESOLVED),
            status=self.Status.RESOLVED,
            resolved_at=Now(),
            waiting_since=None,
            unread_count=0,
        )
        if changed:
            Event.record("conversation.resolved", conversation=self, by=by)
        return changed

    @transaction.atomic
    def reopen(self, *, by: Agent | None) -> bool:
        """Open again, unless another conversation with this contact is already open here."""
        others = Conversation.objects.active().filter(contact=self.contact_id, channel=self.channel_id)
        if others.exclude(pk=self.pk).exists():
            return False
        try:
            with transaction.atomic():
                resolved = Q(status=self.Status.RESOLVED)
                changed = self._change(resolved, status=self.Status.OPEN, resolved_at=None)
        except IntegrityError:
            return False  # another was opened at this very moment, and the database allows one
        if changed:
            Event.record("conversation.reopened", conversation=self, by=by)
        return changed

    @transaction.atomic
    def set_pending(self, *, by: Agent | None) -> bool:
        changed = self._change(Q(status=self.Status.OPEN), status=self.Status.PENDING)
        if changed:
            Event.record("conversation.pending", conversation=self, by=by)
        return changed

    @transaction.atomic
    def set_open(self, *, by: Agent | None) -> bool:
        """What was pending waits for us again."""
        changed = self._change(Q(status=self.Status.PENDING), status=self.Status.OPEN)
        if changed:
            Event.record("conversation.opened", conversation=self, by=by)
        return changed

    @transaction.atomic
    def tag(self, tag: Tag, *, by: Agent | None) -> bool:
        if self.tags.filter(pk=tag.pk).exists():
            return False
        self.tags.add(tag)
        Event.record("conversation.tagged", conversation=self, by=by, tag=tag.name)
        return True

    @transaction.atomic
    def untag(self, tag: Tag, *, by: Agent | None) -> bool:
        if not self.tags.filter(pk=tag.pk).exists():
            return False
        self.tags.remove(tag)
        Event.record("conversation.untagged", conversation=self, by=by, tag=tag.name)
        return True

    @transaction.atomic
    def mark_seen(self) -> bool:
        """The team has looked: nothing is unread. Not an act worth an event."""
        changed = self._change(Q(unread_count__gt=0), unread_count=0)
        if changed:
            live.announce("conversation", self.pk, conversation=self.pk, channel=self.channel_id)
        return changed

    @transaction.atomic
    def mark_unread(self, *, by: Agent | None) -> bool:
        changed = self._change(Q(unread_count=0), unread_count=1)
        if changed:
            Event.record("conversation.unread", conversation=self, by=by)
        return changed

    def _change(self, when: Q, **changes: object) -> bool:
        """Update these columns if the row still is as `when` says; the count says who was first."""
        if not Conversation.objects.filter(when, pk=self.pk).update(**changes):
            return False
        self.refresh_from_db(fields=list(changes))
        return True

    # The copies on the row

    def note_status_of(self, message: Message) -> None:
        """Keep the row's tick in step with its last message."""
        rows = Conversation.objects.filter(pk=self.pk, last_message=message.pk)
        rows.update(last_message_status=message.status)

    def note_words_of(self, message: Message) -> None:
        """Keep the row's line in step with its last message."""
        rows = Conversation.objects.filter(pk=self.pk, last_message=message.pk)
        rows.update(last_message_preview=preview(message.body))

    def note_last(self, message: Message) -> None:
        """Put this message of ours on the row, and end the customer's waiting."""
        is_note = message.direction == Message.Direction.NOTE
        changes: dict[str, object] = {
            "last_message": message,
            "last_message_at": message.created_at,
            "last_message_preview": preview(message.body),
            "last_message_direction": message.direction,
            "last_message_kind": message.kind,
            "last_message_status": message.status,
        }
        if not is_note:
            changes |= {"waiting_since": None, "unread_count": 0}
        Conversation.objects.filter(pk=self.pk).update(**changes)
        for name, value in changes.items():
            setattr(self, name, value)


def preview(body: str) -> str:
    """One line for the list: white space folded, cut at 160 characters."""
    line = " ".join(body.split())
    return line if len(line) <= PREVIEW_LENGTH else line[: PREVIEW_LENGTH - 1] + "…"
