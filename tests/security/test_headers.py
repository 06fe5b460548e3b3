"""What every answer says to the browser about itself."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import path

from config import urls as ours
from tests.security.conftest import signed_in
from tests.security.routes import Orders, patterns

POLICY = {
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' data: blob:",
    "media-src 'self' blob:", "connect-src 'self'", "font-src 'self'", "manifest-src 'self'",
    "form-action 'self'", "base-uri 'none'", "frame-ancestors 'none'", "object-src 'none'",
}  # fmt: skip
# Swagger UI writes styles into its page; scripts stay files there too.
DOCUMENTATION = {*POLICY - {"style-src 'self'"}, "style-src 'self' 'unsafe-inline'"}
WEBHOOKS = "api/webhooks/"


def policy_of(answer: object) -> set[str]:
    return {
        part.strip() for part in answer.headers.get("Content-Security-Policy", "").split(";") if part.strip()
    }


def test_every_answer_carries_the_whole_policy(orders: Orders) -> None:
    clients = [signed_in(person) for person in (None, orders.admin)]
    for client in clients:
        for pattern in patterns():
            if pattern == "events/" or pattern.startswith(WEBHOOKS):
                continue
            answer = client.get(orders.address(pattern))
            policy = policy_of(answer)
            if pattern.startswith("media/") and answer.status_code == 200:
                assert policy == {"sandbox", "default-src 'none'"}, pattern
            elif pattern == "api/docs/" and answer.status_code == 200:
                assert policy == DOCUMENTATION, pattern
            else:
                assert policy == POLICY, pattern
            assert answer.headers["X-Content-Type-Options"] == "nosniff", pattern
            assert answer.headers["X-Frame-Options"] == "DENY", pattern
            assert answer.headers["Referrer-Policy"] == "same-origin", pattern
            assert "unsafe-eval" not in str(policy), pattern


def test_what_one_person_sees_stays_in_no_cache(orders: Orders) -> None:
    client = signed_in(orders.agent)
    for pattern in patterns():
        if pattern == "events/" or pattern.startswith(("healthz", "metrics", WEBHOOKS, "api/files")):
            continue
        control = client.get(orders.address(pattern)).headers.get("Cache-Control", "")
        assert "no-store" in control or "private" in control, (pattern, control)


def broken(request: object) -> None:
    raise RuntimeError("the secret 0123456789abcdef0123456789abcdef of +447700900318")


urlpatterns = [*ours.urlpatterns[:-1], path("broken/", broken), ours.urlpatterns[-1]]


@pytest.mark.urls(__name__)
@pytest.mark.parametrize(
    ("address", "status"), [("/broken/", 500), ("/nowhere/", 404), ("/conversations/0/", 404)]
)
def test_an_error_page_says_nothing_of_the_inside_and_keeps_the_policy(
    orders: Orders, address: str, status: int
) -> None:
    answer = signed_in(orders.agent).get(address)
    assert (answer.status_code, policy_of(answer)) == (status, POLICY)
    for word in ("Traceback", "RuntimeError", "urlpatterns", "0123456789abcdef", "447700900318", "DEBUG"):
        assert word not in answer.content.decode()


@pytest.mark.parametrize(
    "host", ["evil.example", "inbox.example.evil.example", "inbox.example@evil.example", "a b", ""]
)
def test_a_foreign_host_is_refused(db: None, host: str) -> None:
    answer = Client(raise_request_exception=False).get("/login/", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.content.decode()


def test_cookies_are_for_this_site_alone_and_scripts_see_no_session(orders: Orders) -> None:
    client = Client()
    client.get("/login/")
    client.post("/login/", {"login": "lead", "password": "a long enough secret"})
    session = client.cookies["sessionid"]
    assert (
        session["httponly"]
        and session["samesite"] == "Lax"
        and client.cookies["csrftoken"]["samesite"] == "Lax"
    )


def test_a_password_reset_link_leads_here_whatever_host_was_asked(orders: Orders, mailoutbox: list) -> None:
    for host in ("evil.example", "testserver"):
        headers = {"Host": host, "X-Forwarded-Host": "evil.example"}
        Client().post("/account/password/reset/", {"email": "admin@inbox.example"}, headers=headers)
    assert [m for m in mailoutbox if "evil" in m.body] == []
    assert len(mailoutbox) == 1


def test_the_old_address_of_an_agent_resets_nothing(orders: Orders, mailoutbox: list) -> None:
    """Resetting notes the address beside the account; an admin's change must reach that note too."""
    reset = lambda email: Client().post("/account/password/reset/", {"email": email})  # noqa: E731
    reset("admin@inbox.example")
    form = {
        "username": "admin",
        "email": "new@inbox.example",
        "role": "admin",
        "is_active": "on",
        "time_zone": "",
    }
    answer = signed_in(orders.admin).post(f"/admin/inbox/agent/{orders.admin.pk}/change/", form)
    assert answer.status_code == 302
    mailoutbox.clear()
    reset("admin@inbox.example")
    assert [message.to for message in mailoutbox if "/reset/key/" in message.body] == []
    reset("new@inbox.example")
    assert [message.to for message in mailoutbox if "/reset/key/" in message.body] == [["new@inbox.example"]]


def test_nobody_gives_themselves_another_address(orders: Orders) -> None:
    client = signed_in(orders.agent)
    for end in ("email/", "confirm-email/", "login/code/confirm/"):
        assert (
            client.post(f"/account/{end}", {"email": "x@evil.example", "action_add": ""}).status_code == 404
        )
