"""Web processes die under load: what was acknowledged is there, and the rest comes back."""

from __future__ import annotations

import os
import signal
import time

from tests.faults.cluster import Cluster, wait_until
from tests.faults.conftest import Figures
from tests.faults.offering import Offering, must_hold

WEB = 2


def test_nothing_acknowledged_is_lost_when_web_processes_are_killed(
    cluster: Cluster, figures: Figures
) -> None:
    kill_under_load(cluster, figures, rate=40, seconds=10, kills=5)


def kill_under_load(cluster: Cluster, figures: Figures, *, rate: float, seconds: float, kills: int) -> None:
    """At least for so long. Every fifth kill hits the master, whom `serve` has to replace."""
    began, offering = time.monotonic(), Offering(cluster, rate=rate)
    for n in range(kills):
        time.sleep(seconds / (kills + 1))
        kill(cluster, master=n % 5 == 4)
    wait_until(lambda: len(cluster.web_pids()) == WEB and cluster.web_answers(), 60, "the web stays away")
    time.sleep(1)
    offer = offering.finish()
    under_load = time.monotonic() - began
    missing = must_hold(cluster, offer)
    cluster.manage("reconcile")
    assert not must_hold(cluster, offer)
    sids = list(offer.sids)
    recovered = cluster.one("SELECT count(*) FROM inbox_message WHERE recovered AND sid = ANY(%s)", sids)
    assert recovered == len(missing)
    figures(
        "R1", kills=kills, offered=len(sids), posts=offer.codes.total(), acknowledged=len(offer.acknowledged),
        acknowledged_lost=0, duplicates=0, brought_back_by_reconcile=recovered, present=len(sids),
        seconds_of_load=under_load, seconds=time.monotonic() - began,
    )  # fmt: skip


def kill(cluster: Cluster, *, master: bool) -> None:
    """SIGKILL a web process, once all of them are there."""
    wait_until(lambda: len(cluster.web_pids()) == WEB, 60, "no web process to kill", every=0.05)
    os.kill(cluster.web_master() if master else cluster.web_pids()[0], signal.SIGKILL)
