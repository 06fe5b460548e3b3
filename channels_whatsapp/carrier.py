"""Carries the inbox's messages over WhatsApp: what the inbox sees of this app."""

from __future__ import annotations

from dataclasses import replace

from channels_whatsapp import errors, sandbox
from channels_whatsapp.limits import LIMITS
from inbox import clock
from inbox.gateways import Explanation, Limits
from inbox.models import Attachment, Channel, Conversation, Message


class WhatsAppCarrier:
    """See `inbox.gateways.Carrier`."""

    def dispatch(self, message: Message) -> None:
        from channels_whatsapp.tasks import defer_send

        defer_send(message)

    def fetch(self, attachment: Attachment) -> None:
        from channels_whatsapp.tasks import defer_fetch

        defer_fetch(attachment)

    def limits(self, channel: Channel) -> Limits:
        return LIMITS

    def show_typing(self, conversation: Conversation) -> None:
        from channels_whatsapp.tasks import defer_typing

        defer_typing(conversation)

    def explain(self, code: int | None, channel: Channel | None = None) -> Explanation:
        said = errors.explain(code)
        if code == errors.NOT_JOINED and channel and (sender := sandbox.sender_of(channel)):
            step = sandbox.invitation(sender.join_code, channel.readable)
            return replace(said, next_step=step, retryable=True)
        return said

    def session(self, conversation: Conversation, *, if_pressing: bool = False) -> str:
        found, now = sandbox.session(conversation), clock.now()
        if not found or (if_pressing and not found.is_pressing(now)):
            return ""
        return found.in_words(now)
