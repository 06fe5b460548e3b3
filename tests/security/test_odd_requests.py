"""What no page of ours ever asks. The answer may be a refusal, and is never an accident (500)."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.security.conftest import signed_in
from tests.security.routes import Orders

ENDLESS = "9" * 5000  # more digits than Python reads
HTMX = {"HX-Request": "true"}


def test_a_number_may_be_endless(orders: Orders) -> None:
    client, talk = signed_in(orders.agent), f"/conversations/{orders.talk.pk}"
    assert client.get(f"/conversations/{ENDLESS}/").status_code == 404
    assert client.post(f"{talk}/assignment/", {"assignee": ENDLESS}).status_code == 404
    assert client.post(f"{talk}/messages/", {"body": "x", "seen": ENDLESS}).status_code == 302
    assert client.get(f"{talk}/messages/", {"after": ENDLESS, "shown": f"{ENDLESS}:a"}).status_code == 200
    for name in ("channel", "page_size"):
        assert client.get("/api/v1/conversations/", {name: ENDLESS}).status_code == 400


@pytest.mark.parametrize(
    "asked", [f"bytes=0-{ENDLESS}", f"bytes=-{ENDLESS}", f"bytes={ENDLESS}-", "bytes=--1", "bytes=²-"]
)
def test_a_range_that_is_none_gets_the_whole_file(orders: Orders, asked: str) -> None:
    answer = signed_in(orders.agent).get(f"/media/{orders.file.key}/", headers={"Range": asked})
    assert (answer.status_code, b"".join(answer)) == (200, b"%PDF")


@pytest.mark.parametrize("section", ["soon", "open", "closed", "plain"])
@pytest.mark.parametrize("micros", ["253402300799999999", "283996800000000000", "0", ENDLESS])
def test_a_cursor_at_the_end_of_the_calendar_is_no_accident(
    orders: Orders, section: str, micros: str
) -> None:
    client = signed_in(orders.agent)
    for address in (f"{micros}-{section}-{micros}-1", f"0-{section}-{micros}-1", f"{micros}-{section}-0-1"):
        for sort in ("closing", "newest"):
            assert client.get("/list/", {"after": address, "sort": sort}).status_code == 200


@pytest.mark.parametrize(
    "url", ["http://[", "http://[::1]:x/", "//[/", "http://testserver//evil.example/", "\x01"]
)
def test_the_page_may_say_that_it_is_nowhere(orders: Orders, url: str) -> None:
    client, headers = signed_in(orders.agent), HTMX | {"HX-Current-URL": url}
    for path in ("/list/?view=mine", "/views/", f"/conversations/{orders.talk.pk}/composer/"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 200
        for name in ("HX-Push-Url", "HX-Replace-Url"):
            assert answer.headers.get(name, "/").startswith("/?") or name not in answer.headers


@pytest.mark.parametrize(
    "value", [r"\000abcdefghijklmnop", "x" * 5000, r"\377\376abcdefgh", "' OR 1=1 --", ""]
)
def test_a_forged_session_is_nobodys(orders: Orders, value: str) -> None:
    answer = Client().get("/", headers={"Cookie": f'sessionid="{value}"'})
    assert (answer.status_code, answer["Location"]) == (302, "/login/?next=/")


@pytest.mark.parametrize(
    "field", ["body", "name", "status", "client_id", "seen", "mode", "assignee", "files"]
)
def test_a_form_may_hold_what_no_text_column_takes(orders: Orders, field: str) -> None:
    client, talk = signed_in(orders.agent), f"/conversations/{orders.talk.pk}"
    for end in ("messages", "notes", "draft", "name", "tags", "status", "assignment", "uploads"):
        for raw in ("a%00b", "%ED%A0%80", "%FF%FE", "%E2%80%AE"):
            answer = client.generic(
                "POST", f"{talk}/{end}/", f"{field}={raw}", "application/x-www-form-urlencoded"
            )
            assert answer.status_code in (204, 302, 404), (end, raw)


def test_an_agent_at_the_back_offices_door_is_told_so(orders: Orders) -> None:
    answer = signed_in(orders.agent).get("/admin/", follow=True)
    assert (answer.status_code, len(answer.redirect_chain)) == (403, 1)


def test_a_stranger_at_the_back_offices_door_signs_in_and_is_there(orders: Orders) -> None:
    client = Client()
    at = client.get("/admin/inbox/agent/", follow=True).redirect_chain[-1][0]
    answer = client.post(at, {"login": "admin", "password": "a long enough secret"})
    assert answer["Location"] == "/admin/inbox/agent/"
