"""The box in which an agent writes, as it should look now."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from functools import cached_property

from inbox import gateways, splitting, statuses, uploads
from inbox.emoji import EMOJI
from inbox.models import Agent, Attachment, Conversation, Draft, Message
from inbox.models.gate import takes_templates
from inbox.refusals import Refused
from inbox.standing import OFF, OPTED_OUT, Standing

REPLY, NOTE = "reply", "note"


def draft_of(conversation: Conversation, agent: Agent) -> Draft | None:
    return Draft.objects.filter(conversation=conversation, agent=agent).first()


@dataclass
class Composer:
    """Fresh after every success: empty, with a new `client_id`. After a refusal it keeps both."""

    conversation: Conversation
    agent: Agent
    standing: Standing
    mode: str = REPLY
    text: str | None = None  # None: what the draft holds
    seen: int = 0
    client_id: uuid.UUID = field(default_factory=uuid.uuid4)
    refusal: Refused | None = None
    was_sent: bool = False
    emoji = EMOJI

    @property
    def is_note(self) -> bool:
        return self.mode == NOTE

    @property
    def is_locked(self) -> bool:
        return not self.is_note and not self.standing.is_open

    @cached_property
    def body(self) -> str:
        if self.text is not None:
            return self.text
        draft = draft_of(self.conversation, self.agent)
        return draft.body if draft else ""

    @cached_property
    def limits(self) -> gateways.Limits:
        return gateways.carrier(self.conversation.channel).limits(self.conversation.channel)

    @cached_property
    def session(self) -> str:
        """That a channel for trying out reaches this customer no more, or not for long."""
        channel = self.conversation.channel
        return "" if self.is_note else gateways.carrier(channel).session(self.conversation, if_pressing=True)

    @property
    def picker_url(self) -> str:
        """Where templates are chosen; '' when nothing here knows any."""
        return gateways.templates().picker_url(self.conversation)

    @property
    def is_waiting(self) -> bool:
        """A template went out, and what it asks for is the customer's answer."""
        last = self.conversation
        return (
            last.last_message_direction == Message.Direction.OUTBOUND
            and last.last_message_kind == Message.Kind.TEMPLATE
            and last.last_message_status not in statuses.FAILURES
        )

    @cached_property
    def offers_templates(self) -> bool:
        """In place of the box that is locked."""
        if not self.picker_url or self.standing.state == OFF:
            return False
        return self.standing.state != OPTED_OUT or takes_templates(self.conversation)

    @cached_property
    def prices(self) -> gateways.Prices:
        return gateways.templates().prices(self.conversation)

    @property
    def limits_json(self) -> str:
        """For the browser, which checks a file before it travels: type → bytes."""
        return json.dumps(
            {content_type: limit.max_bytes for content_type, limit in self.limits.files.items()}
        )

    @property
    def accepted(self) -> str:
        """For the file chooser: what is taken, and the pictures that are made into what is taken."""
        return ",".join([*self.limits.files, "image/webp", "image/gif", "image/bmp", "image/avif"])

    @cached_property
    def files(self) -> list[Attachment]:
        return [] if self.is_note else list(uploads.waiting(self.conversation, self.agent))

    @property
    def parts(self) -> list[str]:
        """How a text that is too long would go out."""
        if self.refusal is None or self.refusal.code != "too_long":
            return []
        return splitting.split(self.body, self.limits.body)
