from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inbox import gateways
from inbox.models.event import Event

if TYPE_CHECKING:
    from inbox.models.agent import Agent


def stored_path(attachment: Attachment, filename: str) -> str:
    """Our own name: what the sender called the file never reaches the disk."""
    return f"attachments/{attachment.key.hex[:2]}/{attachment.key.hex}"


def thumbnail_path(attachment: Attachment, filename: str) -> str:
    return f"thumbnails/{attachment.key.hex[:2]}/{attachment.key.hex}.webp"


class Attachment(models.Model):
    """A file that arrived or leaves with a message."""

    class State(models.TextChoices):
        PENDING = "pending", _("Being fetched")
        STORED = "stored", _("Stored")
        FAILED = "failed", _("Could not be fetched")

    # Names the file in URLs; nothing about it can be guessed.
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # Empty while an upload waits in the composer's tray.
    message = models.ForeignKey("inbox.Message", models.CASCADE, null=True, related_name="attachments")
    uploaded_by = models.ForeignKey("inbox.Agent", models.SET_NULL, null=True, related_name="+")
    conversation = models.ForeignKey("inbox.Conversation", models.CASCADE, related_name="attachments")
    position = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    # Where the carrier keeps it; empty for what we upload.
    source_url = models.CharField(max_length=500, blank=True)
    declared_type = models.CharField(max_length=120, blank=True)
    content_type = models.CharField(max_length=120, blank=True)
    # As its sender called it, cleaned; shown, never used as a path.
    filename = models.CharField(max_length=100, blank=True)
    size = models.PositiveBigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    file = models.FileField(upload_to=stored_path, blank=True, max_length=120)
    thumbnail = models.FileField(upload_to=thumbnail_path, blank=True, max_length=120)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ("position", "pk")
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        constraints = [
            models.UniqueConstraint(
                fields=["message", "position"], name="attachment_once", condition=Q(message__isnull=False)
            )
        ]
        indexes = [
            models.Index(fields=["created_at"], name="attachment_pending", condition=Q(state="pending")),
        ]

    def __str__(self) -> str:
        return self.filename or self.content_type or str(self.key)

    @property
    def is_stored(self) -> bool:
        return self.state == self.State.STORED

    @property
    def family(self) -> str:
        """image, video, audio, or file: how it is shown."""
        family = self.content_type.partition("/")[0]
        return family if family in ("image", "video", "audio") else "file"

    @property
    def extension(self) -> str:
        """For the little file icon: "PDF", or "FILE" when the name has no ending."""
        stem, dot, ending = self.filename.rpartition(".")
        return ending[:4].upper() if dot and stem else "FILE"

    @transaction.atomic
    def retry_fetch(self, *, by: Agent | None) -> bool:
        """A person asks once more for what could not be fetched."""
        failed = Attachment.objects.filter(pk=self.pk, state=self.State.FAILED).exclude(source_url="")
        if not failed.update(state=self.State.PENDING, tries=0, error=""):
            return False
        self.refresh_from_db(fields=["state", "tries", "error"])
        Event.record("attachment.retried", conversation=self.conversation, message=self.message, by=by)
        gateways.carrier(self.conversation.channel).fetch(self)
        if self.message:
            self.message.announce()
        return True
