from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core.cache import cache

from channels_whatsapp import api as send_api
from channels_whatsapp.simulator import Simulator
from inbox.models import Contact, Conversation, Message, Team, Window
from tests import world
from tests.conftest import ACCOUNT_SID
from tests.inbox.api.conftest import Api
from tests.jobs import run_due_jobs
from tests.threads import at_once

SEND = "/api/whatsapp/send"
NOUR = "whatsapp:+447700900318"


@pytest.fixture(autouse=True)
def nobody_counted_yet(db: None) -> Iterator[None]:
    cache.clear()
    yield


@pytest.fixture
def lead() -> Api:
    return Api(world.agent("lead", "lead"))


@pytest.fixture
def nour() -> Conversation:
    return world.conversation(world.contact("Nour", NOUR), world.channel())


def test_it_queues_and_says_so_in_the_contracts_words(lead: Api, nour: Conversation) -> None:
    for path in (SEND, f"{SEND}/"):
        status, answer = lead.post(path, {"to": "+447700900318", "message": "Good morning"})
        message = Message.objects.latest("pk")
        expected = {"success": True, "id": message.pk, "status": "queued", "messageSid": None}
        assert (status, answer) == (202, expected)
        assert (message.conversation, message.author, message.body) == (nour, lead.agent, "Good morning")


@pytest.mark.parametrize(
    "to", [NOUR, "+44 7700 900318", "447700900318", "whatsapp:447700900318", "+44-7700 (900) 318"]
)
def test_it_knows_a_number_however_it_is_written(lead: Api, nour: Conversation, to: str) -> None:
    assert lead.post(SEND, {"to": to, "message": "x"})[0] == 202


def test_it_reaches_a_customer_without_a_number(lead: Api) -> None:
    user_id = "whatsapp:GB.1349876543210"
    world.conversation(world.contact("Zofia", user_id), world.channel())
    assert lead.post(SEND, {"to": user_id, "message": "x"})[0] == 202
    assert Contact.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [{}, {"to": "+447700900318"}, {"message": "x"}, {"to": "", "message": "x"}, {"to": NOUR, "message": ""},
     {"to": None, "message": "x"}, [], '"x"', None],
    ids=str,
)  # fmt: skip
def test_it_asks_for_what_is_missing(lead: Api, nour: Conversation, body: Any) -> None:
    status, answer = lead.post(SEND, "null" if body is None else body)
    assert status == 400
    assert answer["success"] is False
    assert answer["error"] == "to and message required"


@pytest.mark.parametrize(
    "body",
    [
        {"to": "nour"}, {"to": "+0123"}, {"to": "+1" * 40}, {"to": "whatsapp:"},
        {"to": 447700900318}, {"to": ["+447700900318"]},
        {"to": "\x00"}, {"to": "sms:+447700900318"}, {"to": "whatsapp:GB." + "a" * 129}, {"message": 5},
        {"message": {"a": 1}}, {"message": "x" * 70_000}, {"message": "\x00"}, {"media_url": "file:///etc/passwd"},
        {"content_sid": "HX1"}, {"content_variables": {"1": "x"}}, {"from": "shop"},
        {"from": "+447700900199"},
        {"message": "x" * 1601},
    ],
    ids=lambda body: str(body)[:50],
)  # fmt: skip
def test_it_says_which_field_is_wrong(lead: Api, nour: Conversation, body: dict[str, Any]) -> None:
    status, answer = lead.post(SEND, {"to": NOUR, "message": "x"} | body)
    assert status == 400, answer
    assert answer["success"] is False
    assert answer["error"]
    assert not Message.objects.exists()


def test_it_refuses_after_the_window_and_keeps_nothing(lead: Api) -> None:
    world.channel()
    status, answer = lead.post(SEND, {"to": "+447700900999", "message": "hello"})
    assert (status, answer["success"], answer["code"]) == (409, False, "window_closed")
    assert not Contact.objects.exists()
    assert not Conversation.objects.exists()


