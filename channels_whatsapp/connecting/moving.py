"""From the sandbox to a number of one's own: the channel keeps its conversations and gets the new number.

Reply windows belong to the number that customers wrote to, so over the new one none is open before they
write to it. What somebody said about consent belongs to the business and stays.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from channels_whatsapp.connecting import choosing, removing, told
from channels_whatsapp.connecting.choosing import Choice
from channels_whatsapp.models import Account, Sender
from inbox import clock, numbers
from inbox.models import Agent, Channel, ConsentEntry, Conversation, Event, Window
from inbox.refusals import Refused


def choices(sender: Sender) -> list[Choice]:
    """The account's numbers over which nobody was answered yet; some are connected already.

    :raises Refused: Twilio did not tell.
    """
    found = choosing.choices(sender.account)
    busy = set(in_use().values_list("address", flat=True)) | {sender.address}
    return [each for each in found if each.address not in busy]


def in_use() -> QuerySet[Channel]:
    """Channels with a past of their own: another's conversations in them would be two in one."""
    of_it = {"channel": OuterRef("pk")}
    return Channel.objects.filter(
        Exists(Conversation.objects.filter(**of_it)) | Exists(ConsentEntry.objects.filter(**of_it))
    )


def move(sender: Sender, account: Account, address: str, *, by: Agent) -> Sender:
    """Give the sandbox's channel this number of Twilio's list, and say which sender carries it now.

    :raises Refused: the number is not there, not online or answers already; messages wait to leave.
    """
    removing.must_be_idle(sender)
    must_have_no_past(address)
    found, service = choosing.find(account, address)
    if not str(found.status or "").startswith("ONLINE"):
        sentence = _("This number is not online at WhatsApp yet.")
        raise Refused("not_online", sentence, _("Finish its registration first, then move."))
    with transaction.atomic():
        # One move of an account's numbers after the other: what is free is read under this lock.
        Account.objects.select_for_update().get(pk=account.pk)
        channel = Channel.objects.select_for_update().get(pk=sender.channel_id)
        moved = _exchange(channel, account, address)
        moved.messaging_service_sid = service.sid if service else ""
        moved.save()
        told.note(moved, found, service)
        ended = _end_windows(channel)
        Event.record("sender.moved", channel=channel, by=by, to=address, windows_ended=ended)
    return moved


def must_have_no_past(address: str) -> None:
    if other := in_use().filter(address=address).first():
        sentence = _("%(number)s has conversations of its own, as %(channel)s.")
        raise Refused(
            "answered_before",
            sentence % {"number": numbers.in_sentence(other.number), "channel": other.name},
            _("Choose a number without any, or let both go on side by side."),
        )


def _exchange(channel: Channel, account: Account, address: str) -> Sender:
    """The sandbox goes. A channel that the number had got already takes the sandbox's address and name."""
    sandbox = Sender.objects.filter(channel=channel, kind=Sender.Kind.SANDBOX).first()
    if sandbox is None:
        raise Refused("moved", _("Somebody has moved it already."), _("Look at the list of senders."))
    removing.must_be_idle(sandbox)
    must_have_no_past(address)
    sandbox.delete()
    moved = Sender.objects.filter(address=address).first() or Sender(address=address)
    if other := Channel.objects.select_for_update().filter(address=address).first():
        Channel.objects.filter(pk=other.pk).update(address=f"moved:{other.pk}")
        channel.address, other.address = other.address, channel.address
        channel.name, other.name, other.is_active = other.name, channel.name, False
        channel.save(update_fields=["address", "name"])
        other.save(update_fields=["address", "name", "is_active"])
    else:
        channel.address = address
        channel.save(update_fields=["address"])
    moved.channel, moved.account = channel, account
    return moved


def _end_windows(channel: Channel) -> int:
    now = clock.now()
    Conversation.objects.filter(channel=channel, window_closes_at__gt=now).update(window_closes_at=now)
    return Window.objects.filter(channel=channel, closes_at__gt=now).update(closes_at=now)
