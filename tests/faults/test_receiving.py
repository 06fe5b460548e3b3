"""Webhooks come in any order, twice, wrongly signed, not at all, or with something that breaks us."""

from __future__ import annotations

import itertools
import random
import time
import uuid
from collections import defaultdict
from datetime import datetime, timedelta

from channels_whatsapp.replaying import TRIES
from channels_whatsapp.simulator import SENDER
from channels_whatsapp.simulator.callbacks import Webhook
from tests.faults.cluster import Cluster, in_parallel, wait_until
from tests.faults.conftest import Figures
from tests.faults.offering import inbound, post, post_all, status
from tests.faults.people import signed_in

UNDELIVERED = {"MessageStatus": "undelivered", "ErrorCode": "63024"}
HELD = "SELECT count(*) FROM inbox_message WHERE sid = ANY(%s)"
RETRIES = "procrastinate_jobs WHERE task_name = 'retry_receipt' AND status <> 'failed'"
LADDER = ("sent", "delivered", "read")


def test_statuses_in_any_order_end_in_one_state(cluster: Cluster, figures: Figures) -> None:
    """Each order's callbacks one after another, orders at once on 8 threads; then 200 without any order."""
    began, deadlocks = time.monotonic(), deadlocks_of(cluster)
    arrival = cluster.friends(1)[0]
    orders = [*every_order(), *itertools.repeat((*LADDER, "undelivered", "sent"), 200)]
    refs = messages_at_twilio(cluster, arrival.address, len(orders))
    told = [
        [callback(cluster, ref, arrival.address, word) for word in order]
        for ref, order in zip(refs, orders, strict=True)
    ]
    ordered, jumbled = told[:-200], [webhook for webhooks in told[-200:] for webhook in webhooks]
    codes = in_parallel(lambda webhooks: [post(cluster.pool, cluster, w) for w in webhooks], ordered)
    assert {code for answers in codes for code in answers} == {200}
    random.Random(6).shuffle(jumbled)
    assert set(post_all(cluster, jumbled)) == {200}

    ends = end_states(cluster, refs)
    by_set = defaultdict(set)
    for ref, order in zip(refs, orders, strict=True):
        by_set[frozenset(order)].add(ends[ref])
    assert by_set == {
        frozenset(LADDER): {("read", None, None)},
        frozenset((*LADDER, "undelivered")): {("read", 63024, 63024)},
        frozenset(("sent", "undelivered")): {("undelivered", 63024, 63024)},
    }
    assert deadlocks_of(cluster) == deadlocks
    figures("R6", orders=len(orders), callbacks=sum(map(len, orders)), sets_of_events=len(by_set),
            end_states_per_set=1, deadlocks=0, seconds=time.monotonic() - began)  # fmt: skip


def every_order() -> list[tuple[str, ...]]:
    """Every order of the ladder, of it with any two duplicates, and of it with a failure."""
    repeated = [(*LADDER, *twice) for twice in itertools.combinations_with_replacement(LADDER, 2)]
    sets = [LADDER, *repeated, (*LADDER, "undelivered"), ("sent", "undelivered")]
    return sorted({order for events in sets for order in itertools.permutations(events)})


def messages_at_twilio(cluster: Cluster, address: str, count: int) -> list[str]:
    """Calls in flight, whose answers never come: the refs by which callbacks bind them."""
    refs = [str(uuid.uuid4()) for _ in range(count)]
    cluster.rows(
        """
        WITH made AS (
            INSERT INTO inbox_message (conversation_id, direction, kind, body, payload, status, error,
                client_id, reply_to_sid, recovered, price_unit)
            SELECT c.id, 'outbound', 'text', 'hello', '{}', 'sending', '', ref, '', false, ''
            FROM unnest(%s::uuid[]) ref, inbox_conversation c JOIN inbox_address a ON a.id = c.address_id
            WHERE a.value = %s RETURNING id, client_id
        )
        INSERT INTO inbox_sendattempt (message_id, ref, outcome, detail, fruitless_looks)
        SELECT id, client_id, 'calling', '', 0 FROM made
        """, refs, address,
    )  # fmt: skip
    return refs


def callback(cluster: Cluster, ref: str, address: str, word: str) -> Webhook:
    told = UNDELIVERED if word == "undelivered" else {"MessageStatus": word}
    return status(cluster, {"MessageSid": f"SM{uuid.UUID(ref).hex}", "To": address, **told}, f"?ref={ref}")


def end_states(cluster: Cluster, refs: list[str]) -> dict[str, tuple[str, int | None, int | None]]:
    rows = cluster.rows(
        """
        SELECT a.ref::text, m.status, m.error_code, a.error_code
        FROM inbox_sendattempt a JOIN inbox_message m ON m.id = a.message_id WHERE a.ref = ANY(%s::uuid[])
        """, refs,
    )  # fmt: skip
    return {ref: tuple(state) for ref, *state in rows}


def deadlocks_of(cluster: Cluster) -> int:
    return cluster.one("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")