def test_a_template_opens_a_conversation(lead: Api) -> None:
    world.channel()
    body = {"to": "+447700900999", "content_sid": "HX" + "a" * 32, "content_variables": {"1": "Nour"}}
    status, answer = lead.post(SEND, body)
    assert status == 202
    message = Message.objects.get(pk=answer["id"])
    assert message.payload["content_variables"] == {"1": "Nour"}
    assert message.conversation.address.value == "whatsapp:+447700900999"


def test_variables_may_also_come_as_twilio_takes_them(lead: Api, nour: Conversation) -> None:
    body = {"to": NOUR, "content_sid": "HX" + "a" * 32}
    _status, answer = lead.post(SEND, body | {"content_variables": '{"1": "Nour"}'})
    assert Message.objects.get(pk=answer["id"]).payload["content_variables"] == {"1": "Nour"}
    for wrong in ("{", "[]", '{"1": 5}', "[" * 50_000, 5):
        assert lead.post(SEND, body | {"content_variables": wrong})[0] == 400


def test_it_does_not_write_to_who_opted_out(lead: Api, nour: Conversation) -> None:
    Window.objects.update(opted_out_at="2026-01-01T00:00:00Z")
    status, answer = lead.post(SEND, {"to": NOUR, "message": "x"})
    assert (status, answer["code"]) == (403, "opted_out")


def test_from_chooses_the_channel(lead: Api, nour: Conversation, settings: Any) -> None:
    us = world.channel("Shop US", "whatsapp:+12025550134")
    world.conversation(nour.contact, us, left=timedelta(hours=2))

    def channel_of(**more: str) -> str:
        _status, answer = lead.post(SEND, {"to": NOUR, "message": "x"} | more)
        return Message.objects.get(pk=answer["id"]).conversation.channel.name

    assert channel_of() == "Shop UK"
    assert channel_of(**{"from": "+12025550134"}) == "Shop US"
    settings.TWILIO_WHATSAPP_FROM = "+12025550134"
    assert channel_of() == "Shop US"
    # The default's window is closed, the other's is open: only that one can deliver.
    Window.objects.filter(channel=us).update(closes_at=nour.created_at)
    assert channel_of() == "Shop UK"


def test_a_key_sees_only_its_agents_channels(nour: Conversation) -> None:
    nour.channel.teams.add(Team.objects.create(name="Orders"))
    stranger = Api(world.agent("stranger"))
    status, answer = stranger.post(SEND, {"to": NOUR, "message": "x"})
    assert (status, answer["code"]) == (400, "no_channel")
    status, answer = stranger.post(SEND, {"to": NOUR, "message": "x", "from": "+447700900142"})
    assert (status, list(answer["fields"])) == (400, ["from"])
    assert not Message.objects.exists()


def test_a_key_sends_once(lead: Api, nour: Conversation) -> None:
    body = {"to": NOUR, "message": "once"}
    answers = [lead.post(SEND, body, Idempotency_Key="order-1") for _ in range(3)]
    assert {(status, answer["id"]) for status, answer in answers} == {(202, Message.objects.get().pk)}
    others = [
        {"message": "twice"}, {"to": "+447700900999"}, {"from": "+12025550134"},
        {"media_url": "https://example.com/a.pdf"},
    ]  # fmt: skip
    world.channel("Shop US", "whatsapp:+12025550134")
    for other in others:
        status, answer = lead.post(SEND, body | other, Idempotency_Key="order-1")
        assert (status, answer["code"]) == (409, "client_id_used"), other
    assert lead.post(SEND, body, Idempotency_Key="order-2")[0] == 202
    assert lead.post(SEND, body, Idempotency_Key="x" * 256)[0] == 400
    assert Message.objects.count() == 2


def test_a_key_still_knows_its_message_when_the_conversation_ended(lead: Api, nour: Conversation) -> None:
    body = {"to": NOUR, "message": "once"}
    first = lead.post(SEND, body, Idempotency_Key="k")[1]
    Window.objects.update(closes_at="2026-01-01T00:00:00Z")
    nour.resolve(by=None)
    assert lead.post(SEND, body, Idempotency_Key="k")[1]["id"] == first["id"]
    nour.refresh_from_db()
    assert nour.is_resolved


