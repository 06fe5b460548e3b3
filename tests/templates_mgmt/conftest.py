from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.test import Client

from channels_whatsapp.models import Account, Sender
from inbox.models import Agent
from templates_mgmt import content
from templates_mgmt.models import Template
from tests import world
from tests.channels_whatsapp.conftest import shop, sim, talk
from tests.templates_mgmt.shop import Write, draft

__all__ = ["shop", "sim", "talk"]

_sids = itertools.count(1)


def a_template(
    name: str = "order_shipped",
    body: str = "Hi {{1}}, order {{2}} leaves our workshop today. Thank you.",
    status: str = "approved",
    *,
    language: str = "en",
    category: str = "UTILITY",
    **fields: Any,
) -> Template:
    """As Twilio has it, or with `status=""` a draft of ours."""
    account = Account.objects.first() or world.channel().sender.account
    given = {"types": content.text(body), "variables": {"1": "Nour", "2": "BC-1042"}, **fields}
    row = Template.write(account, name, language, by=None, category=category, **given)
    if status:
        changes = {"status": status, "content_sid": f"HX{next(_sids):032x}", "submission": "done"}
        Template.objects.filter(pk=row.pk).update(**changes)
        row.refresh_from_db()
    return row


@pytest.fixture
def lead(client: Client) -> Agent:
    person = world.agent("ines", "lead", first_name="Ines")
    client.force_login(person)
    return person


@pytest.fixture
def write(shop: Sender) -> Write:
    return lambda *args, **fields: draft(shop.account, *args, **fields)
