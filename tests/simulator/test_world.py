from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from channels_whatsapp.simulator import SENDER, Simulator, running_simulator
from tests.simulator.conftest import CUSTOMER

pytestmark = pytest.mark.django_db


@pytest.fixture
def quiet() -> Iterator[Simulator]:
    """A simulator that tells nobody anything."""
    with running_simulator(senders=()) as simulator:
        yield simulator


@pytest.fixture
def rows() -> Any:
    """A channel, its sender, a contact that wrote an hour ago."""
    from channels_whatsapp.models import Account, Sender
    from inbox.models import Address, Channel, Contact, Window

    channel = Channel.objects.create(name="Repairs", address=SENDER)
    account = Account.objects.create(sid="AC" + "0" * 32)
    Sender.objects.create(
        channel=channel, account=account, address=SENDER, kind="production", sid="XE" + "1" * 32
    )
    address = Address.objects.create(
        contact=Contact.objects.create(name="Anna"), kind="phone", value=CUSTOMER
    )
    at = timezone.now() - timedelta(hours=1)
    return Window.objects.create(
        address=address, channel=channel, last_inbound_at=at, closes_at=at + timedelta(hours=24)
    )


def test_it_takes_senders_people_and_windows(quiet: Simulator, rows: Any) -> None:
    from channels_whatsapp.simulator import world

    world.seed(quiet)
    world.seed(quiet)
    (sender,) = quiet.twilio.senders.values()
    assert (sender.address, sender.name, sender.sid) == (SENDER, "Repairs", "XE" + "1" * 32)
    (anna,) = quiet.twilio.everyone()
    assert (anna.address, anna.name) == (CUSTOMER, "Anna")
    assert 22.9 < quiet.twilio.window_left(anna, SENDER).total_seconds() / 3600 <= 23


def test_an_empty_database_gives_one_sender(quiet: Simulator) -> None:
    from channels_whatsapp.simulator import world

    world.seed(quiet)
    assert [s.name for s in quiet.twilio.senders.values()] == ["Shop UK"]


def test_time_passes_in_the_inbox_too(rows: Any, settings: Any) -> None:
    from channels_whatsapp.simulator import world

    closes = rows.closes_at
    world.pass_time(CUSTOMER, SENDER, timedelta(hours=2))
    rows.refresh_from_db()
    assert rows.closes_at == closes - timedelta(hours=2)


def test_it_never_moves_time_against_the_real_twilio(rows: Any, settings: Any) -> None:
    from channels_whatsapp.simulator import world

    settings.DEMO, settings.TWILIO_API_BASE_URL = False, ""
    closes = rows.closes_at
    world.pass_time(CUSTOMER, SENDER, timedelta(hours=2))
    rows.refresh_from_db()
    assert rows.closes_at == closes


def test_the_command_says_which_port_is_taken(quiet: Simulator) -> None:
    with pytest.raises(CommandError, match=f"Port {quiet.port} is taken"):
        call_command("simulator", port=quiet.port)


def test_the_command_wants_an_account(settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    with pytest.raises(CommandError, match="TWILIO_ACCOUNT_SID"):
        call_command("simulator")
