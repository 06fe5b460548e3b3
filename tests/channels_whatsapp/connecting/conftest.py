"""An installation with nobody's account yet, an admin, and a pretend Twilio with two numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from channels_whatsapp.models import Account, Sender
from channels_whatsapp.signature import accounts
from channels_whatsapp.simulator import Simulator
from inbox.models import Agent
from tests import world
from tests.channels_whatsapp.conftest import connected
from tests.conftest import ACCOUNT_SID

TOKEN = "c0ffee" * 5 + "11"
SHOP, OTHER = "whatsapp:+447700900142", "whatsapp:+447700900187"


@pytest.fixture
def twilio(
    transactional_db: None, live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Simulator]:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "", []
    settings.TWILIO_WHATSAPP_FROM = ""
    accounts.forget()
    with connected(live_server.url, settings, monkeypatch, auth_token=TOKEN, senders=[]) as simulator:
        for address, name in ((SHOP, "Bramblecart"), (OTHER, "Bramblecart Repairs")):
            simulator.twilio.add_sender(address, name)
        yield simulator
    accounts.forget()


@pytest.fixture
def admin(transactional_db: None) -> Agent:
    return world.agent("ada", "admin")


@pytest.fixture
def page(admin: Agent) -> Client:
    client = Client()
    client.force_login(admin, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def account(twilio: Simulator) -> Account:
    twilio.twilio.account.friendly_name = "Bramblecart"
    return Account.objects.create(sid=ACCOUNT_SID, name="Bramblecart", auth_token=TOKEN)


@pytest.fixture
def sender(account: Account, twilio: Simulator) -> Sender:
    """Shop UK, whose webhooks come here."""
    from channels_whatsapp import hooks

    row = world.Channel.objects.create(name="Shop UK", address=SHOP)
    record = twilio.twilio.senders[SHOP]
    record.webhook = dict(hooks.wanted())
    return Sender.objects.create(channel=row, account=account, address=SHOP, sid=record.sid)


def words(response: Any) -> str:
    """What a person reads, in one line."""
    import re
    from html import unescape

    text = re.sub(r"[\u2066-\u2069]", "", re.sub(r"<[^>]+>", " ", response.content.decode()))
    return " ".join(unescape(text).split())
