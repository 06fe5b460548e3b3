from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.validate import validator

import pytest

from config.bridge import IN_MEMORY, Bridge

Application = Callable[..., Iterable[bytes]]


def ask(
    application: Application,
    body: tuple[bytes, ...] = (),
    headers: tuple[tuple[bytes, bytes], ...] = (),
    **scope: Any,
) -> list[dict[str, Any]]:
    """What the bridge sends for one request, whose body arrives in these pieces."""
    sent: list[dict[str, Any]] = []
    pieces = body or (b"",)
    waiting = [{"type": "http.request", "body": p, "more_body": True} for p in pieces[:-1]]
    waiting.append({"type": "http.request", "body": pieces[-1], "more_body": False})

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    defaults = {
        "type": "http", "method": "POST", "path": "/a", "query_string": b"", "http_version": "1.1",
        "headers": headers, "server": ("127.0.0.1", 8000), "client": ("127.0.0.9", 4000), "scheme": "http",
    }  # fmt: skip
    asyncio.run(Bridge(application, threads=2, max_body=3_000_000)({**defaults, **scope}, receive, send))
    return sent


def saying(*chunks: bytes, status: str = "200 OK", seen: dict[str, Any] | None = None) -> Application:
    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if seen is not None:
            seen.update(environ)
            seen["body"] = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response(status, [("Content-Type", "text/plain")])
        return list(chunks)

    return application


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_it_obeys_the_wsgi_standard() -> None:
    sent = ask(
        validator(saying(b"ok")), [b"x=1"], [(b"content-type", b"text/plain"), (b"content-length", b"3")]
    )
    assert [message.get("status", message.get("body")) for message in sent] == [200, b"ok"]


def test_a_small_answer_leaves_in_one_piece_with_its_length() -> None:
    start, body = ask(saying(b"he", b"llo"))
    assert dict(start["headers"])[b"content-length"] == b"5"
    assert (body["body"], body["more_body"]) == (b"hello", False)


def test_a_large_answer_is_streamed_and_closed() -> None:
    closed: list[bool] = []

    class Streaming:
        def __iter__(self) -> Any:
            yield from [b"a" * IN_MEMORY, b"", b"b" * 10, b"c" * 10]

        def close(self) -> None:
            closed.append(True)

    def application(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [])
        return Streaming()

    sent = ask(application)
    assert b"".join(m.get("body", b"") for m in sent) == b"a" * IN_MEMORY + b"b" * 10 + b"c" * 10
    assert [m["more_body"] for m in sent[1:]][-1] is False
    assert closed == [True]


def test_a_large_body_arrives_whole() -> None:
    seen: dict[str, Any] = {}
    pieces = [bytes([n]) * 100_000 for n in range(20)]
    ask(saying(seen=seen), pieces)
    assert hashlib.sha256(seen["body"]).digest() == hashlib.sha256(b"".join(pieces)).digest()


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"9000000")]])
def test_too_large_a_body_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    assert ask(saying(), [b"x" * 1_000_000] * 4, headers)[0]["status"] == 413


def test_a_failing_application_is_an_empty_500() -> None:
    def application(environ: Any, start_response: Any) -> Any:
        raise RuntimeError("never shown")

    start, body = ask(application)
    assert (start["status"], body["body"]) == (500, b"")


def test_headers_become_the_environment() -> None:
    seen: dict[str, Any] = {}
    sent = [
        (b"x-real", b"1"),
        (b"x-real", b"2"),
        (b"cookie", b"a=1"),
        (b"cookie", b"b=2"),
        (b"x_forwarded_proto", b"s"),
    ]
    ask(saying(seen=seen), headers=sent, path="/föö", query_string=b"q=\xff&a=%20b")
    assert seen["HTTP_X_REAL"] == "1,2"
    assert seen["HTTP_COOKIE"] == "a=1; b=2"
    assert "HTTP_X_FORWARDED_PROTO" not in seen
    assert seen["PATH_INFO"].encode("latin-1").decode() == "/föö"
    assert seen["QUERY_STRING"] == "q=%FF&a=%20b"
    assert seen["REMOTE_ADDR"] == "127.0.0.9"


def test_a_client_that_leaves_early_costs_nothing() -> None:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/", "headers": []}
    asyncio.run(Bridge(saying(b"never"), 1, 100)(scope, receive, send))
    assert sent == []
