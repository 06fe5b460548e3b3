from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from channels_whatsapp import api as send_api
from channels_whatsapp.models import Account, Receipt, Sender
from channels_whatsapp.simulator import Simulator
from inbox.models import Agent, Channel, Conversation, Message
from tests import world
from tests.conftest import ACCOUNT_SID
from tests.inbox.pages import client_id
from tests.jobs import run_due_jobs

TOKEN = "a1b2c3d4e5f60718293a4b5c6d7e8f90"
RECEIPTS = "/admin/channels_whatsapp/receipt/"


@pytest.fixture
def office(db: None) -> Client:
    client = Client()
    client.force_login(world.agent("boss", "admin", is_staff=True, is_superuser=True))
    return client


def account_fields(**changes: str) -> dict[str, str]:
    fields = {"sid": ACCOUNT_SID, "name": "Shop", "shared_key_id": "", "auth_token": "",
              "previous_auth_token": "", "shared_key_secret": ""}  # fmt: skip
    return fields | changes


def test_a_token_goes_in_and_never_comes_out(office: Client) -> None:
    office.post(reverse("admin:channels_whatsapp_account_add"), account_fields(auth_token=TOKEN))
    account = Account.objects.get()
    assert account.auth_token == TOKEN
    with connection.cursor() as cursor:
        cursor.execute("SELECT auth_token FROM channels_whatsapp_account")
        assert TOKEN not in cursor.fetchone()[0]
    path = reverse("admin:channels_whatsapp_account_change", args=[account.pk])
    page = office.get(path).content.decode()
    assert TOKEN not in page
    assert "One is kept." in page
    assert "••••" not in page and TOKEN[-8:] not in page
    history = office.get(
        reverse("admin:channels_whatsapp_account_history", args=[account.pk])
    ).content.decode()
    assert TOKEN not in history


def test_an_empty_field_keeps_the_token_and_a_dash_removes_it(office: Client) -> None:
    account = Account.objects.create(sid=ACCOUNT_SID, auth_token=TOKEN, previous_auth_token="old")
    path = reverse("admin:channels_whatsapp_account_change", args=[account.pk])
    office.post(path, account_fields(name="Renamed", previous_auth_token="-"))
    account.refresh_from_db()
    assert (account.name, account.auth_token, account.previous_auth_token) == ("Renamed", TOKEN, "")
    office.post(path, account_fields(auth_token="new" + TOKEN))
    account.refresh_from_db()
    assert account.auth_token == "new" + TOKEN


@pytest.mark.parametrize("sid", ["SK" + "5e1f" * 8, "AC" + "z" * 32, "AC" + "5e1f" * 7, "AC" + "٣" * 32])
def test_an_account_sid_is_ac_and_32_hex_digits(office: Client, sid: str) -> None:
    page = office.post(reverse("admin:channels_whatsapp_account_add"), account_fields(sid=sid))
    assert "Console shows it" in page.content.decode()
    assert not Account.objects.exists()


def test_a_sender_shows_what_to_paste(office: Client) -> None:
    sender = world.channel().sender
    page = office.get(reverse("admin:channels_whatsapp_sender_change", args=[sender.pk])).content.decode()
    base = "https://inbox.example/api/webhooks/whatsapp/twilio"
    for address in (
        f"{base}#rc=5&amp;rp=5xx,ct,rt",
        f"{base}/fallback#rc=5&amp;rp=5xx,ct,rt",
        f"{base}/status<",
    ):
        assert address in page


def test_without_a_public_address_it_says_what_to_set(office: Client, settings: Any) -> None:
    settings.PUBLIC_BASE_URL = ""
    sender = world.channel().sender
    page = office.get(reverse("admin:channels_whatsapp_sender_change", args=[sender.pk])).content.decode()
    assert "Set PUBLIC_BASE_URL first" in page


