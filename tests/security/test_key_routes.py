"""Every address of the API, with keys that may less than their agent: to read, or for another channel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client

from channels_whatsapp.models import Account
from inbox.models import ApiKey
from tests import world
from tests.security.routes import SECRET_BODY, SECRET_NAME, Orders, checksum, differences, patterns
from tests.security.test_access import LIST_PATTERNS, THING_PATTERNS
from tests.security.test_routes import UNSAFE

KEYED = [p for p in patterns() if p.startswith(("api/v1/", "api/whatsapp/"))]
# A key's use is written down, and so is the rate.
NOTED = {"inbox_apikey"}
Ask = Callable[..., Any]


@pytest.fixture
def asking(orders: Orders) -> Callable[..., Ask]:
    """`asking(scope=…, channels=…)` makes a key of the admin's: a function of method and address."""

    def asking(**limits: Any) -> Ask:
        _key, text = ApiKey.issue(orders.admin, **limits)
        client, headers = Client(raise_request_exception=False), {"Authorization": f"Bearer {text}"}
        body = {"body": "x", "message": "x", "to": "+447700900318", "assignee": None, "name": "x"}

        def ask(method: str, path: str) -> Any:
            more = (
                {"data": body, "content_type": "application/json"}
                if method in ("post", "put", "patch")
                else {}
            )
            return getattr(client, method)(path, headers=headers, **more)

        return ask

    return asking


def test_a_key_to_read_changes_nothing_anywhere(orders: Orders, asking: Callable[..., Ask]) -> None:
    ask, before = asking(scope="read"), checksum()
    assert len(KEYED) > 20
    for pattern in KEYED:
        for method in UNSAFE:
            answer = ask(method, orders.address(pattern))
            assert answer.status_code in (403, 405), (method, pattern)
    assert set(differences(before, checksum())) <= NOTED


def test_a_key_to_read_reads(orders: Orders, asking: Callable[..., Ask]) -> None:
    ask = asking(scope="read")
    for pattern in KEYED:
        assert ask("get", orders.address(pattern)).status_code in (200, 404, 405), pattern
    found = ask("get", f"/api/v1/conversations/{orders.talk.pk}/messages/").json()["results"]
    assert SECRET_BODY in [row["body"] for row in found]


def test_a_key_of_another_channel_finds_nothing_anywhere(orders: Orders, asking: Callable[..., Ask]) -> None:
    elsewhere = world.channel("Repairs", "whatsapp:+447700900999")
    # Templates belong to an account, and are seen from each of its channels.
    elsewhere.sender.account = Account.objects.create(sid="AC" + "9" * 32)
    elsewhere.sender.save()
    ask, before = asking(channels=[elsewhere]), checksum()
    for pattern in {p for p in KEYED if p in THING_PATTERNS}:
        for method in ("get", *UNSAFE):
            answer = ask(method, orders.address(pattern))
            assert answer.status_code in (404, 405), (method, pattern)
    for pattern in {p for p in KEYED if p in LIST_PATTERNS}:
        for query in (
            "",
            "?address=whatsapp:%2B447700900318",
            "?search=Nour",
            f"?channel={orders.channel.pk}",
        ):
            answer = ask("get", orders.address(pattern) + query)
            assert answer.status_code in (200, 400, 405), pattern
            for secret in (SECRET_NAME, SECRET_BODY, orders.channel.name):
                assert secret not in answer.content.decode(), (pattern, query)
    assert set(differences(before, checksum())) <= NOTED


def test_an_ended_key_opens_nothing_anywhere(orders: Orders) -> None:
    key, text = ApiKey.issue(orders.admin)
    ApiKey.objects.filter(pk=key.pk).update(revoked_at=Now())
    client, before = Client(raise_request_exception=False), checksum()
    for pattern in KEYED:
        for method in ("get", *UNSAFE):
            answer = getattr(client, method)(
                orders.address(pattern), headers={"Authorization": f"Bearer {text}"}
            )
            assert answer.status_code == 401, (method, pattern)
    assert differences(before, checksum()) == []
