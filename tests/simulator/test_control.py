from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

import requests

from channels_whatsapp.simulator import SENDER, Simulator
from tests.simulator.conftest import CUSTOMER, App


def control(sim: Simulator, name: str, /, **data: Any) -> Any:
    answer = requests.post(f"{sim.url}/_sim/{name}", json=data, timeout=5)
    assert answer.status_code == 200, answer.text
    return answer.json()


def state(sim: Simulator) -> Any:
    return requests.get(f"{sim.url}/_sim/state", timeout=5).json()


def test_another_process_can_play_a_customer(sim: Simulator, app: App) -> None:
    anna = control(sim, "customers", address=CUSTOMER, name="Anna")
    assert anna["user_id"].startswith("whatsapp:GB.")
    control(sim, "send", **{"from": CUSTOMER, "body": "hi"})
    file = base64.b64encode(b"%PDF-1.4").decode()
    sent = control(sim, "send", **{"from": CUSTOMER, "kind": "document", "name": "a.pdf", "data": file})
    assert sent["media"][0]["size"] == 8
    assert control(sim, "wait") == {"idle": True}
    assert state(sim)["written_by"] == {CUSTOMER: 2}
    assert state(sim)["webhooks"] == {"total": 2, "accepted": 2}
    log = requests.get(f"{sim.url}/_sim/log?kind=message", timeout=5).json()["entries"]
    assert [e["params"]["Body"] for e in log] == ["hi", "a.pdf"]


def test_faults_clock_and_history_go_by_json(sim: Simulator) -> None:
    control(sim, "customers", address=CUSTOMER)
    control(sim, "send", **{"from": CUSTOMER, "body": "hi"})
    assert control(sim, "faults", kind="hold", times=None, seconds=0)["options"] == {"seconds": 0}
    assert requests.delete(f"{sim.url}/_sim/faults", timeout=5).json() == {"faults": []}
    control(sim, "faults", plan={"throttle": 0.5})
    control(sim, "clock", customer=CUSTOMER, sender=SENDER, seconds=23 * 3600)
    left = sim.twilio.window_left(sim.twilio.customer(CUSTOMER), SENDER)
    assert 3500 < left.total_seconds() <= 3600
    at = datetime(2026, 11, 20, tzinfo=UTC).isoformat()
    sids = control(
        sim, "history", messages=[{"customer": CUSTOMER, "sender": SENDER, "body": "old", "at": at}]
    )["sids"]
    assert sim.twilio.message(sids[0]).body == "old"
    control(sim, "read", auto=True)
    assert sim.journeys.auto_read
    control(sim, "reset")
    assert state(sim)["messages"] == {"total": 0, "inbound": 0}
    assert [s["address"] for s in state(sim)["senders"]] == [SENDER]


def test_mistakes_are_answered_in_words(sim: Simulator) -> None:
    assert requests.post(f"{sim.url}/_sim/faults", json={"kind": "meteor"}, timeout=5).status_code == 400
    assert requests.post(f"{sim.url}/_sim/send", data="[", timeout=5).status_code == 400
    assert requests.get(f"{sim.url}/_sim/none", timeout=5).json()["code"] == 20404
    assert requests.put(f"{sim.url}/_sim/send", timeout=5).json()["code"] == 20405


def test_it_answers_this_machine_only(sim: Simulator) -> None:
    assert (
        requests.get(f"{sim.url}/_sim/state", headers={"Host": "evil.example"}, timeout=5).status_code == 403
    )
    cross = {"Sec-Fetch-Site": "cross-site"}
    assert requests.post(f"{sim.url}/_sim/reset", headers=cross, timeout=5).status_code == 403


def test_time_that_passes_is_told_to_the_application(sim: Simulator) -> None:
    told: list[tuple[str, str, float]] = []
    sim.twilio.on_time_passed = lambda customer, sender, delta: told.append(
        (customer, sender, delta.total_seconds())
    )
    sim.customer(CUSTOMER).send_text("hi")
    control(sim, "clock", customer=CUSTOMER, sender=SENDER, seconds=60)
    assert told == [(CUSTOMER, SENDER, 60.0)]
