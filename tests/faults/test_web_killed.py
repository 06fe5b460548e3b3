"""Web processes die under load: what was acknowledged is there, and the rest comes back."""

from __future__ import annotations

import os
import signal
import time

from tests.faults.cluster import Cluster, wait_until
from tests.faults.conftest import Figures
from tests.faults.offering import Offering, must_hold


def test_nothing_acknowledged_is_lost_when_web_processes_are_killed(cluster: Cluster, figures: Figures) -> None:
    kill_under_load(cluster, figures, rate=40, seconds=10, kills=5)


def kill_under_load(cluster: Cluster, figures: Figures, *, rate: float, seconds: float, kills: int) -> None:
    """Every fifth kill hits the master, whom `serve` has to replace."""
    began, offering = time.monotonic(), Offering(cluster, rate=rate, seconds=seconds)
    struck = 0
    for n in range(kills):
        time.sleep(seconds / (kills + 1))
        struck += kill(cluster, master=n % 5 == 2)
    offer = offering.finish()
    assert struck == kills
    missing = must_hold(cluster, offer)
    cluster.wait_for_web()
    before = time.monotonic()
    cluster.manage("reconcile")
    assert not must_hold(cluster, offer)
    recovered = cluster.one("SELECT count(*) FROM inbox_message WHERE recovered")
    assert recovered == len(missing)
    figures(
        "R1", offered=len(offer.sids), posts=offer.codes.total(), kills=kills,
        acknowledged=len(offer.acknowledged), acknowledged_lost=0, duplicates=0,
        brought_back_by_reconcile=recovered, present=len(offer.sids),
        reconcile_seconds=time.monotonic() - before, seconds=time.monotonic() - began,
    )  # fmt: skip


def kill(cluster: Cluster, *, master: bool) -> int:
    """SIGKILL one web process that is there now; how many were hit."""
    wait_until(cluster.web_pids, 30, "no web process to kill", every=0.05)
    if master:
        os.kill(cluster.web_master(), signal.SIGKILL)
        return 1
    for pid in cluster.web_pids():
        try:
            os.kill(pid, signal.SIGKILL)
            return 1
        except ProcessLookupError:
            continue
    return 0

