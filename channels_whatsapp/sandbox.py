"""The sandbox's sessions: who has joined it, and until when (Twilio, "Sandbox for WhatsApp": three days)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from channels_whatsapp.models import Sender
from inbox import clock
from inbox.models import Channel, Conversation, Message

SESSION = timedelta(days=3)
# Older joins say nothing any more.
LOOK_BACK = timedelta(days=14)


@dataclass(frozen=True)
class Session:
    """`joined_at` is None when no "join" came here, as when a phone joined before we were connected."""

    joined_at: datetime | None
    code: str
    number: str

    @property
    def ends_at(self) -> datetime | None:
        return self.joined_at + SESSION if self.joined_at else None

    def has_ended(self, now: datetime) -> bool:
        return self.ends_at is not None and self.ends_at <= now


def sender_of(channel: Channel | int) -> Sender | None:
    """The sandbox behind this channel, when it is one."""
    rows = Sender.objects.filter(channel=channel, kind=Sender.Kind.SANDBOX)
    return rows.select_related("channel").first()


def session(conversation: Conversation) -> Session | None:
    """None for a channel that is no sandbox."""
    sender = sender_of(conversation.channel_id)
    if not sender:
        return None
    joins = Message.objects.filter(
        conversation__contact=conversation.contact_id,
        conversation__channel=conversation.channel_id,
        direction=Message.Direction.INBOUND,
        created_at__gt=clock.now() - LOOK_BACK,
        body__istartswith="join ",
    )
    joined_at = joins.order_by("-created_at").values_list("created_at", flat=True).first()
    return Session(joined_at, sender.join_code, sender.channel.readable)


def invitation(code: str, number: str) -> str:
    """What to ask a customer for."""
    if code:
        known = {"code": code, "number": number}
        return _("Ask them to send “join %(code)s” to %(number)s.") % known
    return _("Ask them to send “join” and the sandbox's two words to %(number)s.") % {"number": number}


def day_and_time(moment: datetime, now: datetime) -> str:
    """ "Tuesday 14:02" within a week, else with the date."""
    is_near = abs(moment - now) < timedelta(days=6)
    return date_format(timezone.localtime(moment), "l H:i" if is_near else "j F, H:i")


def in_words_for(conversation: Conversation) -> str:
    """One sentence for the agent; empty for a channel that is no sandbox."""
    found = session(conversation)
    if not found:
        return ""
    now = clock.now()
    if found.ends_at is None:
        return _("A join lasts three days.") + " " + invitation(found.code, found.number)
    at = {"at": day_and_time(found.ends_at, now)}
    if found.has_ended(now):
        return _("The session ended %(at)s.") % at + " " + invitation(found.code, found.number)
    return _("Joined; ends %(at)s.") % at
