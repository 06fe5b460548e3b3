"""Twilio's file server misbehaves; the text of a message waits for no file, and no file fills the worker."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psutil
import pytest

from channels_whatsapp.downloads import MAX_BYTES, MAX_SECONDS
from channels_whatsapp.simulator.records import Message
from tests.faults.cluster import Cluster, wait_until
from tests.faults.conftest import Figures

MEGABYTE = 1024 * 1024
TEXT_SECONDS = 2
FAULTS = {
    "endless": ("media_huge", {"megabytes": 200, "declared": False}),
    "declared too small": ("media_huge", {"megabytes": 200}),
    "slow": ("media_trickle", {}),
    "late": ("media_404", {}),
    "well": ("", {}),
}
STATE = """
SELECT a.state, a.tries, a.error, a.size FROM inbox_attachment a JOIN inbox_message m ON m.id = a.message_id
WHERE m.sid = %s
"""
HELD = "SELECT count(*) FROM inbox_message WHERE sid = %s AND body <> ''"


def test_files_that_are_huge_slow_or_missing_hold_up_nothing(cluster: Cluster, figures: Figures) -> None:
    began = time.monotonic()
    with watched_memory(cluster) as memory:
        sent, texts = send_files(cluster)
        others = [message for name, message in sent.items() if name != "slow"]
        wait_until(lambda: all(state(cluster, m)[0] != "pending" for m in others), 60, "a file is pending")
    states = {name: state(cluster, message) for name, message in sent.items()}
    assert states["endless"][0] == "failed"
    assert "larger" in states["endless"][2]
    assert states["declared too small"][3] in (None, 1024)
    assert states["late"][:2] == ("stored", 1)
    assert states["well"][:2] == ("stored", 0)
    assert states["slow"][0] == "pending"
    assert max(texts) <= TEXT_SECONDS
    assert memory.growth <= 50
    figures(
        "R24", files=len(sent), slowest_text_seconds=max(texts), cap_in_MB=MAX_BYTES // 1_000_000,
        offered_in_MB=200, worker_grew_by_MB=memory.growth, stored_after_a_404=1,
        seconds=time.monotonic() - began,
    )  # fmt: skip


@pytest.mark.chaos
def test_a_file_that_drips_is_given_up_and_tried_again(cluster: Cluster, figures: Figures) -> None:
    cluster.sim.faults.add("media_trickle", times=1)
    message = cluster.new_customer().send_image("drip")
    took = wait_until(lambda: state(cluster, message)[1] == 1, MAX_SECONDS + 30, "the worker still listens")
    wait_until(lambda: state(cluster, message)[0] == "stored", 60, "it was not tried again")
    figures("R24 (slow)", given_up_after_seconds=took, stored_at_try=2)


def send_files(cluster: Cluster) -> tuple[dict[str, Message], list[float]]:
    """One photo with a text for each fault; and the seconds until each text was stored."""
    sent, seconds = {}, []
    for name, (fault, options) in FAULTS.items():
        if fault:
            cluster.sim.faults.add(fault, times=1, **options)
        message = sent[name] = cluster.new_customer().send_image(f"the {name} one")
        seconds.append(wait_until(lambda sid=message.sid: cluster.one(HELD, sid), 10, "no text", every=0.02))
        if fault:
            wait_until(lambda: is_spent(cluster), 20, "nobody fetched the file")
    return sent, seconds


def is_spent(cluster: Cluster) -> bool:
    return all(fault["times"] == 0 for fault in cluster.sim.faults.as_json())


def state(cluster: Cluster, message: Message) -> tuple[str, int, str, int | None]:
    return cluster.rows(STATE, message.sid)[0]


class Memory:
    """Of the worker, in MB. `growth` is the highest over the first."""

    def __init__(self, pid: int) -> None:
        self.process = psutil.Process(pid)
        self.first = self.highest = self.now()

    def now(self) -> float:
        return self.process.memory_info().rss / MEGABYTE

    def look(self) -> None:
        self.highest = max(self.highest, self.now())

    @property
    def growth(self) -> float:
        return self.highest - self.first


@contextmanager
def watched_memory(cluster: Cluster) -> Iterator[Memory]:
    memory, is_over = Memory(cluster.processes["worker"].pid), threading.Event()

    def watch() -> None:
        while not is_over.wait(0.02):
            memory.look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
    finally:
        is_over.set()
        thread.join()
