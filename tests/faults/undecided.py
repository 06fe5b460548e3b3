"""Sends of unknown outcome, until none is left: the list tells of some, of the others a person does."""

from __future__ import annotations

import time
from dataclasses import dataclass

from channels_whatsapp.simulator import CustomerHandle
from tests.faults.cluster import Cluster
from tests.faults.people import Desk


@dataclass
class Found:
    by_list: int = 0
    by_a_person: int = 0


UNKNOWN = """
SELECT m.id, a.ref::text FROM inbox_message m JOIN inbox_sendattempt a ON a.message_id = m.id
WHERE m.id = ANY(%s) AND m.status = 'unknown'
  AND a.id = (SELECT max(id) FROM inbox_sendattempt WHERE message_id = m.id)
"""


def settle(
    cluster: Cluster, desk: Desk, friends: list[CustomerHandle], ids: list[int], *, seconds: float
) -> Found:
    """Wait until every message went out.

    The person is told the truth by the customer: a message that Twilio never had did not arrive, so they say
    so and press Retry. For what Twilio has, nobody is asked: `reconcile` reads Twilio's list.
    """
    found, deadline = Found(), time.monotonic() + seconds
    while waiting := cluster.waiting(ids):
        assert time.monotonic() < deadline, f"{waiting} messages are still waiting"
        unknown = cluster.rows(UNKNOWN, ids)
        for message, ref in unknown:
            if not has(cluster, friends, ref):
                desk.say_that_it_did_not_arrive(message)
                desk.retry(message)
                found.by_a_person += 1
        still = {message for message, _ in cluster.rows(UNKNOWN, ids)} & {message for message, _ in unknown}
        if still and cluster.sim.wait_idle(1):
            found.by_list += recover(cluster, still)
        time.sleep(0.5)
    return found


def has(cluster: Cluster, friends: list[CustomerHandle], ref: str) -> bool:
    return any(ref in message.callback for message in cluster.sent_to(friends))


def recover(cluster: Cluster, messages: set[int]) -> int:
    """How many of them one comparison with Twilio's list settled; the list may be out of order too."""
    cluster.manage("reconcile", may_fail=True)
    return cluster.one(
        "SELECT count(*) FROM inbox_message WHERE id = ANY(%s) AND sid IS NOT NULL", sorted(messages)
    )
