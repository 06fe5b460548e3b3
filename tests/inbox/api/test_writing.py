from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from inbox.models import Conversation, Message, Team
from tests import world
from tests.inbox.api.conftest import Api


@pytest.fixture
def talk() -> Conversation:
    return world.conversation(over=world.channel())


def messages_of(talk: Conversation) -> str:
    return f"/api/v1/conversations/{talk.pk}/messages/"


def test_it_queues_a_reply_in_the_agents_name(lead: Api, talk: Conversation) -> None:
    status, answer = lead.post(messages_of(talk), {"body": "Good morning"})
    assert status == 201
    assert (answer["status"], answer["direction"], answer["author"]) == ("queued", "outbound", "lead")
    talk.refresh_from_db()
    assert talk.last_message_id == answer["id"]


def test_it_adds_a_note(lead: Api, talk: Conversation) -> None:
    status, answer = lead.post(messages_of(talk), {"direction": "note", "body": "vip"})
    assert (status, answer["direction"], answer["status"]) == (201, "note", "received")


def test_it_sends_a_template_and_a_file_by_address(lead: Api, talk: Conversation) -> None:
    sid = "HX" + "a1" * 16
    body = {"content_sid": sid, "content_variables": {"1": "Nour"}}
    _status, answer = lead.post(messages_of(talk), body)
    assert (answer["kind"], answer["payload"]["content_variables"]) == ("template", {"1": "Nour"})
    _status, answer = lead.post(messages_of(talk), {"media_url": "https://example.com/a.pdf", "body": "Here"})
    assert (answer["payload"]["media_url"], answer["body"]) == ("https://example.com/a.pdf", "Here")


def test_a_key_makes_a_repeat_harmless(lead: Api, talk: Conversation) -> None:
    first = lead.post(messages_of(talk), {"body": "once"}, Idempotency_Key="k1")
    again = lead.post(messages_of(talk), {"body": "once"}, Idempotency_Key="k1")
    assert (first[0], again[0]) == (201, 200)
    assert first[1]["id"] == again[1]["id"]
    assert Message.objects.count() == 1
    other = lead.post(messages_of(talk), {"body": "twice"}, Idempotency_Key="k1")
    note = lead.post(messages_of(talk), {"body": "once", "direction": "note"}, Idempotency_Key="k1")
    elsewhere = lead.post(messages_of(world.conversation()), {"body": "once"}, Idempotency_Key="k1")
    assert {(s, a["code"]) for s, a in (other, note, elsewhere)} == {(409, "client_id_used")}


def test_one_key_is_two_keys_for_two_callers(lead: Api, talk: Conversation) -> None:
    other = Api(lead.agent)
    ids = {api.post(messages_of(talk), {"body": "x"}, Idempotency_Key="k")[1]["id"] for api in (lead, other)}
    assert len(ids) == 2


def test_it_says_why_it_will_not_write(lead: Api, talk: Conversation) -> None:
    closed = world.conversation(left=timedelta(seconds=-1))
    status, answer = lead.post(messages_of(closed), {"body": "late"})
    assert (status, answer["code"], answer["success"]) == (409, "window_closed", False)
    assert answer["error"].startswith("The 24-hour window is closed")
    assert "template" in answer["next_step"]
    world.message(talk, "new")
    status, answer = lead.post(messages_of(talk), {"body": "x", "seen": 0})
    assert (status, answer["code"]) == (409, "newer_messages")


@pytest.mark.parametrize(
    "body",
    [
        {}, {"body": ""}, {"body": "   "}, {"body": None}, {"body": 5.5e300 * 10}, {"body": []}, {"body": {}},
        {"body": "a\x00b"}, {"body": "x" * 100_000}, {"body": "x", "direction": "inbound"},
        {"body": "x", "direction": "note", "media_url": "https://example.com/a"},
        {"body": "x", "seen": "now"},
        {"body": "x", "seen": 10**30}, {"media_url": "ftp://example.com/a"}, {"media_url": "javascript:1"},
        {"media_url": "https://" + "a" * 600}, {"content_sid": "HX"}, {"content_sid": 5},
        {"content_variables": {"1": "a"}, "body": "x"}, {"content_sid": "HX" + "a" * 32, "body": "x"},
        {"content_sid": "HX" + "a" * 32, "content_variables": "x"},
        {"content_sid": "HX" + "a" * 32, "content_variables": {"1": {"2": "3"}}},
        {"content_sid": "HX" + "a" * 32, "content_variables": {"a b": "3"}},
        {"content_sid": "HX" + "a" * 32, "content_variables": {"1": "\x00"}},
        [], "text", 5, None, True,
    ],
    ids=lambda body: str(body)[:60],
)  # fmt: skip
def test_it_refuses_what_cannot_be(lead: Api, talk: Conversation, body: Any) -> None:
    text = "null" if body is None else json.dumps(body).replace("Infinity", "1e999")
    status, answer = lead.post(messages_of(talk), text)
    assert status == 400, answer
    assert answer["success"] is False
    assert answer["error"]
    assert not Message.objects.exists()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nul",
        '{"body": "\\ud800"}',
        "[" * 50_000,
        "9" * 6000,
        b"\xff\xfe",
        '{"body": NaN}',
        '{"a":1}x',
    ],
    ids=lambda text: str(text)[:12],
)
def test_broken_json_is_an_answer_not_an_accident(lead: Api, talk: Conversation, text: str | bytes) -> None:
    response = lead.raw_post(messages_of(talk), text)
    assert response.status_code == 400
    assert response.json()["success"] is False


