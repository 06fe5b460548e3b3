"""Six things that must stay where they are, looked for wherever the running product writes, with DEBUG on."""

from __future__ import annotations

import json
import re
import urllib.parse
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.browser.stack import PASSWORD, Stack

NUMBER = "447700900555"
CANARIES = {
    "number": "0900555",
    "what a customer wrote": "canary-inbound-body",
    "what an agent wrote": "canary-outbound-body",
    "a note": "canary-note-body",
    "a search": "canary-search-word",
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("secrets") / "data", {"LOG_LEVEL": "DEBUG", "DEBUG": "1"})
    made.start()
    yield made
    made.stop()


class Person(requests.Session):
    """Somebody at a browser, without one."""

    def __init__(self, stack: Stack, username: str) -> None:
        super().__init__()
        self.stack = stack
        self.headers["Referer"] = stack.url
        self.fetch("/login/")
        answer = self.send_form("/login/", login=username, password=PASSWORD)
        assert answer.status_code == 200 and "sessionid" in self.cookies

    def fetch(self, path: str) -> requests.Response:
        return self.get(f"{self.stack.url}{path}", timeout=20)

    def send_form(self, path: str, **fields: str) -> requests.Response:
        token = {"csrfmiddlewaretoken": self.cookies["csrftoken"]}
        return self.post(f"{self.stack.url}{path}", data=fields | token, timeout=20)


def customer_writes(stack: Stack, **message: Any) -> None:
    told = {"from": f"whatsapp:+{NUMBER}", **message}
    assert requests.post(f"{stack.phone_url}/_sim/send", json=told, timeout=10).status_code == 200
    assert requests.post(f"{stack.phone_url}/_sim/wait", json={"seconds": 10}, timeout=20).json()["idle"]


@pytest.fixture(scope="module")
def told(stack: Stack) -> dict[str, str]:
    """The whole way: in, seen, searched for, answered, sent, failed; and everything that is secret."""
    customer_writes(stack, body=CANARIES["what a customer wrote"])
    customer_writes(stack, kind="document", name="a.pdf", data="JVBERi0xLjQ=", body="")
    lead = Person(stack, "lead")
    found = lead.fetch(f"/list/?q={NUMBER}").text
    talk = re.search(r'href="(/conversations/\d+/)', found)
    assert talk
    lead.fetch(talk[1])
    lead.fetch(f"/list/?q={CANARIES['a search']}")
    lead.send_form(f"{talk[1]}messages/", body=CANARIES["what an agent wrote"])
    lead.send_form(f"{talk[1]}notes/", body=CANARIES["a note"])
    fault = {"kind": "fail", "on": "POST */Messages.json", "times": 1, "code": 63024}
    requests.post(f"{stack.phone_url}/_sim/faults", json=fault, timeout=10)
    lead.send_form(f"{talk[1]}messages/", body=CANARIES["what an agent wrote"] + " again")
    key = stack.manage("create_api_key", "lead").stdout.splitlines()[-1]
    bearer = {"Authorization": f"Bearer {key}"}
    body = {"to": f"+{NUMBER}", "message": CANARIES["what an agent wrote"] + " by api"}
    requests.post(
        f"{stack.url}/api/whatsapp/send", json=body, headers=bearer | {"Prefer": "wait=5"}, timeout=20
    )
    # What goes wrong is written down at length: that is where secrets get out.
    requests.post(
        f"{stack.url}/api/whatsapp/send",
        data="{",
        headers=bearer | {"Content-Type": "application/json"},
        timeout=20,
    )
    forged = {
        "From": f"whatsapp:+{NUMBER}",
        "Body": CANARIES["what a customer wrote"],
        "AccountSid": "AC" + "0" * 32,
    }
    signature = {"X-Twilio-Signature": "canary-signature-0123456789="}
    requests.post(f"{stack.url}/api/webhooks/whatsapp/twilio", data=forged, headers=signature, timeout=10)
    lead.fetch("/account/password/reset/key/1-canary-reset-token/")
    requests.get(f"{stack.url}/api/files/canary-file-token/a.pdf", timeout=10)
    customer_writes(stack, body=CANARIES["what a customer wrote"] + " once more")
    # A job that has to wait is one that can be looked at.
    requests.post(f"{stack.phone_url}/_sim/faults", json={"kind": "throttle", "times": None}, timeout=10)
    lead.send_form(f"{talk[1]}messages/", body=CANARIES["what an agent wrote"] + " too early")
    settings = json.loads(stack.manage("shell", "-v0", "-c", _SECRETS).stdout.splitlines()[-1])
    return CANARIES | settings | {
        "API key": key, "session": lead.cookies["sessionid"], "signature": "canary-signature",
        "reset link": "canary-reset-token", "file link": "canary-file-token",
    }  # fmt: skip