def test_two_hours_of_missed_webhooks_come_back(cluster: Cluster, figures: Figures) -> None:
    cluster.manage("reconcile", "--since", "3h")  # what other tests left behind is not counted here
    began, twilio = time.monotonic(), cluster.sim.twilio
    friends = cluster.friends(30)
    cluster.sim.faults.add("drop", on="status *", times=None)
    ours = cluster.send_rounds(friends, [f"part {n}" for n in range(10)])
    cluster.wait_until_settled(ours, 90)
    strangers = [cluster.new_customer().customer for _ in range(60)]
    start = twilio.now() - timedelta(hours=2)
    for n in range(600):  # two in the same second each time, as people write
        at = start.replace(microsecond=0) + timedelta(seconds=24 * (n // 2))
        twilio.add_history(strangers[n // 2 * 7 % 60], SENDER, f"missed {n}", at=at)

    calls = cluster.sim.calls("GET", "Messages.json")
    said = cluster.manage("reconcile", "--since", "3h")
    calls = cluster.sim.calls("GET", "Messages.json") - calls
    assert "600 messages recovered, 300 statuses raised" in said, said
    assert calls <= 30
    last = {}
    for customer in strangers:
        sent = twilio.conversation(customer, SENDER)
        assert thread_of(cluster, customer.address) == [(message.body, message.created) for message in sent]
        last[customer.address] = sent[-1].created
    assert windows_of(cluster, list(last)) == {
        address: at + timedelta(hours=24) for address, at in last.items()
    }
    states = cluster.rows("SELECT status FROM inbox_message WHERE id = ANY(%s)", ours)
    assert states == [("delivered",)] * len(ours)
    assert "0 messages recovered, 0 statuses raised" in cluster.manage("reconcile", "--since", "3h")
    figures("R8", missed_messages=600, recovered=600, missed_statuses=300, raised=len(states), duplicates=0,
            API_calls=calls, wrong_windows=0, seconds=time.monotonic() - began)  # fmt: skip


def windows_of(cluster: Cluster, addresses: list[str]) -> dict[str, datetime]:
    return dict(cluster.rows(
        """
        SELECT a.value, w.closes_at FROM inbox_window w JOIN inbox_address a ON a.id = w.address_id
        WHERE a.value = ANY(%s)
        """, addresses,
    ))  # fmt: skip


def thread_of(cluster: Cluster, address: str) -> list[tuple[object, ...]]:
    return cluster.rows(
        """
        SELECT m.body, m.created_at FROM inbox_message m JOIN inbox_conversation c ON c.id = m.conversation_id
        JOIN inbox_address a ON a.contact_id = c.contact_id WHERE a.value = %s ORDER BY m.created_at, m.id
        """, address,
    )  # fmt: skip


def test_messages_refused_for_a_wrong_token_are_seen_and_come_back(
    cluster: Cluster, figures: Figures
) -> None:
    cluster.sim.faults.add("wrong_signature", on="message *", times=None)
    people = [cluster.new_customer() for _ in range(100)]
    sids = [person.send_text("is anybody there?").sid for person in people]
    assert cluster.sim.wait_idle(60)
    assert cluster.one(HELD, sids) == 0
    seen = cluster.one("SELECT sum(count) FROM channels_whatsapp_badsignature")
    assert seen >= 100
    page = cluster.pool.request("GET", f"{cluster.url}/metrics").data.decode()
    assert f"fanlight_wrong_signatures_hour {float(seen)}" in page
    cluster.manage("reconcile")
    assert cluster.one(HELD, sids) == 100
    figures("R9", refused=100, counted=seen, back_after_reconcile=100)


def test_a_message_that_breaks_us_stops_nobody(cluster: Cluster, figures: Figures) -> None:
    began = time.monotonic()
    make_poisonous(cluster, "the poison")
    poison = cluster.new_customer().send_text("the poison")
    assert cluster.sim.wait_idle(30)
    normal = [message(cluster, n) for n in range(1000)]
    assert set(post_all(cluster, normal)) == {200}
    assert cluster.one(HELD, [webhook.sid for webhook in normal]) == 1000
    taken = time.monotonic() - began

    receipt, outcome, tries = let_it_try(cluster, poison.sid)
    assert (outcome, tries) == ("failed", TRIES)
    assert TRIES <= 10
    desk = signed_in(cluster, "ada")
    assert poison.sid in desk.get("/admin/channels_whatsapp/receipt/?outcome__exact=failed").data.decode()
    cluster.rows("DROP TRIGGER poison ON inbox_message")
    desk.post("/admin/channels_whatsapp/receipt/", htmx=False, action="replay", _selected_action=str(receipt))
    assert cluster.rows("SELECT body FROM inbox_message WHERE sid = %s", poison.sid) == [("the poison",)]
    figures("R23", normal_behind_it=1000, normal_stored=1000, seconds_for_them=taken, tries=tries,
            visible_and_replayed=1)  # fmt: skip


def make_poisonous(cluster: Cluster, body: str) -> None:
    """The database itself breaks on this text, whoever writes it."""
    cluster.rows(
        """
        CREATE OR REPLACE FUNCTION poison() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'poison' USING ERRCODE = 'data_exception'; END $$
        """
    )
    cluster.rows(
        "CREATE TRIGGER poison BEFORE INSERT ON inbox_message FOR EACH ROW "
        f"WHEN (NEW.body = '{body}') EXECUTE FUNCTION poison()"
    )


def message(cluster: Cluster, n: int) -> Webhook:
    twilio = cluster.sim.twilio
    if n < 20:
        cluster.new_customer()
    customer = twilio.customer(f"+4477{cluster.customers - n % 20:08d}")
    return inbound(cluster, twilio.add_history(customer, SENDER, f"normal {n}", at=twilio.now()))


def let_it_try(cluster: Cluster, sid: str) -> tuple[int, str, int]:
    """Let the waits between its tries be over, until it is not tried any more."""
    look = "SELECT id, outcome, tries FROM channels_whatsapp_receipt WHERE sid = %s"

    def has_given_up() -> bool:
        cluster.rows(f"UPDATE {RETRIES}".replace("WHERE", "SET scheduled_at = now() WHERE"))
        return not cluster.rows(f"SELECT 1 FROM {RETRIES}")

    wait_until(has_given_up, 60, "it is tried for ever", every=0.3)
    return cluster.rows(look, sid)[0]