def test_a_body_over_the_limit_and_another_type_are_refused(lead: Api, talk: Conversation) -> None:
    status, answer = lead.post(messages_of(talk), json.dumps({"body": "x" * 300_000}))
    assert (status, answer["code"]) == (413, "too_large")
    response = lead.client.post(messages_of(talk), {"body": "x"}, headers=lead.headers())
    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


def test_nothing_is_assigned_that_is_not_offered(lead: Api, talk: Conversation) -> None:
    """Mass assignment: names that are columns but not fields change nothing."""
    extra = {"sid": "SM9", "status": "read", "author": 1, "conversation": 99, "is_superuser": True, "id": 1,
             "created_at": "2020-01-01T00:00:00Z", "payload": {"x": 1}, "channel": 5,
             "role": "admin"}  # fmt: skip
    _status, answer = lead.post(messages_of(talk), {"body": "x", **extra})
    message = Message.objects.get(pk=answer["id"])
    assert (message.sid, message.status, message.author) == (None, "queued", lead.agent)
    assert (message.conversation, "x" in message.payload) == (talk, False)
    lead.post(f"/api/v1/conversations/{talk.pk}/assign/", {"assignee": None, "status": "resolved", **extra})
    talk.refresh_from_db()
    lead.agent.refresh_from_db()
    assert (talk.status, lead.agent.role, lead.agent.is_superuser) == ("open", "lead", False)


def test_it_assigns_to_somebody_who_may_see_it(lead: Api, orders: Team, talk: Conversation) -> None:
    talk.channel.teams.add(orders)
    mate, _outsider = world.agent("mate", "agent", orders), world.agent("outsider")
    path = f"/api/v1/conversations/{talk.pk}/assign/"
    assert lead.post(path, {"assignee": "mate"})[1]["assignee"]["username"] == "mate"
    for nobody in ("outsider", "ghost", "", 5.5, [], {}):
        assert lead.post(path, {"assignee": nobody})[0] == 400
    assert lead.post(path, {})[0] == 400
    talk.refresh_from_db()
    assert talk.assignee == mate
    assert lead.post(path, {"assignee": None})[1]["assignee"] is None


def test_it_resolves_and_reopens(lead: Api, talk: Conversation) -> None:
    path = f"/api/v1/conversations/{talk.pk}"
    assert lead.post(f"{path}/resolve")[1]["status"] == "resolved"
    assert lead.post(f"{path}/resolve/")[1]["status"] == "resolved"
    assert lead.post(f"{path}/reopen")[1]["status"] == "open"
    assert lead.post(f"{path}/reopen")[0] == 200
    assert list(talk.events.values_list("verb", flat=True).order_by("pk")) == [
        "conversation.resolved", "conversation.reopened",
    ]  # fmt: skip


def test_it_does_not_reopen_beside_another(lead: Api, talk: Conversation) -> None:
    talk.resolve(by=None)
    Conversation.objects.create(contact=talk.contact, channel=talk.channel, address=talk.address)
    status, answer = lead.post(f"/api/v1/conversations/{talk.pk}/reopen/")
    assert (status, answer["code"]) == (409, "other_open")


def test_it_sends_again_what_failed_and_nothing_else(lead: Api, talk: Conversation) -> None:
    failed = world.message(talk, "x", "outbound", status="failed", error_code=63019)
    path = f"/api/v1/messages/{failed.pk}/retry/"
    status, answer = lead.post(path)
    assert (status, answer["status"], answer["error_code"]) == (200, "queued", None)
    status, answer = lead.post(path)
    assert (status, answer["code"]) == (409, "not_failed")


def test_one_caller_has_a_rate_and_the_other_one_another(
    lead: Api, talk: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inbox.api.throttles import PerCaller

    monkeypatch.setattr(PerCaller, "THROTTLE_RATES", {"api": "3/min"})
    assert [lead.get("/api/v1/channels/")[0] for _ in range(4)] == [200, 200, 200, 429]
    response = lead.raw_post("/api/whatsapp/send", {"to": "+447700900318", "message": "x"})
    assert (response.status_code, response.json()["code"]) == (429, "throttled")
    assert 0 < int(response["Retry-After"]) <= 60
    assert Api(lead.agent).get("/api/v1/channels/")[0] == 200


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
@pytest.mark.parametrize(
    "path", ["/api/", "/api/v2/", "/api/v1/nothing", "/api/v1/messages/x/", "/api/v1/messages/-1"]
)
def test_nothing_under_api_answers_in_html(lead: Api, method: str, path: str) -> None:
    response = getattr(lead.client, method)(path, headers=lead.headers())
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


def test_other_methods_are_refused_as_json(lead: Api, talk: Conversation) -> None:
    response = lead.client.delete(f"/api/v1/conversations/{talk.pk}/", headers=lead.headers())
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")
    huge = lead.get(f"/api/v1/messages/{'9' * 400}")
    assert huge[0] == 404