def test_a_sender_takes_its_channels_address(office: Client) -> None:
    sender = world.channel().sender
    other = world.channel("Shop US", "whatsapp:+12025550134")
    other.sender.delete()
    path = reverse("admin:channels_whatsapp_sender_change", args=[sender.pk])
    fields = {"channel": other.pk, "account": sender.account.pk, "kind": "sandbox", "address": "whatsapp:+1",
              "messaging_service_sid": "", "sid": ""}  # fmt: skip
    office.post(path, fields)
    sender.refresh_from_db()
    assert (sender.address, sender.kind) == ("whatsapp:+12025550134", "sandbox")


def test_a_channel_keeps_the_address_that_its_sender_has(office: Client) -> None:
    channel = world.channel()
    path = reverse("admin:inbox_channel_change", args=[channel.pk])
    fields = {"name": "Renamed", "kind": "whatsapp", "address": "whatsapp:+12025550134", "is_active": "on"}
    assert office.post(path, fields).status_code == 302
    channel.refresh_from_db()
    assert (channel.name, channel.address) == ("Renamed", world.SHOP)
    channel.sender.delete()
    office.post(path, fields)
    channel.refresh_from_db()
    assert channel.address == "whatsapp:+12025550134"


def test_two_senders_never_have_one_address(office: Client) -> None:
    channel = world.channel()
    Channel.objects.filter(pk=channel.pk).update(address="whatsapp:+12025550134")
    other = Channel.objects.create(name="Shop US", address=world.SHOP)
    fields = {"channel": other.pk, "account": channel.sender.account.pk, "kind": "production",
              "messaging_service_sid": "", "sid": ""}  # fmt: skip
    page = office.post(reverse("admin:channels_whatsapp_sender_add"), fields).content.decode()
    assert "Shop UK (whatsapp:+447700900142) already has this address" in page
    assert Sender.objects.count() == 1


@pytest.fixture
def worker_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send_api, "pause", lambda seconds: run_due_jobs())


def at_the_test_page() -> tuple[Client, str]:
    client = Client()
    client.force_login(world.agent("boss", "admin", is_staff=True, is_superuser=True))
    return client, f"/admin/channels_whatsapp/sender/{Sender.objects.get().pk}/test/"


def test_a_test_message_says_what_became_of_it(
    sim: Simulator, talk: Callable[..., Conversation], worker_meanwhile: None
) -> None:
    talk("+447700900911")
    client, path = at_the_test_page()
    assert "Send a test" in client.get(path).content.decode()
    page = client.post(path, {"to": "+44 7700 900911", "body": "Hello there"}).content.decode()
    assert "Twilio took it." in page
    assert sim.wait_idle()
    assert "Hello there" in sim.delivered_bodies("whatsapp:+447700900911")
    sim.faults.add("refuse", on="POST */Messages.json", times=1, code=21211, status=400)
    page = client.post(path, {"to": "+447700900911", "body": "Hello"}).content.decode()
    assert "verdict--bad" in page
    page = client.post(path, {"to": "+447700900999", "body": "Hello"}).content.decode()
    assert "The 24-hour window is closed" in page
    page = client.post(path, {"to": "nobody", "body": "Hello"}).content.decode()
    assert "country code" in page


def test_the_same_page_sent_again_sends_no_second_test(
    sim: Simulator, talk: Callable[..., Conversation], worker_meanwhile: None
) -> None:
    talk("+447700900911")
    client, path = at_the_test_page()
    first = client_id(client.get(path).content.decode())
    asked = {"to": "+447700900911", "body": "Hello there", "client_id": first}
    for _reload in range(2):
        page = client.post(path, asked).content.decode()
        assert "Twilio took it." in page
        assert Message.objects.filter(direction="outbound").count() == 1
    # What the page offers next is another message, with the same words in its fields.
    assert client_id(page) != first
    assert 'value="Hello there"' in page
    client.post(path, asked | {"client_id": client_id(page)})
    assert Message.objects.filter(direction="outbound").count() == 2


@pytest.mark.parametrize("role", ["agent", "lead"])
def test_only_admins_send_tests(db: None, role: str) -> None:
    sender = world.channel().sender
    client = Client()
    client.force_login(world.agent(role, role))
    path = f"/admin/channels_whatsapp/sender/{sender.pk}/test/"
    assert client.post(path, {"to": "+447700900911", "body": "x"}).status_code == 302
    assert not Message.objects.exists()


