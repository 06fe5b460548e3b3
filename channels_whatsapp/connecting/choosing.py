"""Which of the account's senders the team answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from channels_whatsapp import client, ratings
from channels_whatsapp.connecting import told, words
from channels_whatsapp.models import Account, Sender, status_words
from inbox import numbers
from inbox.models import Agent, Channel, Event, Team
from inbox.refusals import Refused

# Services looked into for a list; for one number more are.
MOST_SHOWN = 20


@dataclass(frozen=True)
class Choice:
    """A sender at Twilio, and whether it is ours already."""

    address: str
    name: str
    status: str
    quality: str
    limit: str
    service: str = ""
    ours: Sender | None = None

    @property
    def number(self) -> str:
        return self.address.partition(":")[2]

    @property
    def readable(self) -> str:
        return numbers.readable(self.number)

    @property
    def status_words(self) -> str:
        return status_words(self.status)

    @property
    def quality_words(self) -> str:
        return ratings.quality_words(self.quality)

    @property
    def limit_words(self) -> str:
        return ratings.limit_words(self.limit)

    @property
    def is_online(self) -> bool:
        return self.status.startswith("ONLINE")


def choices(account: Account) -> list[Choice]:
    """:raises Refused: Twilio did not tell."""
    try:
        found = told.listed(account)
        services = dict(told.memberships(account, MOST_SHOWN))
    except client.CallFailed as failure:
        raise words.refusal(failure) from failure
    ours = {sender.address: sender for sender in Sender.objects.select_related("channel")}
    return [choice(each, services.get(each.sid), ours.get(address)) for address, each in found.items()]


def choice(found: Any, service: Any, ours: Sender | None) -> Choice:
    known = told.facts(found)
    return Choice(
        found.sender_id, known["profile"].get("name", ""), known["status"], known["quality"],
        known["messaging_limit"], (service.friendly_name or service.sid) if service else "", ours,
    )  # fmt: skip


def find(account: Account, address: str) -> tuple[Any, Any]:
    """What Twilio says about a number of this account, and the Messaging Service it is in, or None.

    :raises Refused: it is not in Twilio's list, or Twilio did not tell.
    """
    try:
        found = told.listed(account).get(address)
        service = told.service_of(account, found.sid) if found else None
    except client.CallFailed as failure:
        raise words.refusal(failure) from failure
    if found is None:
        sentence = _("This number is not in the list of this Twilio account.")
        raise Refused("not_listed", sentence, _("Choose one of the list, or register it."))
    return found, service


def adopt(account: Account, address: str, label: str, team: Team | None, *, by: Agent) -> Sender:
    """Answer this number here. What Twilio says about it is asked anew, not taken from a form.

    :raises Refused: it is not in Twilio's list, or is ours already.
    """
    must_be_free(address)
    found, service = find(account, address)
    with transaction.atomic():
        sid = service.sid if service else ""
        sender, _is_new = create(account, address, label, team, Sender.Kind.PRODUCTION, service_sid=sid)
        told.note(sender, found, service)
        Event.record("sender.connected", channel=sender.channel, by=by)
    return sender


@transaction.atomic
def adopt_sandbox(
    account: Account, address: str, code: str, label: str, team: Team | None, *, by: Agent
) -> Sender:
    """:raises Refused: the number is ours already."""
    sender, _is_new = create(account, address, label, team, Sender.Kind.SANDBOX)
    sender.join_code = code
    sender.save(update_fields=["join_code"])
    Event.record("sender.connected", channel=sender.channel, by=by)
    return sender


def must_be_free(address: str) -> None:
    if other := Sender.objects.filter(address=address).select_related("channel").first():
        sentence = _("%(number)s is connected already, as %(channel)s.")
        raise Refused(
            "taken",
            sentence % {"number": numbers.in_sentence(other.number), "channel": other.channel.name},
            _("Open it in the list of senders."),
        )


def create(
    account: Account, address: str, label: str, team: Team | None, kind: str, *, service_sid: str = ""
) -> tuple[Sender, bool]:
    """The sender, and whether its channel is new. One of this address goes on with its conversations.

    :raises Refused: somebody was faster.
    """
    name = label or address.partition(":")[2]
    rows = Channel.objects.select_for_update()
    channel, is_new = rows.get_or_create(address=address, defaults={"name": name})
    must_be_free(address)
    if not is_new:
        channel.name, channel.is_active = label or channel.name, True
        channel.save(update_fields=["name", "is_active"])
    if team or is_new:
        channel.teams.set([team] if team else [])
    sender = Sender.objects.create(
        channel=channel, account=account, address=address, kind=kind, messaging_service_sid=service_sid
    )
    return sender, is_new
