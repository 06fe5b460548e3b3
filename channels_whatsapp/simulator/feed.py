"""News of the simulator, as names: subscribers pull what changed by themselves."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Feed:
    """Tell every subscriber that something called `name` changed; a slow one loses names, not data."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queues: set[queue.Queue[str]] = set()

    def publish(self, name: str) -> None:
        with self._lock:
            queues = list(self._queues)
        for each in queues:
            try:
                each.put_nowait(name)
            except queue.Full:
                continue

    @contextmanager
    def subscribe(self) -> Iterator[queue.Queue[str]]:
        mine: queue.Queue[str] = queue.Queue(maxsize=200)
        with self._lock:
            self._queues.add(mine)
        try:
            yield mine
        finally:
            with self._lock:
                self._queues.discard(mine)
