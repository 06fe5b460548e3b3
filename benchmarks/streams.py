"""Raw event streams and paced webhooks on one event loop, in a thread of its own."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import uvloop

from benchmarks.wire import get

T = TypeVar("T")
LONGEST_SECONDS = 60
CONVERSATION = re.compile(rb"^event: conversation-(\d+)\r?$", re.MULTILINE)


@contextmanager
def event_loop() -> Iterator[Callable[[Coroutine[Any, Any, T]], T]]:
    """`call(coroutine)` runs it there and waits. Playwright's own loop occupies the main thread."""
    loop = uvloop.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(LONGEST_SECONDS)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class Stream(asyncio.Protocol):
    """One open page, as the server sees it. `heard` has each conversation's first mention."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.heard: dict[int, float] = {}
        self.is_ended = False
        self.rest = b""
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        transport.write(self.request)  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        now = time.time()
        whole, _, self.rest = (self.rest + data).rpartition(b"\n")
        for found in CONVERSATION.findall(whole):
            self.heard.setdefault(int(found), now)
        if not self.ready.done() and b"event: ready" in whole:
            self.ready.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        self.is_ended = True


async def open_streams(port: int, cookie: str, count: int) -> list[Stream]:
    """Open them one after another, each until it says that nothing can be missed any more."""
    opened = []
    for _ in range(count):
        request = get("/events/", cookie=cookie, Accept="text/event-stream")
        make: Callable[[], Stream] = lambda made=request: Stream(made)  # noqa: E731
        _, stream = await asyncio.get_running_loop().create_connection(make, "127.0.0.1", port)
        await asyncio.wait_for(stream.ready, LONGEST_SECONDS)
        opened.append(stream)
    return opened


async def post(port: int, requests: Sequence[bytes], per_second: float) -> list[float]:
    """Send each at its time, whatever became of those before; returns when each was answered with 200."""
    began = time.perf_counter()
    idle: list[Line] = []

    async def one(number: int, request: bytes) -> float:
        await asyncio.sleep(began + number / per_second - time.perf_counter())
        line = idle.pop() if idle else await Line.connect(port)
        at = await line.ask(request)
        idle.append(line)
        return at

    answered = await asyncio.gather(*(one(number, request) for number, request in enumerate(requests)))
    for line in idle:
        line.writer.close()
    return answered


class Line:
    """One keep-alive connection with time between its requests."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    @classmethod
    async def connect(cls, port: int) -> Line:
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def ask(self, request: bytes) -> float:
        """When it was answered.

        :raises RuntimeError: with anything but 200.
        """
        self.writer.write(request)
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), LONGEST_SECONDS)
        at = time.time()
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"A webhook was answered with {head[:40]!r}")
        (length,) = re.findall(rb"(?i)content-length: (\d+)", head)
        await self.reader.readexactly(int(length))
        return at
