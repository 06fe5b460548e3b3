"""Which of the account's senders the team answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from channels_whatsapp import client
from channels_whatsapp.connecting import told, words
from channels_whatsapp.models import Account, Sender
from inbox.models import Agent, Channel, Event, Team
from inbox.refusals import Refused

MOST_SERVICES = 20


@dataclass(frozen=True)
class Choice:
    """A sender at Twilio, and whether it is ours already."""

    address: str
    name: str
    status: str
    quality: str
    limit: str
    service_sid: str = ""
    service: str = ""
    ours: Sender | None = None

    @property
    def number(self) -> str:
        return self.address.partition(":")[2]

    @property
    def is_online(self) -> bool:
        return self.status.startswith("ONLINE")


def choices(account: Account) -> list[Choice]:
    """:raises Refused: Twilio did not tell."""
    try:
        found = told.listed(account)
        services = services_of(account)
    except client.CallFailed as failure:
        raise words.refusal(failure) from failure
    ours = {sender.address: sender for sender in Sender.objects.select_related("channel")}
    return [choice(each, services.get(each.sid, ("", "")), ours.get(address))
            for address, each in found.items()]  # fmt: skip


def choice(found: Any, service: tuple[str, str], ours: Sender | None) -> Choice:
    known = told.facts(found)
    return Choice(
        found.sender_id, known["profile"].get("name", ""), known["status"], known["quality"],
        known["messaging_limit"], *service, ours,
    )  # fmt: skip


def services_of(account: Account) -> dict[str, tuple[str, str]]:
    """Sender SID → SID and name of its Messaging Service.

    :raises client.CallFailed:
    """
    twilio, found = client.for_account(account), {}
    with client.told_apart():
        for service in twilio.messaging.v1.services.list(limit=MOST_SERVICES):
            for member in twilio.messaging.v1.services(service.sid).channel_senders.list(limit=200):
                found[member.sid] = (service.sid, service.friendly_name or service.sid)
    return found


def adopt(account: Account, address: str, label: str, team: Team | None, *, by: Agent) -> Sender:
    """Answer this number here. What Twilio says about it is asked anew, not taken from a form.

    :raises Refused: it is not in Twilio's list, or is ours already.
    """
    must_be_free(address)
    try:
        found = told.listed(account).get(address)
        service, _name = services_of(account).get(found.sid, ("", "")) if found else ("", "")
    except client.CallFailed as failure:
        raise words.refusal(failure) from failure
    if found is None:
        sentence = _("This number is not in the list of this Twilio account.")
        raise Refused("not_listed", sentence, _("Choose one of the list, or register it."))
    with transaction.atomic():
        sender = create(account, address, label, team, Sender.Kind.PRODUCTION, service=service)
        told.note(sender, found)
        Event.record("sender.connected", channel=sender.channel, by=by)
    return sender


@transaction.atomic
def adopt_sandbox(
    account: Account, address: str, code: str, label: str, team: Team | None, *, by: Agent
) -> Sender:
    """:raises Refused: the number is ours already."""
    must_be_free(address)
    sender = create(account, address, label, team, Sender.Kind.SANDBOX)
    sender.join_code = code
    sender.save(update_fields=["join_code"])
    Event.record("sender.connected", channel=sender.channel, by=by)
    return sender


def must_be_free(address: str) -> None:
    if other := Sender.objects.filter(address=address).select_related("channel").first():
        sentence = _("%(number)s is connected already, as %(channel)s.")
        raise Refused(
            "taken",
            sentence % {"number": other.number, "channel": other.channel.name},
            _("Open it in the list of senders."),
        )


def create(
    account: Account, address: str, label: str, team: Team | None, kind: str, *, service: str = ""
) -> Sender:
    """A channel of this address that was answered before goes on with its conversations."""
    name = label or address.partition(":")[2]
    channel, is_new = Channel.objects.get_or_create(address=address, defaults={"name": name})
    if not is_new:
        channel.name, channel.is_active = label or channel.name, True
        channel.save(update_fields=["name", "is_active"])
    if team or is_new:
        channel.teams.set([team] if team else [])
    return Sender.objects.create(
        channel=channel, account=account, address=address, kind=kind, messaging_service_sid=service
    )
