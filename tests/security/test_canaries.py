"""Secrets and private words, put through everything that goes wrong, and looked for wherever it is told.

`test_secrets.py` asks the same of the running product. Here a Twilio that repeats our own credentials to us
fails in every way, and even the loggers that are kept quiet are as loud as they can be.
"""

from __future__ import annotations

import io
import logging
import re
from base64 import b64encode
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from channels_whatsapp import client as twilio
from channels_whatsapp import reconcile, signature
from channels_whatsapp.models import Account
from channels_whatsapp.transport import Transport
from config import logs
from inbox.models import Agent, ApiKey, Event, Message, SendAttempt
from templates_mgmt import content as kinds
from templates_mgmt.models import Template
from tests import world
from tests.channels_whatsapp.posting import fixture, post_fields
from tests.jobs import run_due_jobs
from tests.security.parrot import MOODS, parrot
from tests.security.test_secrets import forms
from tests.templates_mgmt import shelf

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


def test_the_loggers_that_quote_values_are_silent_at_every_level() -> None:
    assert {logs._dict_config("DEBUG", {})["loggers"][name]["level"] for name in SILENT} == {"WARNING"}


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


@pytest.mark.parametrize("mood", MOODS)
def test_a_twilio_that_repeats_our_secrets_teaches_them_to_nobody(
    shop: Shop, written: io.StringIO, mood: str
) -> None:
    shop.twilio.mood = mood
    assert shop.customer_writes().status_code == 200
    media = f"{shop.twilio.url}/2010-04-01/Accounts/{SID}/Messages/MM{'1' * 32}/Media/ME{'1' * 32}"
    shop.customer_writes(
        MessageSid=f"MM{'1' * 32}", NumMedia="1", MediaUrl0=media, MediaContentType0="image/jpeg"
    )
    talk = Message.objects.first().conversation
    shop.client.post(f"/conversations/{talk.pk}/notes/", {"body": PRIVATE["a note"]})
    shop.client.post(f"/conversations/{talk.pk}/messages/", {"body": PRIVATE["what an agent wrote"]})
    template = {"content_sid": "HX" + "1" * 32, "content_variables": {"1": PRIVATE["a variable"]}}
    shop.by_api(**template)
    shop.by_api(message=PRIVATE["what an agent wrote"] + " by api")
    queued = jobs()
    run_due_jobs(raising=False)
    heard = " ".join(shop.twilio.heard)
    assert SECRETS["auth token"] in heard and PRIVATE["what an agent wrote"] in heard, "it did repeat them"

    told = command("doctor") + command("reconcile", "--since", "1d")
    reconcile_silently()
    printed = written.getvalue()
    assert "twilio: POST" in printed and "Deferred 1 job" in printed, "it is as loud as it can be"
    must_hold_none(printed, shop.secrets | PRIVATE)
    must_hold_none(queued + jobs(), shop.secrets | PRIVATE)
    must_hold_none(told + private_rows(), shop.secrets)
    pages = "".join(page for _path, page in admin_pages(shop.client))
    thread = shop.client.get(f"/conversations/{talk.pk}/").content.decode()
    assert PRIVATE["what an agent wrote"] in thread, "it is the right page"
    must_hold_none(pages + thread, shop.secrets)


@pytest.mark.parametrize("mood", MOODS)
def test_connecting_tells_no_token_whatever_twilio_says(shop: Shop, written: io.StringIO, mood: str) -> None:
    shop.twilio.mood = mood
    account, sender = shop.account.pk, shop.channel.sender.pk
    new = "ca9a54" * 5 + "04"
    known = {"sid": SID, "token": new}
    told = [
        shop.client.post("/connect/account/", known),
        shop.client.post("/connect/account/", {"token": new}),
    ]
    told += [shop.client.post("/connect/account/", {"sid": "AC" + "9" * 32, "token": new})]
    told += [
        shop.client.post(f"/connect/accounts/{account}/token/", {"token": word}) for word in (new, new + "!")
    ]
    told += [
        shop.client.post(f"/connect/senders/{sender}/{deed}/") for deed in ("webhooks", "refresh", "hello")
    ]
    pages = ("", "checks/", "senders/", f"senders/{sender}/", f"accounts/{account}/token/",
             f"accounts/{account}/senders/")  # fmt: skip
    told += [shop.client.get(f"/connect/{path}") for path in pages]
    run_due_jobs(raising=False)
    assert {answer.status_code for answer in told} <= {200, 302, 422}
    assert SECRETS["auth token"] in " ".join(shop.twilio.heard), "it did repeat it"
    secrets = shop.secrets | {
        "new token": new,
        "new credentials": b64encode(f"{SID}:{new}".encode()).decode(),
    }
    must_hold_none("".join(answer.content.decode() for answer in told), secrets)
    must_hold_none(jobs() + private_rows() + command("doctor"), secrets)
    must_hold_none(written.getvalue(), secrets | PRIVATE)


