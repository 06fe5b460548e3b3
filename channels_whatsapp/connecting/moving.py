"""From the sandbox to a number of one's own: the channel keeps its conversations and gets the new number.

Reply windows belong to the number that customers wrote to, so over the new one none is open before they
write to it. What somebody said about consent belongs to the business and stays.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from channels_whatsapp import client
from channels_whatsapp.connecting import choosing, removing, told, words
from channels_whatsapp.models import Account, Sender
from inbox import clock
from inbox.models import Agent, Channel, Conversation, Event, Window
from inbox.refusals import Refused


def move(sender: Sender, account: Account, address: str, *, by: Agent) -> None:
    """Give the sender's channel this number of Twilio's list.

    :raises Refused: the number is not there, or answers already; messages wait to leave.
    """
    removing.must_be_idle(sender)
    must_be_free(address)
    try:
        found = told.listed(account).get(address)
        service = choosing.services_of(account).get(found.sid, ("", ""))[0] if found else ""
    except client.CallFailed as failure:
        raise words.refusal(failure) from failure
    if found is None:
        sentence = _("This number is not in the list of this Twilio account.")
        raise Refused("not_listed", sentence, _("Choose one of the list, or register it."))
    with transaction.atomic():
        _exchange(sender, account, address, service)
        told.note(sender, found)
        ended = _end_windows(sender.channel)
        Event.record("sender.moved", channel=sender.channel, by=by, to=address, windows_ended=ended)


def must_be_free(address: str) -> None:
    """A channel of that number with conversations of its own would be two in one."""
    choosing.must_be_free(address)
    if other := Channel.objects.filter(address=address).first():
        sentence = _("%(number)s was answered here before, as %(channel)s.")
        raise Refused(
            "answered_before",
            sentence % {"number": other.readable, "channel": other.name},
            _("Add it as a number of its own: its conversations go on there."),
        )


def _exchange(sender: Sender, account: Account, address: str, service: str) -> None:
    channel = Channel.objects.select_for_update().get(pk=sender.channel_id)
    removing.must_be_idle(sender)
    channel.address = address
    channel.save(update_fields=["address"])
    sender.channel, sender.account, sender.address = channel, account, address
    sender.kind, sender.messaging_service_sid = Sender.Kind.PRODUCTION, service
    # What Twilio said of the number before says nothing about this one.
    for name in ("sid", "status", "quality", "messaging_limit", "join_code", "pending_name"):
        setattr(sender, name, "")
    sender.webhook, sender.profile, sender.drift, sender.offline_reasons = {}, {}, [], []
    sender.complete_until = sender.hello_at = sender.hello_key = sender.next_send_at = None
    sender.save()


def _end_windows(channel: Channel) -> int:
    now = clock.now()
    Conversation.objects.filter(channel=channel, window_closes_at__gt=now).update(window_closes_at=now)
    return Window.objects.filter(channel=channel, closes_at__gt=now).update(closes_at=now)
