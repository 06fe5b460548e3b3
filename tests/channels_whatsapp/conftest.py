"""The pretend Twilio and the application, talking to each other over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.core.cache import cache
from django.db import connection

from channels_whatsapp import client, unknown
from channels_whatsapp.models import Sender
from channels_whatsapp.simulator import Simulator, running_simulator
from channels_whatsapp.transport import Transport
from inbox import statuses
from inbox.models import Conversation, Message
from tests import world
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN
from tests.jobs import run_due_jobs
from tests.simulator import openapi


class CheckedTransport(Transport):
    """Ours, with every call held against Twilio's OpenAPI files."""

    def request(
        self,
        method: str,
        uri: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        *args: Any,
        **options: Any,
    ) -> Any:
        parts = urlsplit(uri)
        query = "&".join(filter(None, [parts.query, urlencode(params or {}, doseq=True)]))
        is_json = "json" in (headers or {}).get("Content-Type", "")
        body = data if is_json else urlencode(data, doseq=True) if data else None
        openapi.validate_request(method, f"{parts.path}?{query}" if query else parts.path, body)
        response = super().request(method, uri, params, data, headers, *args, **options)
        if response.status_code < 300:
            found = json.loads(response.text) if response.text else None
            openapi.validate_response(method, parts.path, response.status_code, found)
        return response


@pytest.fixture
def shop(transactional_db: None) -> Sender:
    return world.channel().sender


@contextmanager
def connected(
    url: str, settings: Any, monkeypatch: pytest.MonkeyPatch, **options: Any
) -> Iterator[Simulator]:
    """A pretend Twilio that our calls go to, and whose webhooks come to the application at `url`."""
    with running_simulator(webhook_base=url, account_sid=ACCOUNT_SID, seed=7, **options) as simulator:
        simulator.courier.retry_pause = 0.01
        settings.PUBLIC_BASE_URL, settings.TWILIO_API_BASE_URL = url, simulator.url
        settings.TWILIO_TIMEOUT = 1.0
        transport = CheckedTransport()
        monkeypatch.setattr(client, "transport", lambda: transport)
        cache.clear()
        yield simulator
        simulator.wait_idle()
        transport.session.close()


@pytest.fixture
def sim(
    shop: Sender, live_server: Any, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Simulator]:
    """Twilio with our shop's number."""
    options = {"auth_token": AUTH_TOKEN, "senders": [shop.address]}
    with connected(live_server.url, settings, monkeypatch, **options) as simulator:
        yield simulator


@pytest.fixture
def talk(sim: Simulator) -> Callable[..., Conversation]:
    """A customer writes, and so a conversation with an open window is there: `talk("+447700900911")`."""

    def talk(number: str = "+447700900911", name: str = "Anna") -> Conversation:
        sim.customer(number, name=name).send_text("hi")
        assert sim.wait_idle()
        return Conversation.objects.get(address__value=f"whatsapp:{number}")

    return talk


def make_due() -> None:
    """Let the waits be over: of jobs, of the sender's pause and of its rate."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
    Sender.objects.update(paused_until=None, next_send_at=None)


def run_until_settled(sim: Simulator, rounds: int = 60) -> None:
    """Work as worker and clock do, until every message went out or only Twilio's silence is left."""
    for _ in range(rounds):
        run_due_jobs()
        assert sim.wait_idle()
        unknown.resolve()
        waiting = Message.objects.filter(status__in=[statuses.QUEUED, statuses.SENDING, statuses.UNKNOWN])
        if not waiting.exists():
            return
        make_due()


@pytest.fixture
def settle(sim: Simulator) -> Callable[..., None]:
    return lambda rounds=60: run_until_settled(sim, rounds)
