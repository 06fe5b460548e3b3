"""The worker dies at the worst moment: Twilio has the message, and nobody has its answer."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from channels_whatsapp.simulator.faults import Fault
from channels_whatsapp.simulator.web import Answer
from tests.faults.cluster import Cluster, wait_until
from tests.faults.conftest import Figures


def test_a_worker_killed_before_the_answer_sends_nothing_twice_and_freezes_nothing(
    cluster: Cluster, figures: Figures
) -> None:
    kill_between_call_and_answer(cluster, figures, kills=5)


def kill_between_call_and_answer(cluster: Cluster, figures: Figures, kills: int) -> None:
    """Every fifth time the callbacks get lost too, so that only Twilio's list can tell."""
    began, friends = time.monotonic(), cluster.friends(kills)
    ids: list[int] = []
    for n, friend in enumerate(friends):
        if n % 5 == 0:
            cluster.sim.faults.add("drop", on="status *", times=2)
        with killed_at_the_next_call(cluster):
            ids += cluster.send_each([(friend.address, "the order"), (friend.address, "and then")])
        # The next life begins as the supervisor would begin it: soon, and with a sweep.
        cluster.start_worker()
    last_kill = time.monotonic()
    cluster.wait_until_settled(ids, 200)
    freed = time.monotonic() - last_kill
    assert cluster.sim.wait_idle(30)

    reached = Counter((message.customer.address, message.body) for message in cluster.sent_to(friends))
    assert reached == Counter(
        (friend.address, body) for friend in friends for body in ("the order", "and then")
    )
    states = cluster.rows("SELECT status FROM inbox_message WHERE id = ANY(%s)", ids)
    assert {status for (status,) in states} == {"delivered"}
    calls = cluster.one("SELECT count(*) FROM inbox_sendattempt WHERE message_id = ANY(%s)", ids)
    assert calls == 2 * kills
    figures("R4", kills=kills, at_customers=len(reached), rows_sent=len(states), calls=calls, duplicates=0)
    assert freed <= 120
    jobs = "SELECT 1 FROM procrastinate_jobs WHERE task_name = 'send_message'"
    wait_until(lambda: not cluster.rows(jobs), 60, "a job stays in the hands of nobody")
    figures(
        "R13", frozen_conversations=kills, all_free_after_seconds=freed, blind_second_calls=0,
        seconds=time.monotonic() - began,
    )  # fmt: skip


@contextmanager
def killed_at_the_next_call(cluster: Cluster) -> Iterator[None]:
    """`kill -9` the worker from inside Twilio's handler: the message exists, its answer has not left."""
    killed, answer = threading.Event(), cluster.sim.rest._after

    def kill_first(reply: Answer, faults: dict[str, Fault]) -> Answer:
        if reply.status == 201 and not killed.is_set():
            killed.set()
            cluster.kill_worker()
        return answer(reply, faults)

    cluster.sim.rest._after = kill_first  # type: ignore[method-assign]
    try:
        yield
        wait_until(
            lambda: killed.is_set() and "worker" not in cluster.processes, 60, "the worker made no call"
        )
    finally:
        cluster.sim.rest._after = answer  # type: ignore[method-assign]