@pytest.mark.django_db(transaction=True)
def test_many_at_once_with_one_key_send_once(shop: Any) -> None:
    nour = world.conversation(world.contact("Nour", NOUR), shop.channel)
    lead = Api(world.agent("lead", "lead"))
    press = partial(lead.post, SEND, {"to": NOUR, "message": "once"}, Idempotency_Key="k")
    answers = at_once(*[press] * 8)
    assert {status for status, _ in answers} == {202}
    assert {answer["id"] for _, answer in answers} == {nour.messages.get().pk}


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [("", 0), ("wait=5", 5), ("respond-async, wait=10", 10), ("wait=9999", 30), ("wait=-1", 0), ("wait=x", 0),
     ("wait=5;foo", 5), ("swait=5", 0)],
)  # fmt: skip
def test_it_reads_how_long_to_wait(prefer: str, seconds: float) -> None:
    assert send_api.seconds_to_wait(prefer) == seconds


@pytest.fixture
def worker_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the request waits, the worker works."""
    monkeypatch.setattr(send_api, "pause", lambda seconds: run_due_jobs())


def test_it_waits_for_twilios_answer(
    sim: Simulator, talk: Callable[..., Conversation], worker_meanwhile: None
) -> None:
    conversation = talk()
    lead = Api(world.agent("lead", "lead"))
    body = {"to": conversation.address.value, "message": "Good morning"}
    response = lead.raw_post(SEND, body, Prefer="wait=5")
    answer = response.json()
    assert response.status_code == 200
    assert response["Preference-Applied"] == "wait=5"
    assert answer["messageSid"].startswith(("SM", "MM"))
    assert sim.wait_idle()
    assert sim.twilio.messages[answer["messageSid"]].body == "Good morning"


def test_it_tells_what_twilio_refused(
    sim: Simulator, talk: Callable[..., Conversation], worker_meanwhile: None
) -> None:
    conversation = talk()
    lead = Api(world.agent("lead", "lead"))
    body = {"to": conversation.address.value, "message": "x"}
    sim.faults.add("refuse", on="POST */Messages.json", times=1, code=21211, status=400)
    status, answer = lead.post(SEND, body, Prefer="wait=5")
    assert (status, answer["success"], answer["code"]) == (400, False, "refused_by_twilio")
    assert answer["error_code"] == 21211
    assert answer["error"]


def test_it_does_not_wait_longer_than_asked(
    lead: Api, nour: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[float] = []
    monkeypatch.setattr(send_api, "pause", looks.append)
    ticks = iter(range(1000))
    monkeypatch.setattr(send_api.time, "monotonic", lambda: next(ticks) * 0.5)
    status, answer = lead.post(SEND, {"to": NOUR, "message": "x"}, Prefer="wait=2")
    assert (status, answer["status"], answer["messageSid"]) == (202, "queued", None)
    assert 1 <= len(looks) <= 4


def test_waiting_requests_never_take_every_thread(lead: Api, nour: Conversation, settings: Any) -> None:
    held = 0
    while send_api._waiting.acquire(blocking=False):
        held += 1
    try:
        assert 1 <= held < settings.WEB_THREADS
        response = lead.raw_post(SEND, {"to": NOUR, "message": "x"}, Prefer="wait=30")
        assert response.status_code == 202
        assert "Preference-Applied" not in response
    finally:
        send_api._waiting.release(held)


def test_only_post_is_taken_and_only_with_a_key(lead: Api, client: Any) -> None:
    assert lead.get(SEND)[0] == 405
    assert client.post(SEND, {}, "application/json").status_code == 401
    assert ACCOUNT_SID not in str(lead.get(SEND))


def test_a_closed_window_reads_as_in_the_inbox(lead: Api) -> None:
    world.conversation(world.contact("Nour", NOUR), world.channel(), left=timedelta(seconds=-5))
    _status, answer = lead.post(SEND, {"to": NOUR, "message": "x"})
    assert answer["error"].startswith("The 24-hour window is closed")
    assert answer["next_step"]
