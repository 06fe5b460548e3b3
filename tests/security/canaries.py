"""A shop full of secrets and private words, and what is told of it: logs, jobs, rows, commands."""

from __future__ import annotations

import io
import logging
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from channels_whatsapp import client as twilio
from channels_whatsapp import signature
from channels_whatsapp.models import Account
from channels_whatsapp.transport import Transport
from config import logs
from inbox.models import Agent, ApiKey, Event, Message, SendAttempt
from templates_mgmt.models import Template
from tests import world
from tests.channels_whatsapp.posting import fixture, post_fields
from tests.security.parrot import parrot
from tests.security.test_secrets import forms

SID = "AC" + "0ca1" * 8
NUMBER = "447700900666"
CUSTOMER = f"whatsapp:+{NUMBER}"
SECRETS = {
    "auth token": "ca9a51" * 5 + "01",
    "previous token": "ca9a52" * 5 + "02",
    "shared key": "CanarySharedKeySecret0123456789abcdefghijkl",
}
SECRETS["credentials"] = b64encode(f"{SID}:{SECRETS['auth token']}".encode()).decode()
PRIVATE = {
    "number": "0900666",
    "what a customer wrote": "canary-inbound-body",
    "what an agent wrote": "canary-outbound-body",
    "a note": "canary-note-body",
    "a variable": "canary-variable-value",
    "a name": "canary-profile-name",
}
# What these say below WARNING is made of values: nothing but silence keeps it.
SILENT = ("django.db.backends", "django.template")
LOUD = (*logs.QUIET, "twilio", "requests", "django", "channels_whatsapp", "inbox", "httpx")


def must_hold_none(text: str, canaries: dict[str, str]) -> None:
    leaked = {name for name, canary in canaries.items() for form in forms(canary) if form in text}
    assert leaked == set()


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Everything that is logged, at the lowest level of every logger, as it would be written."""
    stream, formatter = io.StringIO(), logs._formatter([], as_json=False)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter.pop("()")(**formatter))
    root, levels = logging.getLogger(), {name: logging.getLogger(name).level for name in ("", *LOUD)}
    root.addHandler(handler)
    for name in levels:
        logging.getLogger(name).setLevel("DEBUG" if name not in SILENT else "WARNING")
    yield stream
    root.removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


class Shop:
    """One account with every secret, behind a Twilio that repeats them."""

    def __init__(self, server: Any) -> None:
        self.twilio = server
        Account.objects.all().delete()
        self.account = Account.objects.create(
            sid=SID,
            auth_token=SECRETS["auth token"],
            previous_auth_token=SECRETS["previous token"],
            shared_key_id="key-1",
            shared_key_secret=SECRETS["shared key"],
        )
        self.channel = world.channel()
        sender = self.channel.sender
        Account.objects.exclude(sid=SID).exclude(pk=sender.account_id).delete()
        sender.account = self.account
        sender.save()
        Account.objects.exclude(sid=SID).delete()
        self.boss = Agent.objects.create_superuser("boss", "boss@inbox.example", "a long enough secret")
        self.key, self.key_text = ApiKey.issue(self.boss)
        self.client = Client(raise_request_exception=False)
        self.client.force_login(self.boss, backend="django.contrib.auth.backends.ModelBackend")
        self.secrets = SECRETS | {
            "API key": self.key_text, "session": self.client.cookies["sessionid"].value,
        }  # fmt: skip

    def customer_writes(self, **changes: str) -> Any:
        told = {
            "AccountSid": SID, "From": CUSTOMER, "WaId": NUMBER, "To": self.channel.address,
            "Body": PRIVATE["what a customer wrote"], "ProfileName": PRIVATE["a name"], **changes,
        }  # fmt: skip
        return post_fields(fixture("inbound/text", **told), token=SECRETS["auth token"])

    def by_api(self, **content: Any) -> Any:
        return self.client.post(
            "/api/whatsapp/send", {"to": CUSTOMER, **content}, "application/json",
            headers={"Authorization": f"Bearer {self.key_text}"},
        )  # fmt: skip


@pytest.fixture
def shop(
    transactional_db: None, settings: Any, monkeypatch: pytest.MonkeyPatch, written: io.StringIO
) -> Iterator[Shop]:
    cache.clear()
    signature.accounts.forget()
    with parrot() as server:
        settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "", []
        settings.TWILIO_API_BASE_URL, settings.TWILIO_TIMEOUT = server.url, 2.0
        transport = Transport()
        monkeypatch.setattr(twilio, "transport", lambda: transport)
        yield Shop(server)
        transport.session.close()


def jobs() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args, lock, queueing_lock, queue_name FROM procrastinate_jobs")
        return str(cursor.fetchall())


def private_rows() -> str:
    """What is kept of calls to Twilio, of deeds, and of refusals."""
    kept: list[Any] = [*SendAttempt.objects.values(), *Event.objects.values(), *Template.objects.values()]
    return str([*kept, *Message.objects.values("error", "payload", "error_code")])


def command(*words: str) -> str:
    output = io.StringIO()
    try:
        call_command(*words, stdout=output, stderr=output)
    except CommandError as error:
        output.write(str(error))
    return output.getvalue()
