"""Who the customer is: what the details pane shows. Each part asks the database when it is shown."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property

from django.db.models import QuerySet

from inbox import gateways
from inbox.access import attachments_for, colleagues_for, conversations_for
from inbox.consent_card import Card
from inbox.models import Address, Agent, Attachment, Conversation, Tag
from inbox.standing import Standing

MOST_PAST = 5
MOST_MEDIA = 6


@dataclass
class Profile:
    conversation: Conversation
    viewer: Agent
    standing: Standing

    @cached_property
    def addresses(self) -> list[Address]:
        return sorted(self.conversation.contact.addresses.all(), key=lambda address: address.kind)

    @cached_property
    def consent(self) -> Card:
        return Card.of(self.conversation, self.standing.opted_out_at)

    @cached_property
    def session(self) -> str:
        """How long a channel for trying out reaches this customer; empty for every other channel."""
        channel = self.conversation.channel
        return gateways.carrier(channel).session(self.conversation)

    @cached_property
    def tags(self) -> list[Tag]:
        return list(self.conversation.tags.all())

    @cached_property
    def other_tags(self) -> list[Tag]:
        return list(Tag.objects.exclude(pk__in=[tag.pk for tag in self.tags])[:200])

    @property
    def statuses(self) -> list[tuple[str, str]]:
        """What a person may choose; snoozed only when it is."""
        snoozed = Conversation.Status.SNOOZED
        return [
            (v, label)
            for v, label in Conversation.Status.choices
            if v in (self.conversation.status,) or v != snoozed
        ]

    @cached_property
    def colleagues(self) -> list[Agent]:
        return list(colleagues_for(self.viewer, self.conversation.channel))

    @cached_property
    def past(self) -> list[Conversation]:
        """Earlier and parallel conversations, as far as the viewer may see them."""
        rows = conversations_for(self.viewer).filter(contact=self.conversation.contact_id)
        rows = rows.exclude(pk=self.conversation.pk).select_related("channel")
        return list(rows.order_by("-last_message_at", "-pk")[:MOST_PAST])

    @cached_property
    def _media(self) -> QuerySet[Attachment]:
        rows = attachments_for(self.viewer).filter(conversation=self.conversation.pk, message__isnull=False)
        return rows.exclude(thumbnail="").select_related("message").order_by("-pk")

    @cached_property
    def media(self) -> list[Attachment]:
        return list(self._media[:MOST_MEDIA])

    @cached_property
    def media_count(self) -> int:
        return self._media.count() if len(self.media) == MOST_MEDIA else len(self.media)

    @property
    def version(self) -> str:
        """Changes when the pane has to look different: the page's is compared with it."""
        c = self.conversation
        facts = (
            c.contact.name, c.contact.profile_name, c.contact.language, c.assignee_id, c.status, c.channel_id,
            self.standing.state, [tag.pk for tag in self.tags], self.consent.version,
        )  # fmt: skip
        return f"{zlib.crc32(repr(facts).encode()):08x}"