@pytest.mark.parametrize("mood", MOODS)
def test_templates_tell_no_token_whatever_twilio_says(shop: Shop, written: io.StringIO, mood: str) -> None:
    shop.twilio.mood = mood
    text = {"types": kinds.text("Hi {{1}}, your order {{2}} is ready at our counter today."),
            "variables": {"1": PRIVATE["a name"], "2": PRIVATE["a variable"]}}  # fmt: skip
    template = Template.write(shop.account, "order_ready", "en", by=shop.boss, category="UTILITY", **text)
    known = shelf.template("known", at=shop.account, sid="HX" + "7" * 32, status="pending")
    answers = [shop.client.post(f"/api/v1/templates/{pk}/submit/") for pk in (template.pk, known.pk)]
    answers.append(shop.client.post("/api/v1/templates/sync/"))
    assert answers[0].status_code == 202, answers[0].json()
    queued = jobs()
    run_due_jobs(raising=False)
    assert SECRETS["auth token"] in " ".join(shop.twilio.heard), "it did repeat it"
    answers += [
        shop.client.get(path) for path in ("/templates/", f"/templates/{template.pk}/", "/api/v1/templates/")
    ]
    pages = "".join(answer.content.decode() for answer in answers)
    must_hold_none(pages + private_rows() + command("doctor"), shop.secrets)
    must_hold_none(written.getvalue() + queued + jobs(), shop.secrets | PRIVATE)


def reconcile_silently() -> None:
    try:
        reconcile.everything(reconcile.HOUR)
    except twilio.CallFailed:
        pass


def admin_pages(client: Client) -> Iterator[tuple[str, str]]:
    """Every list of the back office and a form or two of each."""
    index = client.get("/admin/").content.decode()
    for path in sorted(set(re.findall(r'href="(/admin/\w+/\w+/)"', index))):
        page = client.get(path)
        yield path, page.content.decode()
        links = sorted(set(re.findall(rf'href="({path}[^"/]+/change/)', page.content.decode())))
        for link in links[:2]:
            for address in (link, link.replace("/change/", "/history/")):
                yield address, client.get(address).content.decode()


def test_the_back_office_shows_of_a_secret_its_end(shop: Shop) -> None:
    shop.customer_writes()
    pages = dict(admin_pages(shop.client))
    assert len(pages) > 12
    account = pages[f"/admin/channels_whatsapp/account/{shop.account.pk}/change/"]
    assert f"••••{SECRETS['auth token'][-4:]}" in account
    must_hold_none("".join(pages.values()), shop.secrets)
    kept = {"sid": SID, "name": "New name", "shared_key_id": "key-1", "auth_token": "ca9a53" * 5 + "03",
            "previous_auth_token": SECRETS["auth token"], "shared_key_secret": ""}  # fmt: skip
    # Refused, with everything that was typed in the form.
    answer = shop.client.post(
        f"/admin/channels_whatsapp/account/{shop.account.pk}/change/", kept | {"sid": "AC1"}
    )
    assert answer.status_code == 200
    must_hold_none(answer.content.decode(), shop.secrets | {"new token": kept["auth_token"]})
    answer = shop.client.post(f"/admin/channels_whatsapp/account/{shop.account.pk}/change/", kept)
    assert answer.status_code == 302
    after = "".join(page for _path, page in admin_pages(shop.client))
    must_hold_none(after, shop.secrets | {"new token": kept["auth_token"]})


