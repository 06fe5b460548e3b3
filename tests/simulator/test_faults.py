from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from channels_whatsapp.simulator import ACCOUNT_SID, AUTH_TOKEN, Simulator
from channels_whatsapp.simulator.faults import KINDS, Faults
from tests.simulator.conftest import CUSTOMER, App

Send = Callable[..., Any]
POST = "POST */Messages.json"


@pytest.fixture(autouse=True)
def _open_window(sim: Simulator, app: App) -> None:
    sim.customer(CUSTOMER).send_text("hi")
    sim.wait_idle()
    app.calls.clear()


def bodies(sim: Simulator) -> list[str]:
    sim.wait_idle()
    return sim.delivered_bodies(CUSTOMER)


def test_throttled_never_happened(sim: Simulator, send: Send) -> None:
    sim.faults.add("throttle", on=POST, retry_after=7)
    answer = requests.post(
        f"{sim.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json",
        auth=(ACCOUNT_SID, AUTH_TOKEN),
        timeout=5,
    )
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (429, "7", 20429)
    assert bodies(sim) == []


@pytest.mark.parametrize(("kind", "arrived"), [("error_before", []), ("error_after", ["x"])])
def test_a_500_says_nothing_about_what_happened(
    sim: Simulator, send: Send, kind: str, arrived: list[str]
) -> None:
    sim.faults.add(kind, on=POST)
    with pytest.raises(TwilioRestException) as refusal:
        send("x")
    assert (refusal.value.status, refusal.value.code) == (500, 20500)
    assert bodies(sim) == arrived


@pytest.mark.parametrize(("kind", "arrived"), [("reset_before", []), ("reset_after", ["x"])])
def test_a_reset_cuts_the_socket(sim: Simulator, send: Send, kind: str, arrived: list[str]) -> None:
    sim.faults.add(kind, on=POST)
    with pytest.raises(requests.ConnectionError) as cut:
        send("x")
    assert "reset" in str(cut.value).lower()
    assert bodies(sim) == arrived


def test_a_hanging_call_took_effect_and_calls_back_meanwhile(sim: Simulator, send: Send, app: App) -> None:
    sim.faults.add("hang_after", on=POST, seconds=0.4)
    began = time.monotonic()
    with pytest.raises(requests.ConnectionError):
        send("x")
    assert time.monotonic() - began >= 0.4
    assert bodies(sim) == ["x"]
    assert app.statuses() == ["sent", "delivered"]


def test_a_callback_may_overtake_the_answer(sim: Simulator, send: Send, app: App) -> None:
    sim.faults.add("callback_first", on=POST)
    seen: list[str] = []
    app.answer = lambda call: (seen.append(call.path), 200)[1]
    send("x")
    assert seen[:1] == ["/status?ref=abc"]
    sim.wait_idle()
    assert app.statuses() == ["sent", "delivered"]


def test_a_message_may_hide_from_the_list(sim: Simulator, client: Client, send: Send) -> None:
    sim.faults.add("hide", on=POST, seconds=600)
    sid = send("x").sid
    assert sid not in [m.sid for m in client.messages.list()]
    assert client.messages(sid).fetch().sid == sid
    sim.advance(minutes=11)
    assert sid in [m.sid for m in client.messages.list()]


def test_a_list_call_may_fail(sim: Simulator, client: Client) -> None:
    sim.faults.add("error_before", on="GET */Messages.json")
    with pytest.raises(TwilioException):
        client.messages.list()
    assert client.messages.list()


def test_any_refusal_can_be_ordered(sim: Simulator, send: Send) -> None:
    sim.faults.add("refuse", on=POST, code=21408)
    with pytest.raises(TwilioRestException) as refusal:
        send("x")
    assert refusal.value.code == 21408


def test_the_next_message_can_be_doomed(sim: Simulator, send: Send, app: App) -> None:
    sim.faults.add("fail", on=POST, code=63024)
    send("x")
    send("y")
    assert bodies(sim) == ["y"]
    assert next(c for c in app.calls if "ErrorCode" in c.params).params["ErrorCode"] == "63024"


def test_webhooks_can_be_lost_doubled_and_forged(sim: Simulator, app: App) -> None:
    anna = sim.customer(CUSTOMER)
    sim.faults.add("drop", on="message *")
    anna.send_text("lost")
    sim.faults.add("duplicate", on="message *", gap=0.05)
    anna.send_text("twice")
    sim.wait_idle()
    assert [c.params["Body"] for c in app.calls] == ["twice", "twice"]
    assert len({c.params["MessageSid"] for c in app.calls}) == 1
    assert [e.remark for e in sim.log.entries(kind="message")][-1] == "duplicate"
    sim.faults.add("wrong_signature")
    anna.send_text("forged")
    sim.wait_idle()
    call = app.calls[-1]
    assert not RequestValidator(AUTH_TOKEN).validate(
        app.url + call.path, call.params, call.headers["X-Twilio-Signature"]
    )


