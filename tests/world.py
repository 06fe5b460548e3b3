"""People and things for tests: a small shop, made row by row."""

from __future__ import annotations

import itertools
from datetime import timedelta

from channels_whatsapp.models import Account, Sender
from inbox import clock
from inbox.models import Address, Agent, Channel, Contact, Conversation, Message, Team, Window
from tests.conftest import ACCOUNT_SID

_numbers = itertools.count(100000)
SHOP = "whatsapp:+447700900142"


def agent(username: str = "tomasz", role: str = "agent", *teams: Team, **fields: object) -> Agent:
    person = Agent.objects.create_user(username, password="a long enough secret", role=role, **fields)
    person.teams.set(teams)
    return person


def channel(name: str = "Shop UK", address: str = SHOP, *teams: Team, kind: str = "production") -> Channel:
    """A channel with its WhatsApp sender at the tests' account."""
    row = Channel.objects.create(name=name, address=address)
    row.teams.set(teams)
    account, _new = Account.objects.get_or_create(sid=ACCOUNT_SID)
    Sender.objects.create(channel=row, account=account, kind=kind, address=address)
    return row


def contact(name: str = "Nour Haddadine", address: str = "") -> Contact:
    row = Contact.objects.create(name=name)
    value = address or f"whatsapp:+447700{next(_numbers)}"
    kind = Address.Kind.PHONE if value.startswith("whatsapp:+") else Address.Kind.USER_ID
    Address.objects.create(contact=row, kind=kind, value=value)
    return row


def conversation(
    customer: Contact | None = None,
    over: Channel | None = None,
    *,
    left: timedelta | None = timedelta(hours=20),
    **fields: object,
) -> Conversation:
    """An open conversation whose window closes in `left`; None for one who never wrote."""
    customer = customer or contact()
    over = over or Channel.objects.first() or channel()
    address = customer.addresses.first()
    closes = clock.now() + left if left is not None else None
    Window.objects.create(
        address=address,
        channel=over,
        last_inbound_at=closes and closes - timedelta(hours=24),
        closes_at=closes,
    )
    return Conversation.objects.create(
        contact=customer, channel=over, address=address, window_closes_at=closes, **fields
    )


def message(of: Conversation, body: str = "Hello", direction: str = "inbound", **fields: object) -> Message:
    status = "received" if direction in ("inbound", "note") else "queued"
    return Message.objects.create(
        conversation=of, body=body, direction=direction, **{"status": status, **fields}
    )
