"""An installation with nobody's account yet, an admin, and a pretend Twilio with two numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from channels_whatsapp import client as twilio_client
from channels_whatsapp.models import Account, Sender
from channels_whatsapp.signature import accounts
from channels_whatsapp.simulator import Simulator, running_simulator
from inbox.models import Agent
from tests import world
from tests.channels_whatsapp.conftest import CheckedTransport
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
    with running_simulator(
        webhook_base=live_server.url, account_sid=ACCOUNT_SID, auth_token=TOKEN, senders=[], seed=7
    ) as simulator:
        for address, name in ((SHOP, "Bramblecart"), (OTHER, "Bramblecart Repairs")):
            simulator.twilio.add_sender(address, name)
        simulator.courier.retry_pause = 0.01
        settings.PUBLIC_BASE_URL, settings.TWILIO_API_BASE_URL = live_server.url, simulator.url
        settings.TWILIO_TIMEOUT = 1.0
        transport = CheckedTransport()
        monkeypatch.setattr(twilio_client, "transport", lambda: transport)
        yield simulator
        simulator.wait_idle()
        transport.session.close()
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

    text = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(unescape(text).split())