def test_webhooks_can_be_held(sim: Simulator, app: App) -> None:
    sim.faults.add("hold", seconds=0.3)
    began = time.monotonic()
    sim.customer(CUSTOMER).send_text("slow")
    sim.wait_idle()
    assert time.monotonic() - began >= 0.3
    assert len(app.calls) == 1


@pytest.mark.parametrize(
    ("order", "told"), [("swap", ["sent", "read", "delivered"]), ("reverse", ["read", "delivered", "sent"])]
)
def test_statuses_can_come_in_another_order(
    sim: Simulator, send: Send, app: App, order: str, told: list[str]
) -> None:
    sim.journeys.auto_read = True
    sim.faults.add("reorder", on=POST, order=order)
    send("x")
    sim.wait_idle()
    assert app.statuses() == told
    assert "out-of-order" in [e.remark for e in sim.log.entries(kind="status")]


def test_a_seeded_plan_repeats_itself() -> None:
    def run() -> list[str]:
        faults = Faults(random.Random(5))
        faults.plan({"throttle": 0.2, "reset_after": 0.2})
        return ["".join(faults.take("POST /x/Messages.json", KINDS)) for _ in range(50)]

    first = run()
    assert first == run()
    assert {"throttle", "reset_after", ""} == set(first)


def test_an_unknown_fault_is_an_error(sim: Simulator) -> None:
    with pytest.raises(ValueError, match="No fault is called"):
        sim.faults.add("meteor")


def test_a_fault_strikes_as_often_as_told(sim: Simulator, send: Send) -> None:
    sim.faults.add("error_before", on=POST, times=2)
    for _ in range(2):
        with pytest.raises(TwilioRestException):
            send("x")
    send("x")
    assert bodies(sim) == ["x"]


# Media


def media_url(sim: Simulator) -> str:
    message = sim.customer(CUSTOMER).send_image()
    return f"{sim.url}/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/{message.sid}/Media/{message.media[0].sid}"


def test_media_redirect_to_another_host_without_credentials(sim: Simulator) -> None:
    url = media_url(sim)
    assert requests.get(url, allow_redirects=False, timeout=5).status_code == 401
    answer = requests.get(url, auth=(ACCOUNT_SID, AUTH_TOKEN), allow_redirects=False, timeout=5)
    assert answer.status_code == 307
    assert answer.headers["Location"].startswith(f"http://localhost:{sim.port}/cdn/ME")
    file = requests.get(answer.headers["Location"], timeout=5)
    assert (file.status_code, file.headers["Content-Type"], file.content[:2]) == (
        200,
        "image/jpeg",
        b"\xff\xd8",
    )
    assert sim.cdn.leaks == 0
    requests.get(answer.headers["Location"], auth=("a", "b"), timeout=5)
    assert sim.cdn.leaks == 1
    sim.advance(hours=5)
    assert requests.get(answer.headers["Location"], timeout=5).status_code == 403


def test_media_may_come_late(sim: Simulator) -> None:
    url = media_url(sim)
    sim.faults.add("media_404")
    assert requests.get(url, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5).status_code == 404
    assert requests.get(url, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5).status_code == 200


def test_media_may_be_endless_or_trickle(sim: Simulator) -> None:
    url = media_url(sim)
    sim.faults.add("media_huge", megabytes=3, declared=False)
    assert len(requests.get(url, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5).content) == 3 * 1024 * 1024
    sim.faults.add("media_trickle")
    with requests.get(url, auth=(ACCOUNT_SID, AUTH_TOKEN), timeout=5, stream=True) as answer:
        assert next(answer.iter_content(1)) == b"\xff"


def test_outbound_media_are_really_fetched(sim: Simulator, send: Send, app: App) -> None:
    path = f"/phone/media/{sim.customer(CUSTOMER).send_image().media[0].sid}"
    send("look", media_url=[f"{sim.url}{path}"])
    send("gone", media_url=[f"{sim.url}/phone/media/none"])
    send("far", media_url=["https://files.example/a.jpg"])
    sim.wait_idle()
    assert [c.params.get("ErrorCode") for c in app.calls if c.params.get("MessageStatus") == "failed"] == [
        "63019"
    ]
    assert sim.customer(CUSTOMER).received[0].media[0].content_type == "image/jpeg"