def test_a_dump_of_everything_opens_nothing(shop: Shop) -> None:
    shop.customer_writes()
    dump = command("dumpdata", "--exclude", "sessions", "--exclude", "procrastinate")
    assert SID in dump and "inbox.apikey" in dump
    must_hold_none(dump, shop.secrets)
    for text in set(re.findall(r'"([^"\s]{20,})"', dump)):
        assert ApiKey.find(text) is None


# Pages of exceptions


def crashes(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], Any]]:
    """Ways to an exception in the middle of our code, with private words in hand."""

    def broken(self: Any, *words: Any, **named: Any) -> None:
        secret = twilio.current_account().sending_token
        raise RuntimeError(f"broken with {len(secret)} characters for {CUSTOMER}")

    monkeypatch.setattr("inbox.models.replying.Replying.reply", broken)
    monkeypatch.setattr("inbox.models.replying.Replying.add_note", broken)
    monkeypatch.setattr(Account, "save", broken)
    shop.customer_writes()
    talk = Message.objects.get().conversation
    account = f"/admin/channels_whatsapp/account/{shop.account.pk}/change/"
    kept = {
        "sid": SID,
        "name": "",
        "shared_key_id": "",
        "auth_token": SECRETS["auth token"],
        "previous_auth_token": SECRETS["previous token"],
        "shared_key_secret": SECRETS["shared key"],
    }
    template = {"content_sid": "HX" + "1" * 32, "content_variables": {"1": PRIVATE["a variable"]}}
    page = f"/conversations/{talk.pk}"
    return [
        lambda: shop.client.post(f"{page}/messages/", {"body": PRIVATE["what an agent wrote"]}),
        lambda: shop.client.post(f"{page}/notes/?q={NUMBER}", {"body": PRIVATE["a note"]}),
        lambda: shop.client.post(
            f"{page}/notes/", {"body": PRIVATE["a note"]},
            headers={"Accept": "text/plain", "Referer": f"/list/?q={NUMBER}"},
        ),
        lambda: shop.by_api(message=PRIVATE["what an agent wrote"]),
        lambda: shop.by_api(**template),
        lambda: shop.client.post(account, kept),
    ]  # fmt: skip


@pytest.mark.parametrize("debug", [False, True], ids=["in production", "with DEBUG"])
def test_a_crash_tells_neither_secrets_nor_what_people_wrote(
    shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch, written: io.StringIO, debug: bool
) -> None:
    acts = crashes(shop, monkeypatch)
    settings.DEBUG = debug
    for act in acts:
        answer = act()
        page = answer.content.decode()
        assert answer.status_code == 500
        assert ("RuntimeError" in page) is debug and ("Traceback" in page or not debug)
        must_hold_none(page, shop.secrets | PRIVATE | {"SECRET_KEY": settings.SECRET_KEY})
    assert "RuntimeError" in written.getvalue()
    must_hold_none(written.getvalue(), shop.secrets | PRIVATE | {"SECRET_KEY": settings.SECRET_KEY})


def test_a_webhook_that_breaks_us_tells_nothing(
    shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch, written: io.StringIO
) -> None:
    def broken(*words: Any, **named: Any) -> None:
        raise RuntimeError(f"broken by {CUSTOMER}")

    places = {"channels_whatsapp.webhooks.keep": 500, "channels_whatsapp.inbound.settle": 200}
    for number, (place, status) in enumerate(places.items()):
        for debug in (False, True):
            settings.DEBUG = debug
            with monkeypatch.context() as patch:
                patch.setattr(place, broken)
                answer = shop.customer_writes(MessageSid=f"SM{number}{debug:d}" + "0" * 30)
            assert answer.status_code in (status, 503), place
            must_hold_none(answer.content.decode(), shop.secrets | PRIVATE)
    assert "RuntimeError" in written.getvalue()
    forged = fixture("inbound/text", Body=PRIVATE["what a customer wrote"], From=CUSTOMER)
    assert post_fields(forged, token="f" * 32).status_code == 403
    must_hold_none(written.getvalue(), shop.secrets | PRIVATE)
    must_hold_none(jobs(), shop.secrets | PRIVATE)
