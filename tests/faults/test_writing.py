"""Two agents answer the same customer at the same moment."""

from __future__ import annotations

import threading
import time

import urllib3

from tests.faults.cluster import Cluster, in_parallel
from tests.faults.conftest import Figures
from tests.faults.people import Desk, signed_in

ROUNDS = 100


def test_of_two_who_press_send_at_once_one_is_asked_first(cluster: Cluster, figures: Figures) -> None:
    (friend,) = cluster.friends(1)
    desks = [signed_in(cluster, name) for name in ("ada", "ben")]
    conversation, began = desks[0].conversation_with(friend.address), time.monotonic()
    kept = 0
    for n in range(ROUNDS):
        answers = press_at_once(cluster, desks, conversation, f"round {n}")
        assert sorted(answer.status for answer in answers) == [200, 422]
        late = next(number for number, answer in enumerate(answers) if answer.status == 422)
        assert answers[late].headers["X-Refused"] == "newer_messages"
        kept += f">round {n} by {late}</textarea>" in answers[late].data.decode()
    assert kept == ROUNDS
    cluster.wait_until_settled(cluster.outbound_to(friend.address), 60)
    assert cluster.sim.wait_idle(30)
    delivered = cluster.sim.delivered_bodies(friend.address)
    assert [body.rpartition(" by ")[0] for body in delivered] == [f"round {n}" for n in range(ROUNDS)]
    figures("R16", rounds=ROUNDS, sent=len(delivered), asked_first=ROUNDS, texts_kept=kept, texts_lost=0,
            seconds=time.monotonic() - began)  # fmt: skip


def press_at_once(
    cluster: Cluster, desks: list[Desk], conversation: int, text: str
) -> list[urllib3.BaseHTTPResponse]:
    seen = cluster.one("SELECT max(id) FROM inbox_message WHERE conversation_id = %s", conversation)
    start = threading.Barrier(len(desks))

    def press(number: int) -> urllib3.BaseHTTPResponse:
        start.wait(10)
        return desks[number].write(conversation, f"{text} by {number}", seen=seen)

    return in_parallel(press, range(len(desks)), threads=len(desks))
