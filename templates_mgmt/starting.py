"""Writing first to somebody with whom there is no conversation yet. Nothing is made before it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import F

from inbox import numbers
from inbox.access import contacts_for, conversations_for
from inbox.arrivals import conversation_with
from inbox.models import Address, Agent, Channel, Contact, Conversation


@dataclass(frozen=True)
class Stranger:
    """A number that nobody here knows; asked like a contact."""

    display_name: str
    name: str = ""
    profile_name: str = ""
    language: str = ""
    pk: None = None


@dataclass(frozen=True)
class Prospect:
    """A conversation to be; asked like one."""

    channel: Channel
    address: Address
    contact: Contact | Stranger
    pk: None = None

    @property
    def contact_id(self) -> int | None:
        return self.contact.pk

    @property
    def channel_id(self) -> int:
        return self.channel.pk


def prospect(agent: Agent, channel: Channel, address: str) -> Prospect | None:
    """Whoever has this address, as far as this agent may know; None when it is no address."""
    contact = contacts_for(agent).filter(addresses__value=address).prefetch_related("addresses").first()
    if contact:
        return Prospect(channel, next(a for a in contact.addresses.all() if a.value == address), contact)
    number = address.partition(":")[2]
    if address != numbers.address(number, channel.kind):
        return None
    return Prospect(
        channel, Address(kind=Address.Kind.PHONE, value=address), Stranger(numbers.readable(number))
    )


def conversation_at(agent: Agent, channel: Channel, address: str) -> Conversation | None:
    """The newest conversation that there is already, open ones before resolved ones."""
    rows = conversations_for(agent).filter(channel=channel, contact__addresses__value=address)
    return rows.order_by(F("resolved_at").asc(nulls_first=True), "-pk").first()


@transaction.atomic
def write_first(channel: Channel, address: str, *, by: Agent, **act: Any) -> Conversation:
    """Contact, conversation and message at once, or nothing.

    :param act: what `Conversation.reply` takes.
    :raises Refused: see there.
    """
    conversation = conversation_with(channel, address)
    conversation.reply(by=by, **act)
    return conversation
