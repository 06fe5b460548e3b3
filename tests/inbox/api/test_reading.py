from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import clock
from inbox.models import Conversation, Message, Tag, Team
from tests import world
from tests.inbox.api.conftest import Api

MINE = "whatsapp:+447700900318"


@pytest.fixture
def talk(orders: Team) -> Conversation:
    over = world.channel("Shop UK", world.SHOP, orders)
    return world.conversation(world.contact("Nour", MINE), over)


def follow(api: Api, path: str, **query: Any) -> list[int]:
    """The ids on all pages, through `next`."""
    ids: list[int] = []
    status, page = api.get(path, **query)
    while True:
        assert status == 200, page
        assert set(page) == {"results", "next", "previous"}
        ids += [row["id"] for row in page["results"]]
        if not page["next"]:
            return ids
        parts = urlsplit(page["next"])
        status, page = api.get(f"{parts.path}?{parts.query}")


def test_a_message_shows_what_the_contract_says(lead: Api, talk: Conversation) -> None:
    message = world.message(talk, "Hello", payload={"MessageSid": "SM1"}, sid="SM1")
    status, answer = lead.get(f"/api/v1/messages/{message.pk}")
    assert status == 200
    assert {
        "id": message.pk, "direction": "inbound", "kind": "text", "body": "Hello", "status": "received",
        "error_code": None, "error": "", "sid": "SM1", "payload": {"MessageSid": "SM1"},
        "conversation": talk.pk, "author": None, "attachments": [],
    }.items() <= answer.items()  # fmt: skip
    assert answer["created_at"].startswith(message.created_at.strftime("%Y-%m-%dT%H:%M"))


def test_a_conversation_shows_its_window_and_last_message(lead: Api, talk: Conversation) -> None:
    talk.tags.add(Tag.objects.create(name="vip"))
    talk.assign_to(lead.agent, by=None)
    status, answer = lead.get(f"/api/v1/conversations/{talk.pk}/")
    assert status == 200
    assert answer["contact"]["addresses"] == [{"kind": "phone", "value": MINE}]
    assert (answer["channel"]["name"], answer["status"], answer["tags"]) == ("Shop UK", "open", ["vip"])
    assert answer["assignee"]["username"] == "lead"
    assert answer["window"]["is_open"] is True
    assert set(answer["last_message"]) == {"id", "direction", "kind", "status", "preview", "created_at"}


def test_a_window_that_closed_is_not_open(lead: Api, talk: Conversation) -> None:
    closed = world.conversation(over=talk.channel, left=timedelta(seconds=-1))
    never = world.conversation(over=talk.channel, left=None)
    windows = [lead.get(f"/api/v1/conversations/{c.pk}")[1]["window"] for c in (closed, never)]
    assert [w["is_open"] for w in windows] == [False, False]
    assert windows[1]["closes_at"] is None


@pytest.mark.parametrize("address", [MINE, MINE.replace("+", " ")], ids=["encoded", "plus as a space"])
def test_it_filters_by_the_customers_address(lead: Api, talk: Conversation, address: str) -> None:
    other = world.conversation(over=talk.channel)
    message = world.message(talk)
    world.message(other)
    assert follow(lead, "/api/v1/conversations/", address=address) == [talk.pk]
    assert follow(lead, "/api/v1/messages/", address=address) == [message.pk]
    assert follow(lead, "/api/v1/contacts/", address=address) == [talk.contact_id]
    assert follow(lead, "/api/v1/messages/", address="whatsapp:+15550000000") == []


def test_it_filters_by_state(lead: Api, talk: Conversation) -> None:
    done = world.conversation(world.contact("Mehmet"), talk.channel)
    done.resolve(by=None)
    talk.assign_to(lead.agent, by=None)
    assert follow(lead, "/api/v1/conversations/", status="resolved") == [done.pk]
    assert follow(lead, "/api/v1/conversations/", assignee="lead") == [talk.pk]
    assert follow(lead, "/api/v1/conversations/", channel=talk.channel_id + 1) == []
    failed = world.message(talk, "x", "outbound", status="failed")
    assert follow(lead, "/api/v1/messages/", direction="outbound", status="failed") == [failed.pk]
    assert follow(lead, "/api/v1/contacts/", search="nour") == [talk.contact_id]


