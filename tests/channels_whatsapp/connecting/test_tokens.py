"""Tokens that change at Twilio, and strangers who write in our name (R9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from channels_whatsapp import doctor, drift, forgeries, signature
from channels_whatsapp.models import Account, BadSignature, Receipt, Sender
from channels_whatsapp.simulator import Simulator
from inbox import clock
from inbox.models import Message
from tests.channels_whatsapp.connecting.conftest import SHOP, TOKEN, words
from tests.channels_whatsapp.posting import PATH, fixture, post_fields
from tests.jobs import run_due_jobs

NEW_TOKEN = "decaf0" * 5 + "22"


@pytest.mark.parametrize("rest_refuses", [True, False])
def test_a_rotated_token_is_noticed_explained_and_everything_comes_back(
    twilio: Simulator, sender: Sender, page: Client, client: Client, rest_refuses: bool
) -> None:
    """R9. Promotion kills the old token for REST too; either way nothing of 100 messages is lost."""
    anna = twilio.customer("+447700900911", name="Anna")
    anna.send_text("before")
    assert twilio.wait_idle()
    twilio.twilio.account.tokens = [NEW_TOKEN] if rest_refuses else [NEW_TOKEN, TOKEN]
    for number in range(100):
        twilio.customer(f"+4477009{number:05d}").send_text(f"refused {number}")
    assert twilio.wait_idle(60)
    assert Message.objects.count() == 1
    assert sum(BadSignature.objects.values_list("count", flat=True)) >= 64

    drift.watch_signatures()  # every minute; Twilio is asked before anything is said
    run_due_jobs()
    drift.watch_signatures()
    account = Account.objects.get()
    assert account.unsigned_since
    assert bool(account.refused_since) is rest_refuses
    said = "Twilio refuses the token" if rest_refuses else "Twilio signs with a token we do not know"
    assert said in words(page.get("/"))
    assert said.split(" the ")[0].split(" with ")[0] in words(page.get("/connect/"))
    assert "token" in client.get("/readyz").json()["warnings"][0]
    checked = page.get("/connect/checks/signatures/")
    assert "Was the primary token changed? Enter the new one." in words(checked)
    if rest_refuses:
        assert "Enter the new token" in words(page.get(f"/connect/checks/token-{account.pk}/"))

    url = f"/connect/accounts/{account.pk}/token/"
    assert "does not accept" in words(page.post(url, {"token": "0" * 32}))
    assert page.post(url, {"token": NEW_TOKEN}).status_code == 302
    account.refresh_from_db()
    assert (account.auth_token, account.previous_auth_token) == (NEW_TOKEN, TOKEN)
    run_due_jobs(later=True)
    assert Message.objects.count() == 101
    assert Message.objects.filter(recovered=True).count() == 100
    drift.watch_signatures()
    assert said not in words(page.get("/"))

    signature.accounts.forget()
    anna.send_text("after")
    assert twilio.wait_idle()
    assert Message.objects.count() == 102


def test_the_old_token_goes_on_verifying_beside_the_new(
    twilio: Simulator, sender: Sender, page: Client
) -> None:
    twilio.twilio.account.tokens = [TOKEN, NEW_TOKEN]
    page.post(f"/connect/accounts/{sender.account_id}/token/", {"token": NEW_TOKEN})
    twilio.customer("+447700900911").send_text("signed with the old one")
    assert twilio.wait_idle()
    assert Message.objects.count() == 1
    assert not BadSignature.objects.exists()


def test_a_forged_webhook_in_our_name_raises_no_alarm(
    twilio: Simulator, sender: Sender, page: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgeries, "counter", forgeries.Counter())
    for _ in range(5):
        assert post_fields(fixture("inbound/text", To=SHOP), token="f" * 32).status_code == 403
        drift.watch_signatures()
        run_due_jobs()
    drift.watch_signatures()
    assert Account.objects.get().unsigned_since is None
    assert "written by a stranger" in words(page.get("/connect/checks/signatures/"))
    assert not [each for each in doctor.signatures() if each.level == doctor.Level.BAD]
    assert twilio.log.calls["GET /2010-04-01/Accounts/{account}/Messages.json"] == 2, "Twilio was asked once"


def test_one_good_webhook_ends_the_alarm(twilio: Simulator, sender: Sender) -> None:
    forgeries.write(PATH, sender.account.sid, 1, "")
    twilio.twilio.add_history("whatsapp:+447700900911", SHOP, "hello", at=clock.now())
    drift.watch_signatures()
    run_due_jobs()
    drift.watch_signatures()
    assert Account.objects.get().unsigned_since
    twilio.customer("+447700900911").send_text("hi")
    assert twilio.wait_idle()
    assert Receipt.objects.exists()
    drift.watch_signatures()
    assert Account.objects.get().unsigned_since is None


def test_the_token_before_verifies_for_a_day_only(twilio: Simulator, sender: Sender, page: Client) -> None:
    page.post(f"/connect/accounts/{sender.account_id}/token/", {"token": TOKEN})
    Account.objects.update(previous_auth_token=NEW_TOKEN, token_at=clock.now() - timedelta(hours=23))
    assert Account.objects.get().verifying_tokens == [TOKEN, NEW_TOKEN]
    Account.objects.update(token_at=clock.now() - timedelta(hours=25))
    assert Account.objects.get().verifying_tokens == [TOKEN]


def test_a_token_entered_here_stands_in_for_the_settings_until_they_change(
    twilio: Simulator, sender: Sender, page: Client, settings: Any
) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = sender.account.sid, ["an old one"]
    Account.objects.update(auth_token="")
    account = Account.objects.get()
    assert account.sending_token == "an old one"
    page.post(f"/connect/accounts/{account.pk}/token/", {"token": TOKEN})
    assert Account.objects.get().sending_token == TOKEN
    settings.TWILIO_AUTH_TOKEN = ["the newest"]
    assert Account.objects.get().sending_token == "the newest"


def test_no_page_shows_any_of_a_token(twilio: Simulator, account: Account, page: Client) -> None:
    urls = (
        "/connect/?change=1",
        f"/connect/accounts/{account.pk}/token/",
        f"/connect/checks/secret-{account.pk}/",
    )
    for url in urls:
        assert f"{TOKEN[-4:]}<" not in page.get(url).content.decode()
        assert "••••" not in words(page.get(url))
        assert "encrypted" in words(page.get(url))
