"""What a client says about itself through a proxy's headers counts only when there is a proxy."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from config.health import may_measure
from tests.security.routes import Orders

CLAIMS = ("X-Forwarded-For", "CF-Connecting-IP", "X-Real-IP", "True-Client-IP", "Forwarded", "Client-IP")
NAMES = ("Remote-User", "X-Remote-User", "X-Forwarded-User", "X-Forwarded-Email", "X-Authenticated-User")


def guess(number: int, password: str = "wrong", **headers: str) -> Any:
    spoofed = {name.replace("_", "-"): value for name, value in headers.items()}
    return Client().post("/login/", {"login": "lead", "password": password}, headers=spoofed)


@pytest.mark.parametrize("header", CLAIMS)
def test_another_address_each_time_does_not_beat_the_limit(orders: Orders, header: str) -> None:
    for number in range(12):
        who = f"for=203.0.113.{number}" if header == "Forwarded" else f"203.0.113.{number}"
        guess(number, **{header.replace("-", "_"): who})
    answer = guess(13, "a long enough secret", **{header.replace("-", "_"): "203.0.113.99"})
    assert answer.status_code != 302
    assert "Too many" in answer.content.decode()


def test_many_accounts_from_one_address_meet_its_limit(orders: Orders) -> None:
    """Ten wrong tries a minute from one address, whatever it calls itself."""
    for number in range(11):
        form = {"login": f"nobody{number}", "password": "wrong"}
        Client().post("/login/", form, headers={"X-Forwarded-For": f"203.0.113.{number}"})
    answer = guess(12, "a long enough secret")
    assert answer.status_code in (200, 429)


def test_behind_a_proxy_its_word_for_the_client_counts_and_the_clients_own_does_not(
    orders: Orders, settings: Any
) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(12):
        guess(number, X_Forwarded_For=f"203.0.113.{number}, 198.51.100.7")
    assert guess(13, "a long enough secret", X_Forwarded_For="203.0.113.99, 198.51.100.7").status_code != 302


@pytest.mark.parametrize("header", NAMES)
def test_nobody_is_signed_in_by_a_header(orders: Orders, header: str) -> None:
    for path in ("/", "/admin/", "/api/v1/messages/"):
        assert Client().get(path, headers={header: "admin"}).status_code in (302, 401)


@pytest.mark.parametrize(
    "header", ["X-Forwarded-Host", "X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override"]
)
def test_no_header_changes_address_or_method(orders: Orders, header: str) -> None:
    answer = Client().post("/login/", {"login": "x", "password": "y"}, headers={header: "/admin/"})
    assert answer.status_code == 200
    assert "evil" not in Client().get("/", headers={header: "evil.example"})["Location"]


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via", "X-Forwarded-Host"])
def test_metrics_are_not_for_whom_a_proxy_brings(rf: Any, header: str) -> None:
    assert may_measure(rf.get("/metrics", headers={"Host": "localhost"}))
    assert not may_measure(rf.get("/metrics", headers={"Host": "localhost", header: "127.0.0.1"}))
