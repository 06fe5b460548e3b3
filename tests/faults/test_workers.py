"""The worker dies at the worst moment: Twilio has the message, and nobody has its answer."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from channels_whatsapp.simulator import CustomerHandle
from tests.faults.cluster import Cluster, Ground, running_cluster, wait_until
from tests.faults.conftest import Figures

CREATE = "POST */Messages.json"


@pytest.fixture(scope="module")
def shared(ground: Ground) -> Iterator[Cluster]:
    # A call that waits for its answer must outlive the order to kill.
    with running_cluster(ground, TWILIO_TIMEOUT="20") as cluster:
        yield cluster


def test_a_worker_killed_before_the_answer_sends_nothing_twice_and_freezes_nothing(
    cluster: Cluster, figures: Figures
) -> None:
    kill_between_call_and_answer(cluster, figures, kills=5)


def kill_between_call_and_answer(cluster: Cluster, figures: Figures, kills: int) -> None:
    """Every fifth time the callbacks get lost too, so that only Twilio's list can tell."""
    began, friends = time.monotonic(), cluster.friends(kills)
    for n, friend in enumerate(friends):
        if n % 5 == 0:
            cluster.sim.faults.add("drop", on="status *", times=2)
        ids = cluster.send_each([(friend.address, "the order"), (friend.address, "and then")])
        kill_while_it_waits(cluster, friend)
        # The next life begins as the supervisor would begin it: soon, and with a sweep.
        cluster.start_worker()
        assert len(ids) == 2
    last_kill = time.monotonic()
    wait_until(lambda: not cluster.waiting(), 200, "a conversation is frozen", every=0.5)
    freed = time.monotonic() - last_kill
    assert cluster.sim.wait_idle(30)

    reached = Counter((message.customer.address, message.body) for message in cluster.sent())
    assert reached == Counter((friend.address, body) for friend in friends for body in ("the order", "and then"))
    states = cluster.rows("SELECT status FROM inbox_message WHERE direction = 'outbound'")
    assert {status for (status,) in states} == {"delivered"}
    calls = cluster.one("SELECT count(*) FROM inbox_sendattempt")
    assert calls == 2 * kills
    figures("R4", kills=kills, at_customers=len(reached), rows_sent=len(states), calls=calls, duplicates=0)
    assert freed <= 120
    assert cluster.one("SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'") == 0
    figures("R13", frozen_conversations=kills, all_free_after_seconds=freed, blind_second_calls=calls - 2 * kills,
            seconds=time.monotonic() - began)  # fmt: skip


def kill_while_it_waits(cluster: Cluster, friend: CustomerHandle) -> None:
    """`kill -9` the worker from inside the handler: after the message exists, before its answer leaves."""
    killed = threading.Event()
    answer = cluster.sim.rest._after

    def kill_first(reply: object, faults: object) -> object:
        if not killed.is_set():
            killed.set()
            cluster.kill_worker()
        return answer(reply, faults)  # type: ignore[arg-type]

    cluster.sim.rest._after = kill_first  # type: ignore[method-assign,assignment]
    try:
        wait_until(killed.is_set, 60, "the worker made no call")
        wait_until(lambda: "worker" not in cluster.processes, 20, "the worker lives")
    finally:
        cluster.sim.rest._after = answer  # type: ignore[method-assign]