def test_pages_show_each_message_once_newest_first(lead: Api, talk: Conversation) -> None:
    now = clock.now()
    # Five at the same moment, across the ends of pages.
    times = [now - timedelta(minutes=n // 5) for n in range(23)]
    rows = [world.message(talk, str(n), created_at=at) for n, at in enumerate(times)]
    expected = [m.pk for m in sorted(rows, key=lambda m: (m.created_at, m.pk), reverse=True)]
    assert follow(lead, f"/api/v1/conversations/{talk.pk}/messages/", page_size=4) == expected
    assert follow(lead, "/api/v1/messages/", page_size=4) == sorted(expected, reverse=True)


@pytest.mark.parametrize(
    "cursor", ["x", "cD14", "cD0lMDA=", "cD05OTk5OTk5OTk5OTk5OTk5OTk5OTk=", "cD0yMDI2LTEzLTQ1", "%00"]
)
@pytest.mark.parametrize("path", ["conversations/", "messages/", "contacts/", "channels/"])
def test_a_cursor_that_was_made_up_is_not_found(
    lead: Api, talk: Conversation, path: str, cursor: str
) -> None:
    status, answer = lead.get(f"/api/v1/{path}", cursor=cursor)
    assert status == 404, answer


@pytest.mark.parametrize(
    "query",
    [
        {"address": "\x00"}, {"address": "x" * 200}, {"status": "gone"}, {"channel": "x"},
        {"channel": 10**30},
        {"assignee": "\x00"}, {"page_size": "0"}, {"page_size": "201"}, {"page_size": "x"},
    ],
    ids=str,
)  # fmt: skip
def test_it_refuses_filters_that_cannot_be(lead: Api, query: dict[str, Any]) -> None:
    status, answer = lead.get("/api/v1/conversations/", **query)
    assert (status, answer["code"]) == (400, "invalid")
    assert next(iter(query)) in answer["error"]


@pytest.mark.parametrize(
    "words", ["' OR 1=1 --", "a & | ! b", "<->", "%", "🛒", "e\u0301", "(((", "\\", "*:*"]
)
def test_no_search_trips_the_database(lead: Api, talk: Conversation, words: str) -> None:
    assert lead.get("/api/v1/contacts/", search=words)[0] == 200
    assert lead.get("/api/v1/conversations/", assignee=words, address=words)[0] == 200


@pytest.mark.parametrize("path", ["channels/", "contacts/", "conversations/", "messages/", "of one/"])
def test_the_number_of_queries_does_not_grow(lead: Api, talk: Conversation, path: str) -> None:
    path = f"/api/v1/{path}" if path != "of one/" else f"/api/v1/conversations/{talk.pk}/messages/"
    world.message(talk)
    queries_of(lead, path)  # after which the key's use is noted for this minute
    before = queries_of(lead, path)
    for n in range(5):
        world.channel(f"Shop {n}", f"whatsapp:+44770090080{n}")
        other = world.conversation(over=talk.channel, assignee=lead.agent)
        other.tags.add(Tag.objects.create(name=f"tag {n}"))
        world.message(other, author=lead.agent)
        world.message(talk, author=lead.agent)
    assert queries_of(lead, path) == before <= 12


def queries_of(api: Api, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert api.get(path)[0] == 200
    return len([q for q in queries if '"cache"' not in q["sql"] and "SAVEPOINT" not in q["sql"]])


def test_keyset_pages_read_an_index(lead: Api, talk: Conversation) -> None:
    """With many rows the thread's page comes from the index that is sorted like it."""
    Message.objects.bulk_create(
        Message(conversation=talk, direction="inbound", status="received", body=str(n)) for n in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE inbox_message")
    page = talk.messages.order_by("-created_at", "-id")[:51]
    assert "message_thread" in page.explain()
    assert "Sort" not in page.explain()


UNSEEN = (
    "conversations/{talk}", "conversations/{talk}/messages", "messages/{message}", "contacts/{contact}",
)  # fmt: skip
LISTS = ("channels", "contacts", "conversations", "messages")
DEEDS = (
    "conversations/{talk}/messages", "conversations/{talk}/assign", "conversations/{talk}/resolve",
    "conversations/{talk}/reopen", "messages/{message}/retry",
)  # fmt: skip


def test_another_team_finds_nothing_of_it(stranger: Api, talk: Conversation) -> None:
    message = world.message(talk, "secret", "outbound", status="failed")
    names = {"talk": talk.pk, "message": message.pk, "contact": talk.contact_id}
    for path in LISTS:
        assert stranger.get(f"/api/v1/{path}/")[1]["results"] == []
        assert stranger.get(f"/api/v1/{path}/", address=MINE)[1]["results"] == []
    for path in UNSEEN:
        assert stranger.get(f"/api/v1/{path.format(**names)}")[0] == 404
    for path in DEEDS:
        body = {"body": "x", "assignee": None}
        assert stranger.post(f"/api/v1/{path.format(**names)}", body)[0] == 404
    talk.refresh_from_db()
    assert talk.status == "open"
    assert talk.messages.count() == 1


def test_the_teams_own_agent_finds_all_of_it(orders: Team, talk: Conversation) -> None:
    mate = Api(world.agent("mate", "agent", orders))
    message = world.message(talk)
    names = {"talk": talk.pk, "message": message.pk, "contact": talk.contact_id}
    for path in LISTS:
        assert len(mate.get(f"/api/v1/{path}/")[1]["results"]) == 1
    for path in UNSEEN:
        assert mate.get(f"/api/v1/{path.format(**names)}")[0] == 200
    mate.agent.teams.clear()
    for path in UNSEEN:
        assert mate.get(f"/api/v1/{path.format(**names)}")[0] == 404


def test_conversations_come_in_the_order_of_an_index(lead: Api, talk: Conversation) -> None:
    with connection.cursor() as cursor:
        # A handful of rows is read faster without an index; a hundred thousand are not.
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = Conversation.objects.order_by("-last_message_at", "-id")[:51].explain()
    assert "conversation_newest" in plan
    assert "Sort" not in plan
