"""A small HTTP server on the standard library: faults need the raw socket, frameworks hide it."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from email.message import Message as Headers
from email.parser import BytesParser
from email.policy import default
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BIGGEST_BODY = 20 * 1024 * 1024
LOOPBACK = {"127.0.0.1", "localhost", "[::1]"}


@dataclass
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: Headers
    body: bytes
    args: dict[str, str] = field(default_factory=dict)
    context: dict[str, Any] = field(default_factory=dict)

    @property
    def content_type(self) -> str:
        return str(self.headers.get("Content-Type", "")).partition(";")[0].strip().lower()

    @property
    def host(self) -> str:
        return str(self.headers.get("Host", ""))

    def form(self) -> dict[str, list[str]]:
        """Form fields; empty values count, as `Body=` redacts a message."""
        return parse_qs(self.body.decode(errors="replace"), keep_blank_values=True)

    def json(self) -> dict[str, Any]:
        """The JSON object in the body; empty when there is none. Raises ValueError for anything else."""
        data = json.loads(self.body or b"{}")
        if not isinstance(data, dict):
            raise ValueError("The body must be a JSON object")
        return data


@dataclass
class Answer:
    """What to send back. `stream` replaces `body`; `after` runs when the answer is on the wire."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    stream: Iterable[bytes] | None = None
    length: int | None = None
    after: Callable[[], None] | None = None
    reset: bool = False

    @classmethod
    def json(cls, data: Any, status: int = 200, **options: Any) -> Answer:
        return cls(status, json.dumps(data, default=str).encode(), **options)

    @classmethod
    def redirect(cls, url: str, status: int = 303) -> Answer:
        return cls(status, headers={"Location": url}, content_type="text/plain")


View = Callable[[Request], Answer]


@dataclass(frozen=True)
class Route:
    methods: tuple[str, ...]
    pattern: str
    view: View
    name: str = ""

    @property
    def regex(self) -> re.Pattern[str]:
        return _compiled(self.pattern)


def _compiled(pattern: str) -> re.Pattern[str]:
    """`/a/{name}.json` with one path segment per name; `{name:path}` takes the rest."""
    escaped = re.escape(pattern).replace(r"\{", "{").replace(r"\}", "}")
    escaped = re.sub(r"\{(\w+):path\}", r"(?P<\1>.+)", escaped)
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+?)", escaped))


class Router:
    def __init__(self) -> None:
        self._routes: list[tuple[re.Pattern[str], Route]] = []

    def add(self, methods: str, pattern: str, view: View, name: str = "") -> None:
        route = Route(tuple(methods.split()), pattern, view, name)
        self._routes.append((route.regex, route))

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str], bool]:
        """The route, its arguments, and whether the path exists for some other method."""
        known = False
        for regex, route in self._routes:
            if found := regex.fullmatch(path):
                if method in route.methods:
                    return route, found.groupdict(), True
                known = True
        return None, {}, known


class Server(ThreadingHTTPServer):
    """Listens on loopback only, one daemon thread per connection."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    allow_reuse_address = True

    def __init__(self, port: int, answer: Callable[[Request], Answer]) -> None:
        self.answer = answer
        super().__init__(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(
            target=lambda: self.serve_forever(0.05), name="simulator-http", daemon=True
        )

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is everyday life here, not an error to print."""


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "TwilioSimulator"
    disable_nagle_algorithm = True
    timeout = 60

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: the webhook log on the page is the log."""

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > BIGGEST_BODY:
            self.close_connection = True
            self._send(Answer(413))
            return
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        request = Request(self.command, parts.path, query, self.headers, self.rfile.read(length))
        answer = self.server.answer(request)
        try:
            self._reset() if answer.reset else self._send(answer)
        finally:
            # The caller may have hung up meanwhile; what was accepted goes on all the same.
            if answer.after:
                answer.after()

    def _send(self, answer: Answer) -> None:
        # Head and body leave in one write: two small ones would wait for a delayed acknowledgement.
        head = self._head(answer)
        if answer.stream is None:
            self.wfile.write(head + (b"" if self.command == "HEAD" else answer.body))
            return
        self.close_connection = True
        try:
            self.wfile.write(head)
            for chunk in answer.stream:
                self.wfile.write(chunk)
        finally:
            # A generator must learn at once that its reader left.
            getattr(answer.stream, "close", lambda: None)()

    def _head(self, answer: Answer) -> bytes:
        lines = [f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}"]
        if answer.status != 204:
            lines.append(f"Content-Type: {answer.content_type}")
        length = answer.length if answer.stream is not None else len(answer.body)
        if length is not None and answer.status != 204:
            lines.append(f"Content-Length: {length}")
        lines += [f"{name}: {value}" for name, value in answer.headers.items()]
        if answer.stream is not None:
            lines.append("Connection: close")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")

    def _reset(self) -> None:
        """Cut the connection with a TCP reset: zero linger, and nobody else holding the socket."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.rfile.close()
        self.connection.close()


def multipart(request: Request) -> tuple[dict[str, str], dict[str, tuple[str, str, bytes]]]:
    """Fields and files of any form: ({name: text}, {name: (file name, content type, data)})."""
    if request.content_type != "multipart/form-data":
        return {name: values[0] for name, values in request.form().items()}, {}
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    fields: dict[str, str] = {}
    files: dict[str, tuple[str, str, bytes]] = {}
    for part in BytesParser(policy=default).parsebytes(head + request.body).iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        payload = part.get_payload(decode=True)
        data = payload if isinstance(payload, bytes) else b""
        if part.get_filename() is None:
            fields[name] = data.decode(errors="replace")
        elif data:
            files[name] = (part.get_filename() or "", part.get_content_type(), data)
    return fields, files
