from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client

from channels_whatsapp.simulator import ACCOUNT_SID, AUTH_TOKEN, SENDER, Simulator, running_simulator
from tests.simulator import openapi

CUSTOMER = "whatsapp:+447700900911"


@dataclass
class Call:
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: str


@dataclass
class App:
    """Stands for the application: keeps what it is told, answers what the test wants."""

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answer: Callable[[Call], int] = lambda call: 200

    def statuses(self) -> list[str]:
        return [c.params["MessageStatus"] for c in self.calls if "MessageStatus" in c.params]


@pytest.fixture
def app() -> Iterator[App]:
    app = App()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            call = Call(self.path, dict(parse_qsl(body, keep_blank_values=True)), dict(self.headers), body)
            app.calls.append(call)
            self.send_response(app.answer(call))
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", "11")
            self.end_headers()
            self.wfile.write(b"<Response/>")

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    threading.Thread(target=lambda: server.serve_forever(0.02), daemon=True).start()
    app.url = f"http://127.0.0.1:{server.server_address[1]}"
    yield app
    server.shutdown()
    server.server_close()


@pytest.fixture
def sim(app: App) -> Iterator[Simulator]:
    with running_simulator(webhook_base=app.url, seed=7) as simulator:
        simulator.courier.retry_pause = 0.01
        yield simulator


class LocalClient(TwilioHttpClient):
    """The SDK's own HTTP client with scheme and host replaced; holds every call against the OpenAPI files."""

    def __init__(self, base: str) -> None:
        super().__init__(timeout=5, pool_connections=False)
        self.base = base

    def request(
        self, method: str, uri: str, params: Any = None, data: Any = None, *args: Any, **options: Any
    ) -> Response:
        parts = urlsplit(uri)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        response = super().request(method, self.base + path, params, data, *args, **options)
        if response.status_code < 300:
            text = response.content
            openapi.validate_response(
                method, parts.path, response.status_code, json.loads(text) if text else None
            )
        return response


@pytest.fixture
def client(sim: Simulator) -> Client:
    return Client(ACCOUNT_SID, AUTH_TOKEN, http_client=LocalClient(sim.url))


@pytest.fixture
def send(client: Client, app: App) -> Callable[..., Any]:
    """Send as the business to the usual customer."""

    def send(body: str | None = "hello", **options: Any) -> Any:
        options.setdefault("status_callback", f"{app.url}/status?ref=abc")
        to = options.pop("to", CUSTOMER)
        if "messaging_service_sid" not in options:
            options.setdefault("from_", SENDER)
        return client.messages.create(to=to, **({"body": body} if body is not None else {}), **options)

    return send
