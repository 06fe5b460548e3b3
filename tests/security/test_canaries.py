"""Secrets and private words, put through everything that goes wrong, and looked for wherever it is told.

`test_secrets.py` asks the same of the running product. Here a Twilio that repeats our own credentials to us
fails in every way, and even the loggers that are kept quiet are as loud as they can be.
"""

from __future__ import annotations

import io
import re
from base64 import b64encode
from collections.abc import Iterator

import pytest
from django.test import Client

from channels_whatsapp import client as twilio
from channels_whatsapp import reconcile
from channels_whatsapp.connecting import urls as connect_urls
from channels_whatsapp.models import Sender
from config import logs
from inbox.models import ApiKey, Message
from templates_mgmt import content as kinds
from templates_mgmt.models import Template
from tests.jobs import run_due_jobs
from tests.security.canaries import (
    PRIVATE,
    SECRETS,
    SID,
    SILENT,
    Shop,
    command,
    jobs,
    must_hold_none,
    private_rows,
)
from tests.security.parrot import MOODS
from tests.templates_mgmt import shelf


def test_the_loggers_that_quote_values_are_silent_at_every_level() -> None:
    assert {logs._dict_config("DEBUG", {})["loggers"][name]["level"] for name in SILENT} == {"WARNING"}


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


# What the forms of the connect pages take; the last one removes the number.
FORMS: tuple[dict[str, str], ...] = (
    {"number": "+447700900555", "name": "Bramblecart", "waba": "1", "method": "sms", "code": "123456",
     "address": "whatsapp:+447700900142", "label": "Shop", "at_twilio": "on"},
    {"number": "+447700900142", "at_twilio": "on", "method": "voice", "name": "Bramblecart"},
)  # fmt: skip


@pytest.mark.parametrize("mood", MOODS)
def test_connecting_tells_no_token_whatever_twilio_says(shop: Shop, written: io.StringIO, mood: str) -> None:
    shop.twilio.mood = mood
    account, sender = shop.account.pk, shop.channel.sender.pk
    new = "ca9a54" * 5 + "04"
    Sender.objects.update(sid="XE" + "1" * 32, messaging_service_sid="MG" + "1" * 32)
    pages = [str(pattern.pattern).replace("<int:pk>", "{pk}") for pattern in connect_urls.urlpatterns]
    told = [shop.client.post("/connect/account/", {"token": new})]
    told += [shop.client.post(f"/connect/accounts/{account}/token/", {"token": f"{new}!"})]
    for kind in (Sender.Kind.PRODUCTION, Sender.Kind.SANDBOX):
        Sender.objects.update(kind=kind)
        for path in sorted(pages, key=lambda path: "removal" in path):
            path = f"/connect/{path}".format(pk=account if path.startswith("accounts") else sender)
            told += [shop.client.get(path.replace("<slug:key>", f"token-{account}"))]
            told += [shop.client.post(path, form | {"sid": SID, "token": new}) for form in FORMS]
    run_due_jobs(raising=False)
    assert {answer.status_code for answer in told} <= {200, 302, 404, 405, 422}
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


def test_the_back_office_shows_nothing_of_a_secret(shop: Shop) -> None:
    shop.customer_writes()
    pages = dict(admin_pages(shop.client))
    assert len(pages) > 12
    account = pages[f"/admin/channels_whatsapp/account/{shop.account.pk}/change/"]
    assert "One is kept." in account
    assert "••••" not in account
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
