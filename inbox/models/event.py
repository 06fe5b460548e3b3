from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from inbox import live

if TYPE_CHECKING:
    from inbox.models.agent import Agent
    from inbox.models.channel import Channel
    from inbox.models.conversation import Conversation
    from inbox.models.message import Message


class Event(models.Model):
    """Who did what, when. Written by every verb in its own transaction; never changed."""

    # A dotted word, for example "conversation.assigned"; README, "Events", lists them.
    verb = models.CharField(max_length=48)
    conversation = models.ForeignKey(
        "inbox.Conversation", models.CASCADE, null=True, related_name="events", db_index=False
    )
    message = models.ForeignKey(
        "inbox.Message", models.CASCADE, null=True, related_name="events", db_index=False
    )
    channel = models.ForeignKey("inbox.Channel", models.CASCADE, null=True, related_name="+", db_index=False)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", db_index=False
    )
    data = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["conversation", "-id"], name="event_of_conversation"),
            models.Index(
                fields=["message", "-id"], name="event_of_message", condition=models.Q(message__isnull=False)
            ),
            models.Index(fields=["verb", "-id"], name="event_by_verb"),
        ]

    def __str__(self) -> str:
        return self.verb

    @classmethod
    def record(
        cls,
        verb: str,
        *,
        conversation: Conversation | None = None,
        message: Message | None = None,
        by: Agent | None = None,
        channel: Channel | None = None,
        **data: Any,
    ) -> Event:
        """Write the row and tell the open inboxes, both on commit of the caller's transaction."""
        event = cls.objects.create(
            verb=verb,
            conversation=conversation,
            message=message,
            channel_id=conversation.channel_id if conversation else channel and channel.pk,
            actor=by,
            data=data,
        )
        if conversation:
            live.announce(
                "conversation",
                conversation.pk,
                conversation=conversation.pk,
                channel=conversation.channel_id,
            )
        return event
