"""The full sizes, and what takes minutes: `make chaos`, bounded in count and time."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import urllib3

from config import postgres
from tests.faults.cluster import Cluster, Ground, running_cluster, wait_until
from tests.faults.conftest import Figures
from tests.faults.offering import Offer, Offering, must_hold
from tests.faults.test_sending import lost_and_found
from tests.faults.test_web_killed import kill_under_load
from tests.faults.test_workers import kill_between_call_and_answer

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(1200)]


@pytest.fixture
def breakable(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster whose database belongs to this test alone."""
    ground = Ground(tmp_path / "data")
    with running_cluster(ground) as cluster:
        yield cluster
        postgres.ensure_running(ground.data_dir)
    postgres.release(ground.data_dir)


def test_fifty_kills_of_web_processes_lose_nothing(cluster: Cluster, figures: Figures) -> None:
    kill_under_load(cluster, figures, rate=100, seconds=60, kills=50)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_thousand_identical_messages_go_out_once(cluster: Cluster, figures: Figures, seed: int) -> None:
    cluster.sim.faults._rng = random.Random(seed)
    lost_and_found(cluster, figures, f"R3 (seed {seed})", people=250, each=4)


def test_fifty_workers_killed_before_the_answer_send_nothing_twice(
    cluster: Cluster, figures: Figures
) -> None:
    kill_between_call_and_answer(cluster, figures, kills=50)


def test_a_minute_without_the_database_loses_nothing(breakable: Cluster, figures: Figures) -> None:
    data_dir = breakable.ground.data_dir
    offering = Offering(breakable, rate=20)
    time.sleep(5)
    down = time.monotonic()
    os.kill(postmaster(data_dir).pid, signal.SIGQUIT)  # pg_ctl stop -m immediate
    slowest = slowest_refusal(breakable, until=down + 60)
    postgres.ensure_running(data_dir)
    up = time.monotonic()
    first = wait_until(lambda: acknowledged_after(offering.offer, up), 30, "no webhook is taken", every=0.05)
    breakable.wait_for_worker()
    worker = time.monotonic() - up
    time.sleep(5)
    offer = offering.finish()
    missing = must_hold(breakable, offer)
    stuck = "SELECT count(*) FROM procrastinate_jobs WHERE status = 'doing'"
    wait_until(lambda: not breakable.one(stuck), 120, "a job stays in the hands of nobody")
    breakable.manage("reconcile")
    assert not must_hold(breakable, offer)
    figures(
        "R10", down_seconds=60, offered=len(offer.sids), acknowledged=len(offer.acknowledged),
        acknowledged_lost=0, brought_back=len(missing), slowest_503_seconds=slowest,
        first_200_after_seconds=first, worker_back_after_seconds=worker,
    )  # fmt: skip
    assert slowest <= 5
    assert first <= 5
    assert worker <= 60


def slowest_refusal(cluster: Cluster, *, until: float) -> float:
    """Until then the answer to whether messages can be taken is 503. Seconds of the slowest."""
    slowest = 0.0
    while time.monotonic() < until:
        began = time.monotonic()
        answer = cluster.pool.request(
            "GET", f"{cluster.url}/readyz", retries=urllib3.Retry(False), timeout=20
        )
        slowest = max(slowest, time.monotonic() - began)
        assert answer.status == 503
        time.sleep(0.5)
    return slowest


def acknowledged_after(offer: Offer, moment: float) -> bool:
    with offer.lock:
        return any(at > moment for at in offer.acknowledged_at)


def test_a_database_that_hangs_is_waited_for(breakable: Cluster, figures: Figures) -> None:
    offering = Offering(breakable, rate=50)
    time.sleep(5)
    with frozen(postmaster(breakable.ground.data_dir)):
        time.sleep(20)
    woken = time.monotonic()
    first = wait_until(
        lambda: acknowledged_after(offering.offer, woken), 30, "no webhook is taken", every=0.05
    )
    time.sleep(5)
    offer = offering.finish()
    missing = must_hold(breakable, offer)
    breakable.manage("reconcile")
    assert not must_hold(breakable, offer)
    figures(
        "R11", frozen_seconds=20, offered=len(offer.sids), acknowledged=len(offer.acknowledged),
        acknowledged_lost=0, duplicates=0, brought_back=len(missing), first_200_after_seconds=first,
    )  # fmt: skip


def test_a_crashing_database_loses_nothing_acknowledged(breakable: Cluster, figures: Figures) -> None:
    offering = Offering(breakable, rate=50)
    for _ in range(10):
        time.sleep(3)
        postmaster(breakable.ground.data_dir).kill()
        postgres.ensure_running(breakable.ground.data_dir)
    back = time.monotonic()
    wait_until(lambda: acknowledged_after(offering.offer, back), 30, "no webhook is taken")
    offer = offering.finish()
    missing = must_hold(breakable, offer)
    breakable.manage("reconcile")
    assert not must_hold(breakable, offer)
    figures("R22", crashes=10, offered=len(offer.sids), acknowledged=len(offer.acknowledged),
            acknowledged_lost=0, duplicates=0, brought_back=len(missing))  # fmt: skip


def postmaster(data_dir: Path) -> psutil.Process:
    pid = (data_dir / "postgres" / "data" / "postmaster.pid").read_text().split("\n", 1)[0]
    return psutil.Process(int(pid))


@contextmanager
def frozen(process: psutil.Process) -> Iterator[None]:
    """It and its children neither run nor end, whatever happens."""
    family = [process, *process.children(recursive=True)]
    signal_all(family, signal.SIGSTOP)
    try:
        yield
    finally:
        signal_all(family, signal.SIGCONT)


def signal_all(processes: list[psutil.Process], number: int) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue  # a session that ended just now
