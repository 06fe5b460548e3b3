"""The load generator: keep-alive connections that ask again as soon as they are answered.

Requests are bytes made beforehand, so that while a server is measured we only write and count.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import httptools
import uvloop

BROKEN = 0  # in place of a status: the connection ended before the answer
LONGEST_ANSWER = 15.0


@dataclass
class Burst:
    """What came of one burst of requests; latencies and `cpu` (ours) in seconds."""

    seconds: float = 0.0
    cpu: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.statuses.total() / self.seconds

    @property
    def failures(self) -> int:
        return self.statuses.total() - self.statuses[200]

    @property
    def share(self) -> float:
        """Of one core, what the generator itself used."""
        return self.cpu / self.seconds


def burst(port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> Burst:
    """Send for so long, or until the requests run out, and wait for every answer."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(bursting(port, requests, connections, seconds))


async def bursting(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Burst:
    """`burst`, for those who have an event loop already."""
    result = Burst()
    began, cpu = time.perf_counter(), time.process_time()
    deadline = began + seconds
    await asyncio.gather(*(_keep_asking(port, requests, deadline, result) for _ in range(connections)))
    result.seconds, result.cpu = time.perf_counter() - began, time.process_time() - cpu
    return result


async def _keep_asking(port: int, requests: Iterator[bytes], deadline: float, result: Burst) -> None:
    """A server may close a connection after an answer; the next request then gets a new one."""
    is_over = False
    while not is_over:
        line = Line(requests, deadline, result)
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda made=line: made, "127.0.0.1", port
        )
        try:
            is_over = await asyncio.wait_for(line.closed, deadline - time.perf_counter() + LONGEST_ANSWER)
        finally:
            transport.abort()


class Line(asyncio.Protocol):
    """One connection. `closed` says whether its work is over."""

    def __init__(self, requests: Iterator[bytes], deadline: float, result: Burst) -> None:
        self.requests, self.deadline, self.result = requests, deadline, result
        self.parser = httptools.HttpResponseParser(self)
        self.closed: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.asked_at: float | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._ask()

    def _ask(self) -> None:
        now = time.perf_counter()
        request = next(self.requests, None) if now < self.deadline else None
        if request is None:
            self._close(True)
        else:
            self.asked_at = now
            self.transport.write(request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        self._note(self.parser.get_status_code())
        if self.parser.should_keep_alive():
            self._ask()
        else:
            self._close(False)

    def connection_lost(self, error: Exception | None) -> None:
        if self.asked_at is not None:
            self._note(BROKEN)
        self._close(False)

    def _note(self, status: int) -> None:
        assert self.asked_at is not None
        self.result.statuses[status] += 1
        self.result.latencies.append(time.perf_counter() - self.asked_at)
        self.asked_at = None

    def _close(self, is_over: bool) -> None:
        if not self.closed.done():
            self.closed.set_result(is_over)


def get(path: str, *, cookie: str = "", **headers: str) -> bytes:
    """A GET request, ready to be written."""
    lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1"]
    lines += [f"Cookie: {cookie}"] if cookie else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
