"""A WSGI application under an ASGI server, on a fixed number of threads.

The threads only ever compute: request bodies are complete before a thread sees them and responses
leave from the event loop, so a slow phone on a bad line occupies none of them.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable, Iterable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import IO, Any
from urllib.parse import quote

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

IN_MEMORY = 512 * 1024  # larger requests are spooled to disk, larger responses are streamed
BODY_SECONDS = 300

logger = logging.getLogger(__name__)


@dataclass
class Reply:
    """`rest` is None when `body` is everything."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    rest: Iterator[bytes] | None
    close: Callable[[], None]


class Refused(Exception):
    """The request is answered here, with this status and nothing else."""

    def __init__(self, status: int) -> None:
        self.status = status


class Disconnected(Exception):
    """The client left before its request was complete."""


class Bridge:
    """ASGI callable for `application`, a WSGI one, which runs on `threads` threads."""

    def __init__(self, application: Callable[..., Iterable[bytes]], threads: int, max_body: int) -> None:
        self.application, self.max_body = application, max_body
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="web")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with SpooledTemporaryFile(IN_MEMORY) as body:
            try:
                await asyncio.wait_for(self._spool(scope, receive, body), BODY_SECONDS)
                reply = await self._in_pool(self._answer, environ(scope, body))
            except Disconnected:
                return
            except (Refused, TimeoutError) as refusal:
                reply = _plain(getattr(refusal, "status", 408))
            await self._send(reply, send)

    async def _spool(self, scope: Scope, receive: Receive, body: IO[bytes]) -> None:
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if declared.isdigit() and int(declared) > self.max_body:
            raise Refused(413)
        more = True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            body.write(message.get("body", b""))
            if body.tell() > self.max_body:
                raise Refused(413)
            more = message.get("more_body", False)

    async def _send(self, reply: Reply, send: Send) -> None:
        await send({"type": "http.response.start", "status": reply.status, "headers": reply.headers})
        await send({"type": "http.response.body", "body": reply.body, "more_body": reply.rest is not None})
        if reply.rest is None:
            return
        try:
            while chunk := await self._in_pool(next, reply.rest, b""):
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            await self._in_pool(reply.close)

    async def _in_pool(self, function: Callable[..., Any], *arguments: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self.pool, function, *arguments)

    def _answer(self, environment: dict[str, Any]) -> Reply:
        """In a pool thread: run the application, and finish its response too when it is small."""
        started: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            started[:] = [int(status.split(" ", 1)[0]), headers]
            return early.append

        early: list[bytes] = []
        try:
            iterable = self.application(environment, start_response)
        except Exception:
            logger.exception("the application failed on %s", environment["PATH_INFO"])
            return _plain(500)
        return _collect(iterable, started, early)


def _collect(iterable: Iterable[bytes], started: list[Any], chunks: list[bytes]) -> Reply:
    close = getattr(iterable, "close", lambda: None)
    iterator, size, rest = iter(iterable), 0, None
    try:
        for chunk in iterator:
            chunks.append(chunk)
            size += len(chunk)
            if size > IN_MEMORY:
                rest = filter(None, iterator)  # an empty chunk is not the end
                break
    finally:
        if rest is None:
            close()
    status, headers = started
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    if (
        rest is None
        and status not in (204, 304)
        and not any(name == b"content-length" for name, _ in encoded)
    ):
        encoded.append((b"content-length", str(size).encode()))
    return Reply(status, encoded, b"".join(chunks), rest, close)


def _plain(status: int) -> Reply:
    return Reply(status, [(b"content-length", b"0"), (b"connection", b"close")], b"", None, lambda: None)


def environ(scope: Scope, body: IO[bytes]) -> dict[str, Any]:
    """The WSGI environment (PEP 3333) of a complete ASGI request."""
    length = body.tell()
    body.seek(0)
    server, client = scope.get("server") or ("localhost", 80), scope.get("client") or ("", 0)
    return {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": quote(scope["query_string"], safe="".join(map(chr, range(33, 127)))),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1] or 0),
        "REMOTE_ADDR": client[0],
        **_headers(scope),
        "CONTENT_LENGTH": str(length),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": body,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def _headers(scope: Scope) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        # X_Forwarded_Proto would pass for X-Forwarded-Proto; the length is the one we counted.
        if b"_" in raw_name or raw_name == b"content-length":
            continue
        name, value = raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        name = name if name == "CONTENT_TYPE" else f"HTTP_{name}"
        joint = "; " if name == "HTTP_COOKIE" else ","
        found[name] = f"{found[name]}{joint}{value}" if name in found else value
    return found
