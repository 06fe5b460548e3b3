"""Walks over the URLconf: what a stranger reaches, what needs a token, and that looking changes nothing."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.security.conftest import signed_in
from tests.security.routes import Orders, checksum, differences, patterns

HOOK = "api/webhooks/whatsapp/twilio"
# Everything that answers somebody who is not signed in with more than the way to the sign-in page.
OPEN = {
    "healthz", "readyz", "metrics",  # for machines; metrics for this one only
    "setup/<str:token>/",  # a secret link, while there is no admin
    "login/", "account/inactive/", "account/signup/",  # the last says that it is closed
    "account/password/reset/", "account/password/reset/done/", "account/password/reset/key/done/",
    "account/password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/",
    f"{HOOK}(?:/fallback)?/?", f"{HOOK}/status/?", f"{HOOK}/events/?",  # signed by Twilio
    "api/files/<str:token>/<str:name>",  # signed by us, for Twilio
    "api/",  # "there is nothing here"
}  # fmt: skip
# A token of ours would mean nothing here: a signature is asked for, or nothing is done at all.
NO_TOKEN_NEEDED = {"api/"}
UNSAFE = ("post", "put", "patch", "delete")


@pytest.fixture(autouse=True)
def _orders(orders: Orders) -> None:
    pass


def test_exactly_these_addresses_answer_a_stranger(orders: Orders) -> None:
    stranger, opened = Client(raise_request_exception=False), set()
    for pattern in patterns():
        answer = stranger.get(orders.address(pattern))
        assert answer.status_code != 500, pattern
        to_sign_in = answer.status_code == 302 and answer["Location"].startswith(("/login/", "/admin/login/"))
        refused = answer.status_code == 401 and pattern.startswith("api/")
        if not (to_sign_in or refused):
            opened.add(pattern)
    # Signing out when nobody is signed in leads home, and there to the sign-in page.
    assert opened - {"logout/"} == OPEN


def test_a_stranger_changes_nothing(orders: Orders) -> None:
    stranger, before = Client(raise_request_exception=False), checksum()
    for pattern in patterns():
        for method in ("get", *UNSAFE):
            assert getattr(stranger, method)(orders.address(pattern)).status_code != 500, (method, pattern)
    # Refused webhooks are counted for the doctor, without their content.
    assert set(differences(before, checksum())) <= {"channels_whatsapp_badsignature"}


def test_nothing_changes_without_a_csrf_token(orders: Orders) -> None:
    client, before = signed_in(orders.admin, enforce_csrf_checks=True), checksum()
    for pattern in patterns():
        for method in UNSAFE:
            answer = getattr(client, method)(orders.address(pattern), content_type="application/json")
            expected = (404,) if pattern in NO_TOKEN_NEEDED else (403, 405)
            assert answer.status_code in expected, (method, pattern)
    assert set(differences(before, checksum())) <= {"channels_whatsapp_badsignature"}


def test_looking_changes_nothing_whoever_looks(orders: Orders) -> None:
    for person in (orders.admin, orders.agent):
        client = signed_in(person)
        before = checksum()
        for pattern in patterns():
            if pattern != "events/":
                assert client.get(orders.address(pattern)).status_code != 500, pattern
        assert differences(before, checksum()) == []