def receipt_for(to: str = "whatsapp:+447700900777", **fields: Any) -> Receipt:
    sid = "SM" + "ab" * 16
    params = {"MessageSid": sid, "AccountSid": ACCOUNT_SID, "From": "whatsapp:+447700900318", "To": to,
              "Body": "Is <b>anybody</b> there?", "NumMedia": "0"}  # fmt: skip
    values = {"kind": "inbound", "account_sid": ACCOUNT_SID, "key": sid, "sid": sid, "outcome": "unmatched"}
    return Receipt.objects.create(params=params, **values | fields)


def test_a_receipt_is_shown_whole_and_never_changed(office: Client) -> None:
    receipt = receipt_for()
    page = office.get(f"{RECEIPTS}{receipt.pk}/change/").content.decode()
    assert "&quot;From&quot;: &quot;whatsapp:+447700900318&quot;" in page
    assert "<b>anybody</b>" not in page
    assert office.post(f"{RECEIPTS}{receipt.pk}/change/", {"outcome": "applied"}).status_code == 403
    assert len(office.get(RECEIPTS, {"outcome__exact": "unmatched"}).context["cl"].result_list) == 1
    assert len(office.get(RECEIPTS, {"q": receipt.sid}).context["cl"].result_list) == 1


def test_it_replays_what_has_a_channel_now(office: Client) -> None:
    world.channel("New", "whatsapp:+447700900777")
    receipt = receipt_for()
    page = office.post(RECEIPTS, {"action": "replay", "_selected_action": [receipt.pk]}, follow=True)
    assert "Applied: 1" in page.content.decode()
    assert Message.objects.get().body == "Is <b>anybody</b> there?"
    office.post(RECEIPTS, {"action": "replay", "_selected_action": [receipt.pk]})
    assert Message.objects.count() == 1


def test_it_says_why_a_replay_did_nothing(office: Client) -> None:
    receipt = receipt_for()
    page = office.post(RECEIPTS, {"action": "replay", "_selected_action": [receipt.pk]}, follow=True)
    assert "Unmatched: 1. No channel here has the address" in page.content.decode()


def test_it_assigns_a_message_to_a_channel(office: Client) -> None:
    channel = world.channel()
    receipt = receipt_for()
    chosen = {"action": "assign", "_selected_action": [receipt.pk]}
    page = office.post(RECEIPTS, chosen).content.decode()
    assert channel.name in page
    assert not Message.objects.exists()
    for wrong in ("x", "99999999"):
        assert (
            "Which one was it meant for?"
            in office.post(RECEIPTS, chosen | {"channel": wrong}).content.decode()
        )
    page = office.post(RECEIPTS, chosen | {"channel": channel.pk}, follow=True).content.decode()
    assert "Applied: 1" in page
    assert Message.objects.get().conversation.channel == channel
    page = office.post(RECEIPTS, chosen, follow=True).content.decode()
    assert "Only messages without a channel" in page


def test_a_message_links_to_the_webhooks_that_spoke_of_it(office: Client) -> None:
    message = world.message(world.conversation(), sid="SM" + "ab" * 16)
    receipt = receipt_for(outcome="applied")
    status = receipt_for(kind="status", key=f"{receipt.sid}:read", outcome="applied")
    page = office.get(f"/admin/inbox/message/{message.pk}/change/").content.decode()
    for each in (receipt, status):
        assert f"{RECEIPTS}{each.pk}/change/" in page
    assert (
        f"/admin/inbox/message/{message.pk}/change/"
        in office.get(f"{RECEIPTS}{receipt.pk}/change/").content.decode()
    )


def test_wrong_signatures_are_listed_with_their_diagnosis(office: Client) -> None:
    from channels_whatsapp.models import BadSignature

    BadSignature.objects.create(
        minute="2026-11-22T10:00:00Z", path="/api/webhooks", diagnosis="http for https"
    )
    assert "http for https" in office.get("/admin/channels_whatsapp/badsignature/").content.decode()
    assert Agent.objects.count() == 1
