"""The sandbox's sessions: who has joined it, and until when (Twilio, "Sandbox for WhatsApp": three days)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext as _

from channels_whatsapp import errors
from channels_whatsapp.models import Sender
from inbox import clock, moments, numbers
from inbox.models import Channel, Conversation, Message

SESSION = timedelta(days=3)
# Said where somebody writes when no more than this is left.
SOON = timedelta(hours=12)
# Older joins say nothing any more.
LOOK_BACK = timedelta(days=14)


@dataclass(frozen=True)
class Session:
    """`joined_at` is None when no "join" came here, as when a phone joined before we were connected.

    :ivar has_left: by "stop", or WhatsApp said that this phone is not in it (63015).
    """

    code: str
    number: str
    joined_at: datetime | None = None
    has_left: bool = False

    @property
    def ends_at(self) -> datetime | None:
        return self.joined_at + SESSION if self.joined_at else None

    def has_ended(self, now: datetime) -> bool:
        return self.has_left or (self.ends_at is not None and self.ends_at <= now)

    def is_pressing(self, now: datetime) -> bool:
        """It ends soon, or has."""
        return self.has_ended(now) or (self.ends_at is not None and self.ends_at <= now + SOON)

    def in_words(self, now: datetime) -> str:
        again = invitation(self.code, self.number)
        if self.has_left:
            return _("This phone is not in the sandbox.") + " " + again
        if self.ends_at is None:
            return _("A join lasts three days.") + " " + again
        at = {"at": moments.day_and_time(self.ends_at, now)}
        if self.has_ended(now):
            return _("The session ended %(at)s.") % at + " " + again
        return _("The session ends %(at)s.") % at


def sender_of(channel: Channel) -> Sender | None:
    """The sandbox behind this channel, when it is one."""
    try:
        sender = channel.sender
    except Sender.DoesNotExist:
        return None
    return sender if sender.is_sandbox else None


def session(conversation: Conversation) -> Session | None:
    """None for a channel that is no sandbox. The last thing that was said about it counts."""
    sender = sender_of(conversation.channel)
    if not sender:
        return None
    code = re.escape(sender.join_code) if sender.join_code else r"\S+"
    is_inbound = Q(direction=Message.Direction.INBOUND)
    said = Message.objects.filter(
        is_inbound & Q(body__iregex=rf"^\s*(join\s+{code}|stop)\s*$") | Q(error_code=errors.NOT_JOINED),
        conversation__contact=conversation.contact_id,
        conversation__channel=conversation.channel_id,
        created_at__gt=clock.now() - LOOK_BACK,
    )
    last = said.order_by("-created_at").only("created_at", "body", "direction").first()
    has_joined = last is not None and last.is_inbound and last.body.strip().casefold() != "stop"
    return Session(
        sender.join_code,
        sender.channel.readable,
        joined_at=last.created_at if last and has_joined else None,
        has_left=last is not None and not has_joined,
    )


def invitation(code: str, number: str) -> str:
    """What to ask a customer for."""
    number = numbers.in_sentence(number)
    if code:
        known = {"code": code, "number": number}
        return _("Ask them to send “join %(code)s” to %(number)s.") % known
    return _("Ask them to send “join” and the sandbox's two words to %(number)s.") % {"number": number}
