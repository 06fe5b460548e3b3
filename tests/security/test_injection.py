"""Words that would be SQL, patterns, templates or paths somewhere else: here they are words."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from django.db import connection

from inbox.models import Conversation, Message
from tests.security.conftest import signed_in
from tests.security.routes import SECRET_BODY, Orders

BREAKS = ("'", '"', "`", "\\'", "';", "')", "'))", "%27", "\u02bc", "\uff07", "$$", "*/")
ATTACKS = (
    "{} OR 1=1 --", "{} OR '1'='1", "{} UNION SELECT password FROM inbox_agent --", "{} AND pg_sleep(5) --",
    "{}; DROP TABLE inbox_message; --", "{} || (SELECT version()) || {}", "{} OR pg_sleep(5) IS NULL --",
    "{}; COPY inbox_agent TO PROGRAM 'id'; --", "{}/**/OR/**/1=1#", "{} AND (SELECT 1 FROM pg_sleep(5)) --",
    "{})::text LIKE '%", "{} ORDER BY 99 --", "1{} RETURNING password --", "{}\\", "{}%", "{}_",
)  # fmt: skip
OTHERS = (
    "%s", "%(q)s", "%%", "{0.__class__}", "{{ settings.SECRET_KEY }}", "{% load i18n %}", "${7*7}", "#{7*7}",
    ":*", "a & ! b", "a <-> b", "!!", "(", ")", "a | b", "'a':*", "\\", "\\\\", "a\\", "*", "?", "[", "[a-z]+",
    "(a+)+$", "../../etc/passwd", "..\\..\\x", "\u0000", "\ufffe", "\ud83d".encode("utf-8", "replace").decode(),
    "\U0001f600" * 50, "\u202e", "a" * 5000, "-1", "0x1", "1e309", "NaN", "null", "true", "[]", "{}", "\r\nX: y",
)  # fmt: skip


def strings() -> Iterator[str]:
    yield from (attack.format(brk, brk) if attack.count("{}") == 2 else attack.replace("{}", brk)
                for brk, attack in itertools.product(BREAKS, ATTACKS))  # fmt: skip
    yield from OTHERS


STRINGS = list(strings())
FIELDS = [
    ("/list/", "q"), ("/list/", "view"), ("/list/", "status"), ("/list/", "sort"), ("/list/", "channel"),
    ("/list/", "after"), ("/list/", "unread"), ("/api/v1/contacts/", "search"), ("/api/v1/contacts/", "address"),
    ("/api/v1/conversations/", "assignee"), ("/api/v1/conversations/", "status"),
    ("/api/v1/messages/", "direction"), ("/api/v1/messages/", "cursor"), ("/api/v1/messages/", "page_size"),
]  # fmt: skip


def test_there_are_two_hundred_of_them() -> None:
    assert len(set(STRINGS)) >= 200


@pytest.mark.parametrize(("path", "name"), FIELDS)
def test_a_filter_takes_them_for_words(orders: Orders, path: str, name: str) -> None:
    """Through every filter: no accident, nothing that the same person would not see, nobody sleeps."""
    client = signed_in(orders.outsider)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '2s'")
    # What is compared with a fixed list of words, or read as a number, gets a sample.
    for text in STRINGS if name in ("q", "search", "address", "assignee") else STRINGS[::5]:
        answer = client.get(path, {name: text})
        assert answer.status_code in (200, 400, 404), text
        assert SECRET_BODY not in answer.content.decode()
        assert "argon2" not in answer.content.decode() and "PostgreSQL" not in answer.content.decode()


def test_a_lead_finds_by_them_only_what_says_them(orders: Orders) -> None:
    client = signed_in(orders.lead)
    for text in STRINGS:
        if not set(text.lower().split()) & set(SECRET_BODY.split()):
            answer = client.get("/api/v1/contacts/", {"search": text})
            results = answer.json().get("results", [])
            assert all(r["id"] == orders.customer.pk for r in results)
            # A search that folds to no letters finds nobody; it does not find everybody.
            assert len(results) <= Conversation.objects.count()


@pytest.mark.parametrize("end", ["notes", "name", "tags", "draft"])
def test_what_is_written_down_is_written_down_as_it_is(orders: Orders, end: str) -> None:
    client, talk = signed_in(orders.agent), f"/conversations/{orders.talk.pk}/{end}/"
    field = {"notes": "body", "draft": "body"}.get(end, "name")
    for text in STRINGS[::5]:
        assert client.post(talk, {field: text}).status_code in (200, 302)
        if end == "notes" and text.strip("\0 \r\n") and len(text) < 1000:
            newest = Message.objects.filter(direction="note").order_by("-pk").first()
            assert newest.body == text.replace("\0", "").replace("\r\n", "\n").strip()


def test_the_back_offices_searches_take_them_too(orders: Orders) -> None:
    client = signed_in(orders.admin)
    for model in ("inbox/contact", "inbox/message", "inbox/agent", "inbox/tag", "channels_whatsapp/receipt"):
        for text in STRINGS[::7]:
            assert client.get(f"/admin/{model}/", {"q": text}).status_code == 200, (model, text)
