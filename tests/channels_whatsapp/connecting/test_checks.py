"""The doctor's checks on the connect page, grouped by what they are about."""

from __future__ import annotations

import re
from html import unescape

from django.test import Client

from channels_whatsapp.models import Sender
from channels_whatsapp.simulator import Simulator
from inbox import clock
from tests import world
from tests.channels_whatsapp.connecting.conftest import OTHER, SHOP


def groups(page: Client) -> list[str]:
    """Each group with its checks as a person reads it, and whether it is open."""
    html = page.get("/connect/?checks=all").content.decode()
    found = re.findall(r'<details class="section"( open)?>(.*?)</details>', html, re.DOTALL)
    return [
        f"{is_open.strip()} {' '.join(unescape(re.sub('<[^>]+>', ' ', body)).split())}".strip()
        for is_open, body in found
    ]


def test_checks_stand_under_what_they_are_about_and_only_what_fails_is_open(
    twilio: Simulator, sender: Sender, page: Client
) -> None:
    row = world.Channel.objects.create(name="Repairs", address=OTHER)
    Sender.objects.create(channel=row, account=sender.account, address=OTHER)
    twilio.twilio.senders[OTHER].webhook = dict(twilio.twilio.senders[SHOP].webhook)
    twilio.twilio.senders[SHOP].webhook["callback_url"] = "https://old-desk.example/wa"
    Sender.objects.update(complete_until=clock.now())
    server, account, shop, repairs = groups(page)
    assert server.startswith("open This server")
    assert account.startswith("Bramblecart 1 to look at Warning: Templates are in sync")
    assert shop.startswith("open Shop UK +44 7700 900142 1 to look at Failed: Incoming webhook points here")
    assert "Passed: Sender is online" in shop
    assert repairs.startswith("Repairs +44 7700 900187 5 passed")
