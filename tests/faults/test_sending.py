"""Twilio's answers get lost, and still each customer gets each message once."""

from __future__ import annotations

import time
from collections import Counter

from channels_whatsapp.simulator import CustomerHandle
from channels_whatsapp.simulator.log import Entry
from tests.faults.cluster import Cluster, in_parallel
from tests.faults.conftest import Figures
from tests.faults.people import signed_in
from tests.faults.undecided import settle

CREATE = "POST */Messages.json"


def test_a_lost_answer_never_becomes_a_second_message(cluster: Cluster, figures: Figures) -> None:
    began = time.monotonic()
    lost_and_found(cluster, figures, "R3", people=50, each=4)
    assert time.monotonic() - began < 200


def lost_and_found(cluster: Cluster, figures: Figures, which: str, *, people: int, each: int) -> None:
    began, friends = time.monotonic(), cluster.friends(people)
    after, before = {"error_after": 0.08, "reset_after": 0.08}, {"error_before": 0.03, "reset_before": 0.02}
    cluster.sim.faults.plan({"throttle": 0.04, **after, **before})
    cluster.sim.faults.add("hang_after", on=CREATE, times=None, chance=0.03, seconds=3)
    cluster.sim.faults.add("drop", on="status *", times=None, chance=0.4)
    done = len(calls(cluster))
    ids = cluster.send_rounds(friends, ["Your table is ready."] * each)
    found = settle(cluster, signed_in(cluster, "ada"), friends, ids, seconds=180)

    wanted = people * each
    accepted = cluster.sent_to(friends)
    per_person = Counter(message.customer.address for message in accepted)
    assert len(accepted) == wanted, f"{len(accepted)} at Twilio, {wanted} wanted"
    assert set(per_person.values()) == {each}
    bound = cluster.rows("SELECT sid FROM inbox_message WHERE id = ANY(%s)", ids)
    assert {sid for (sid,) in bound} == {message.sid for message in accepted}
    made = calls(cluster)[done:]
    lost = sum(entry.code != 201 for entry in made)
    figures(
        which, wanted=wanted, at_Twilio=len(accepted), duplicates=0, calls=len(made), without_201=lost,
        unknown_found_by_list=found.by_list, decided_by_a_person=found.by_a_person,
        left_unknown=cluster.waiting(ids), seconds=time.monotonic() - began,
    )  # fmt: skip


def calls(cluster: Cluster) -> list[Entry]:
    return cluster.sim.log.entries(way="out", kind="Messages.create")


def test_faults_in_a_third_of_the_calls_change_neither_number_nor_order(
    cluster: Cluster, figures: Figures
) -> None:
    began, friends = time.monotonic(), cluster.friends(50)
    before = len(calls(cluster))
    cluster.sim.log.reset_counters()
    faults = cluster.sim.faults
    faults.add("throttle", on=CREATE, times=None, chance=0.05, retry_after=2)
    faults.add("hang_after", on=CREATE, times=None, chance=0.05, seconds=3)
    faults.plan({"error_after": 0.12, "reset_after": 0.10})
    texts = [f"part {n}" for n in range(4)]
    ids = cluster.send_rounds(friends, texts)
    cluster.wait_until_settled(ids, 120)
    assert cluster.sim.wait_idle(30)

    assert [cluster.sim.delivered_bodies(friend.address) for friend in friends] == [texts] * len(friends)
    made = calls(cluster)[before:]
    faulty = sum(entry.code != 201 for entry in made)
    assert faulty / len(made) > 0.2
    assert cluster.sim.log.peak <= 20
    assert sooner_than_asked(cluster, ids) == 0
    throttled = [entry for entry in made if entry.code == 429]
    assert throttled
    assert sum(begun_within(made, entry, 1.0, 1.95) for entry in throttled) == 0
    figures(
        "R5", wanted=len(ids), delivered_once_and_in_order=len(ids), calls=len(made), faulty=faulty,
        throttled=len(throttled), begun_while_paused=sum(begun_within(made, e, 0.2, 1.95) for e in throttled),
        at_once=cluster.sim.log.peak, seconds=time.monotonic() - began,
    )  # fmt: skip


def sooner_than_asked(cluster: Cluster, ids: list[int]) -> int:
    """Attempts that began before the Retry-After (2 s) of the same message's attempt before was over."""
    return cluster.one(
        """
        SELECT count(*) FROM inbox_sendattempt again JOIN inbox_sendattempt first USING (message_id)
        WHERE message_id = ANY(%s) AND again.id > first.id AND first.outcome = 'postponed'
          AND again.started_at < first.finished_at + interval '2 s'
        """, ids,
    )  # fmt: skip


def begun_within(made: list[Entry], throttled: Entry, after: float, before: float) -> int:
    """Calls that began in that part of the pause; those in flight at its start are not held back any more."""
    starts = [entry.at.timestamp() - entry.took_ms / 1000 - throttled.at.timestamp() for entry in made]
    return sum(after < start < before for start in starts)


def test_a_callback_may_come_before_the_answer(cluster: Cluster, figures: Figures) -> None:
    friends = cluster.friends(20)
    cluster.sim.faults.add("callback_first", on=CREATE, times=None)
    ids = cluster.send_rounds(friends, ["before its answer"])
    cluster.wait_until_settled(ids, 60)
    assert cluster.sim.wait_idle(30)
    states = cluster.rows(
        """
        SELECT m.status, m.sid = a.sid, a.outcome
        FROM inbox_message m JOIN inbox_sendattempt a ON a.message_id = m.id WHERE m.id = ANY(%s)
        """, ids,
    )  # fmt: skip
    assert states == [("delivered", True, "accepted")] * len(ids)
    unsettled = "SELECT count(*) FROM channels_whatsapp_receipt WHERE sid = ANY(%s) AND outcome <> 'applied'"
    assert cluster.one(unsettled, [message.sid for message in cluster.sent_to(friends)]) == 0
    figures("R7", sent=len(ids), bound_once=len(states), callbacks_without_a_message=0)


def test_a_hundred_requests_with_one_key_are_one_message(cluster: Cluster, figures: Figures) -> None:
    (friend,) = cluster.friends(1)
    began = time.monotonic()
    answers = in_parallel(
        lambda n: cluster.post_send(friend.address, "once, please", key="the same"), range(100), 32
    )
    assert {answer.status for answer in answers} <= {200, 202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert delivered(cluster, friend) == ["once, please"]
    figures("R17 (API)", requests=100, messages=1, seconds=time.monotonic() - began)


def test_a_hundred_presses_of_one_send_are_one_message(cluster: Cluster, figures: Figures) -> None:
    (friend,) = cluster.friends(1)
    desk = signed_in(cluster, "ada")
    conversation = desk.conversation_with(friend.address)
    began = time.monotonic()
    answers = in_parallel(
        lambda n: desk.write(conversation, "pressed often", client_id="5" * 32), range(100), 32
    )
    assert {answer.status for answer in answers} == {200}
    assert delivered(cluster, friend) == ["pressed often"]
    figures("R17 (composer)", requests=100, messages=1, seconds=time.monotonic() - began)


def delivered(cluster: Cluster, friend: CustomerHandle) -> list[str]:
    cluster.wait_until_settled(cluster.outbound_to(friend.address), 30)
    assert cluster.sim.wait_idle(30)
    return cluster.sim.delivered_bodies(friend.address)
