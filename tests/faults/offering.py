"""Customers' messages offered at a rate, as webhooks that nobody sends again: what was acknowledged is known.

Twilio would try again, and use the fallback address; here each webhook has one try, so that every weakness
of the receiver shows.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue

import urllib3

from channels_whatsapp.simulator import SENDER, webhooks
from channels_whatsapp.simulator.callbacks import FORM, Webhook
from channels_whatsapp.simulator.records import Message
from tests.faults.cluster import Cluster

PATH = "/api/webhooks/whatsapp/twilio"
LONGEST_ANSWER = 15  # seconds; Twilio waits no longer (error 11200)


@dataclass
class Offer:
    """What was offered, and what came of it. `codes` counts answers; 0 is a connection without one."""

    messages: list[Message] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    codes: Counter[int] = field(default_factory=Counter)
    longest: float = 0.0
    acknowledged_at: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def sids(self) -> set[str]:
        return {message.sid for message in self.messages}

    def note(self, sid: str, code: int, began: float) -> None:
        with self.lock:
            self.codes[code] += 1
            self.longest = max(self.longest, time.monotonic() - began)
            if code == 200:
                self.acknowledged.add(sid)
                self.acknowledged_at.append(time.monotonic())


class Offering:
    """Posts `rate` webhooks a second in the background, a tenth of them twice, until `finish`."""

    def __init__(self, cluster: Cluster, *, rate: float, customers: int = 50, threads: int = 16):
        self.cluster, self.rate = cluster, rate
        self.offer, self.is_over = Offer(), threading.Event()
        self.random = random.Random(cluster.database)
        self.customers = [cluster.new_customer().customer for _ in range(customers)]
        self.due: SimpleQueue[Webhook | None] = SimpleQueue()
        self.pool = urllib3.PoolManager(maxsize=threads, retries=False, timeout=LONGEST_ANSWER)
        self.threads = [threading.Thread(target=self._post_all) for _ in range(threads)]
        self.feeder = threading.Thread(target=self._feed)
        for thread in (*self.threads, self.feeder):
            thread.start()

    def finish(self) -> Offer:
        """Offer no more, wait for the last answer, and say what came of all."""
        self.is_over.set()
        self.feeder.join()
        for thread in self.threads:
            thread.join()
        self.pool.clear()
        return self.offer

    def _feed(self) -> None:
        began = time.monotonic()
        for n in itertools.count():
            if self.is_over.wait(max(0.0, began + n / self.rate - time.monotonic())):
                break
            webhook = self._webhook(n)
            self.due.put(webhook)
            if self.random.random() < 0.1:
                self.due.put(webhook)  # at once: the hardest repeat is the one that meets the first
        for _ in self.threads:
            self.due.put(None)

    def _webhook(self, n: int) -> Webhook:
        twilio = self.cluster.sim.twilio
        message = twilio.add_history(self.random.choice(self.customers), SENDER, f"text {n}", at=twilio.now())
        self.offer.messages.append(message)
        return inbound(self.cluster, message)

    def _post_all(self) -> None:
        while webhook := self.due.get():
            began = time.monotonic()
            self.offer.note(webhook.sid, post(self.pool, self.cluster, webhook), began)


def inbound(cluster: Cluster, message: Message) -> Webhook:
    params = webhooks.inbound(cluster.sim.twilio.account, message, cluster.sim.url)
    return Webhook("message", "text", message.sid, f"{cluster.url}{PATH}", params)


def status(cluster: Cluster, params: dict[str, str], query: str = "") -> Webhook:
    named = {"AccountSid": cluster.sim.twilio.account.sid, "From": SENDER, **params}
    url = f"{cluster.url}{PATH}/status{query}"
    return Webhook("status", named["MessageStatus"], named["MessageSid"], url, list(named.items()))


def post(pool: urllib3.PoolManager, cluster: Cluster, webhook: Webhook) -> int:
    """The answer's status, or 0 when there was none."""
    headers = {"Content-Type": FORM, **cluster.sim.courier.sign(webhook.url, webhook)}
    try:
        return pool.request("POST", webhook.url, body=webhook.body, headers=headers).status
    except urllib3.exceptions.HTTPError:
        return 0


def post_all(cluster: Cluster, offered: list[Webhook], threads: int = 8) -> Counter[int]:
    """All of them as fast as `threads` can, in no order between threads."""
    due: SimpleQueue[Webhook] = SimpleQueue()
    for webhook in offered:
        due.put(webhook)
    codes: Counter[int] = Counter()
    lock = threading.Lock()

    def work() -> None:
        while True:
            try:
                webhook = due.get_nowait()
            except Empty:
                return
            code = post(cluster.pool, cluster, webhook)
            with lock:
                codes[code] += 1

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return codes


STORED = "SELECT sid, count(*) FROM inbox_message WHERE sid = ANY(%s) GROUP BY sid"


def must_hold(cluster: Cluster, offer: Offer) -> set[str]:
    """Every acknowledged message is stored, and none twice. Returns those that are missing all the same."""
    stored = dict(cluster.rows(STORED, list(offer.sids)))
    lost = offer.acknowledged - set(stored)
    assert not lost, f"{len(lost)} acknowledged and not stored"
    assert set(stored.values()) <= {1}
    twice = "SELECT count(*) - count(DISTINCT (kind, key)) FROM channels_whatsapp_receipt"
    assert cluster.one(twice) == 0
    return offer.sids - set(stored)
