"""Work that happens a little later, on a bounded pool of threads."""

from __future__ import annotations

import heapq
import itertools
import logging
import queue
import threading
import time
from collections.abc import Callable

logger = logging.getLogger(__name__)

Job = Callable[[], None]


class Scheduler:
    """Run jobs after a delay in seconds, at most `workers` at a time, and know when all are done."""

    def __init__(self, workers: int = 16) -> None:
        self._due: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._changed = threading.Condition()
        self._heap: list[tuple[float, int, Job]] = []
        self._order = itertools.count()
        self._running = 0
        self._stopped = False
        # Daemons, unlike a pool's threads: a webhook that waits for its answer must not delay the exit.
        for work in (self._tick, *[self._work] * workers):
            threading.Thread(target=work, name="simulator", daemon=True).start()
        self._workers = workers

    def after(self, seconds: float, job: Job) -> None:
        with self._changed:
            if not self._stopped:
                heapq.heappush(self._heap, (time.monotonic() + seconds, next(self._order), job))
                self._changed.notify_all()

    def promised(self, job: Job) -> Job:
        """A job that somebody else will run soon: until it has run, the scheduler is not idle."""
        with self._changed:
            self._running += 1
        return lambda: self._run(job)

    def wait_idle(self, timeout: float = 10) -> bool:
        """Wait until nothing is running or due. False when `timeout` seconds were not enough."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running and not self._heap, timeout)

    def clear(self) -> None:
        """Forget what has not started."""
        with self._changed:
            self._heap.clear()
            self._changed.notify_all()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._heap.clear()
            self._changed.notify_all()
        for _ in range(self._workers):
            self._due.put(None)

    def _tick(self) -> None:
        while True:
            with self._changed:
                while not self._stopped and (wait := self._until_due()) != 0:
                    self._changed.wait(wait)
                if self._stopped:
                    return
                job = heapq.heappop(self._heap)[2]
                self._running += 1
            self._due.put(job)

    def _work(self) -> None:
        while job := self._due.get():
            self._run(job)

    def _until_due(self) -> float | None:
        """Seconds to the next job, 0 when one is due, None when there is none."""
        return max(0.0, self._heap[0][0] - time.monotonic()) if self._heap else None

    def _run(self, job: Job) -> None:
        try:
            job()
        except Exception:
            logger.exception("A simulator job failed")
        finally:
            self._done()

    def _done(self) -> None:
        with self._changed:
            self._running -= 1
            self._changed.notify_all()