_SECRETS = """
import json
from django.conf import settings
print(json.dumps({"auth token": settings.TWILIO_AUTH_TOKEN[0], "SECRET_KEY": settings.SECRET_KEY}))
"""
_JOBS = """
from procrastinate.contrib.django.models import ProcrastinateJob
from channels_whatsapp.models import BadSignature
for job in ProcrastinateJob.objects.all(): print(job.task_name, job.args, job.lock, job.queueing_lock)
for row in BadSignature.objects.all(): print(row.path, row.diagnosis, row.account_sid)
"""


def forms(canary: str) -> set[str]:
    return {canary, urllib.parse.quote(canary), urllib.parse.quote_plus(canary)}


def must_hold_none(text: str, told: dict[str, str]) -> None:
    leaked = {name for name, canary in told.items() for form in forms(canary) if form in text}
    assert leaked == set()


def test_nothing_secret_or_private_is_in_what_it_prints(stack: Stack, told: dict[str, str]) -> None:
    assert "/api/webhooks/whatsapp/twilio" in stack.output, "it does print what happens"
    must_hold_none(stack.output, told)


def test_jobs_carry_numbers_of_rows_only(stack: Stack, told: dict[str, str]) -> None:
    jobs = stack.manage("shell", "-v0", "-c", _JOBS).stdout
    assert "send_message" in jobs
    must_hold_none(jobs, told)


def test_the_back_office_shows_no_secret(stack: Stack, told: dict[str, str]) -> None:
    """Messages and numbers are there for admins to see; keys and tokens are for nobody."""
    admin, seen = Person(stack, "admin"), ""
    for path in (
        "",
        "channels_whatsapp/account/",
        "channels_whatsapp/sender/",
        "channels_whatsapp/receipt/",
        "channels_whatsapp/badsignature/",
        "inbox/apikey/",
        "inbox/agent/",
        "procrastinate/procrastinatejob/",
    ):
        page = admin.fetch(f"/admin/{path}").text
        seen += page
        for link in re.findall(rf'href="(/admin/{path}[0-9]+/change/)', page)[:3]:
            seen += admin.fetch(link).text
    secrets = ("auth token", "SECRET_KEY", "API key", "session", "signature", "reset link", "file link")
    must_hold_none(seen, {name: told[name] for name in secrets})
    assert 'type="password" name="auth_token"' in seen


def test_public_pages_of_health_tell_no_number(stack: Stack, told: dict[str, str]) -> None:
    for path in ("/healthz", "/readyz", "/login/", "/nowhere/", "/api/nowhere"):
        must_hold_none(requests.get(f"{stack.url}{path}", timeout=10).text, told)


def test_the_database_keeps_no_usable_key_or_token(stack: Stack, told: dict[str, str]) -> None:
    dump = stack.manage(
        "dumpdata", "inbox.apikey", "channels_whatsapp.account", "sessions", "admin.logentry"
    ).stdout
    assert "inbox.apikey" in dump
    must_hold_none(dump, {name: told[name] for name in ("auth token", "SECRET_KEY", "API key")})
