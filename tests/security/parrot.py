"""A Twilio that repeats whatever it hears, in every shape in which Twilio says no."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote_plus

# How it can answer: (HTTP status, content type, what is made of the words it heard).
MOODS: dict[str, tuple[int, str, Any]] = {
    "refuses": (400, "application/json", lambda words: {"code": 21211, "message": words, "status": 400}),
    "denies": (401, "application/json", lambda words: {"code": 20003, "message": words, "status": 401}),
    "unheard of": (400, "application/json", lambda words: {"code": 29999, "message": words, "status": 400}),
    "problem": (400, "application/problem+json", lambda words: {
        "type": "https://www.twilio.com/docs/errors/20001", "title": words, "status": 400, "code": 20001,
        "detail": words,
    }),
    "broken": (500, "text/html", lambda words: f"<h1>{words}</h1>"),
    "no json": (200, "application/json", lambda words: f"{{{words}"),
    "nonsense": (201, "application/json", lambda words: [words]),
    "slower": (429, "application/json", lambda words: {"code": 20429, "message": words, "status": 429}),
    "elsewhere": (302, "text/plain", lambda words: words),
    "not there": (404, "application/json", lambda words: {"code": 20404, "message": words, "status": 404}),
}  # fmt: skip


class Parrot(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # heads and bodies in one packet
    server: Any

    def answer(self) -> None:
        status, kind, shaped = MOODS[self.server.mood]
        answer = shaped(self.heard())
        body = (answer if isinstance(answer, str) else json.dumps(answer)).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 302:
            self.send_header("Location", f"/elsewhere?{self.server.heard[-1][:200]!r}")
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_DELETE = answer

    def heard(self) -> str:
        """Who asked, in clear and as it came, for what, with which words."""
        credentials = self.headers.get("Authorization", "")
        clear = base64.b64decode(credentials.partition(" ")[2]).decode()
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        words = f"{clear} {credentials} {unquote_plus(self.path)} {unquote_plus(body)}"
        self.server.heard.append(words)
        return words

    def log_message(self, *_words: object) -> None:
        pass


@contextmanager
def parrot() -> Iterator[Any]:
    """`.url`, `.mood` to set, `.heard`."""
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Parrot)
    server.mood, server.heard, server.url = "refuses", [], f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
