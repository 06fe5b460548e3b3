"""What the web process and the worker hold when nothing happens."""

from __future__ import annotations

import itertools
import time

import psutil

from benchmarks.installation import Installation
from benchmarks.population import Size, cookie_of, fill
from benchmarks.report import Figure, at_most
from benchmarks.webhooks import Customers
from benchmarks.wire import burst, get

DATABASE = "memory"
MB = 1_000_000
SETTLE_SECONDS = 3.0


def run(installation: Installation) -> list[Figure]:
    installation.database(DATABASE)
    with installation.using(DATABASE) as connection:
        fill(connection, Size(100, 500))
        cookie = cookie_of()
    with installation.web(DATABASE) as web, installation.process(["manage.py", "worker"], DATABASE) as worker:
        warm(web.port, cookie)
        time.sleep(1 if installation.quick else SETTLE_SECONDS)
        worker.must_run()
        held = [of_tree(web.pid), of_tree(worker.pid)]
    resident, unique = (sum(numbers) for numbers in zip(*held, strict=True))
    note = f"web {held[0][0]:.0f}, worker {held[1][0]:.0f}; of their own {unique:.0f} (unique set)"
    return [Figure("memory, web + worker, idle", [resident], "MB", at_most(400), at_most(250), note)]


def warm(port: int, cookie: str) -> None:
    """Idle is not unused: every thread has rendered pages and taken webhooks."""
    customers = Customers(repeats=0)
    customers.make(40)
    burst(port, customers.requests(), connections=8, seconds=10)
    burst(port, itertools.repeat(get("/", cookie=cookie), 40), connections=8, seconds=10)


def of_tree(pid: int) -> tuple[float, float]:
    """Resident and unique set size of a process and its children, in MB."""
    root = psutil.Process(pid)
    held = [process.memory_full_info() for process in (root, *root.children(recursive=True))]
    return sum(h.rss for h in held) / MB, sum(h.uss for h in held) / MB
