"""Secrets at rest: changed keys, lost keys, dumps."""

from __future__ import annotations

import copy
import json
import pickle
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from channels_whatsapp import client as twilio
from channels_whatsapp import doctor, setup
from channels_whatsapp.models import Account
from channels_whatsapp.sealed import Unreadable, seal, unseal
from inbox.models import Agent
from tests import world

SID = "AC" + "d0" * 16
TOKEN, SECRET = "c0ffee" * 5 + "aa", "canary-shared-secret"
OLD, NEW = "the key of last year, long enough for a key", "the key of this year, long enough for a key"


@pytest.fixture
def account(db: None, settings: Any) -> Account:
    """Sealed with the old key."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS, settings.TWILIO_ACCOUNT_SID = OLD, [], ""
    return Account.objects.create(sid=SID, auth_token=TOKEN, shared_key_secret=SECRET)


@pytest.fixture
def office(db: None) -> Client:
    client = Client()
    boss = Agent.objects.create_superuser("boss", "boss@inbox.example", "a long enough secret")
    client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    return client


def stored(column: str = "auth_token") -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM channels_whatsapp_account WHERE sid = %s", [SID])
        return cursor.fetchone()[0]


def reload() -> Account:
    return Account.objects.get(sid=SID)


def save_in_admin(office: Client, account: Account, **changes: str) -> None:
    fields = {"sid": SID, "name": "", "shared_key_id": "", "auth_token": "", "previous_auth_token": "",
              "shared_key_secret": ""}  # fmt: skip
    answer = office.post(f"/admin/channels_whatsapp/account/{account.pk}/change/", fields | changes)
    assert answer.status_code == 302


def test_the_same_secret_never_looks_the_same(account: Account) -> None:
    assert TOKEN not in stored() and len({seal(TOKEN) for _ in range(5)}) == 5
    assert {unseal(seal(text)) for text in (TOKEN, "ü", "sealed:x")} == {TOKEN, "ü", "sealed:x"}
    assert (seal(""), unseal("")) == ("", "")


def test_a_changed_key_opens_what_the_old_one_sealed_and_seals_it_anew(
    account: Account, settings: Any
) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    assert (reload().auth_token, reload().shared_key_secret) == (TOKEN, SECRET)
    setup.seal_anew()
    settings.SECRET_KEY_FALLBACKS = []
    assert (reload().auth_token, reload().shared_key_secret) == (TOKEN, SECRET)


def test_a_changed_key_does_not_bring_the_settings_token_back(account: Account, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = SID, ["0" * 32]
    account.take_token(TOKEN)
    account.save()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [OLD]
    setup.seal_anew()
    assert reload().sending_token == TOKEN


def test_without_an_old_key_nothing_is_sealed_anew(account: Account) -> None:
    before = stored()
    setup.seal_anew()
    assert stored() == before


def test_a_lost_key_is_told_in_words_everywhere(account: Account, office: Client, settings: Any) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, []
    lost = reload()
    assert (lost.auth_token, lost.sending_token, lost.verifying_tokens) == ("", "", [])
    with pytest.raises(twilio.CallFailed, match="has no auth token"):
        twilio.for_account(lost)
    [finding] = [f for f in doctor.accounts() if f.title == "Twilio account"]
    assert finding.detail == f"The token of {SID} cannot be read with this SECRET_KEY."
    assert "SECRET_KEY_FALLBACKS" in finding.mend
    output = StringIO()
    with pytest.raises(CommandError):
        call_command("doctor", stdout=output)
    assert finding.detail in output.getvalue()
    # Signed in anew, because a session of the old key has ended too.
    page = office.get(f"/admin/channels_whatsapp/account/{account.pk}/change/")
    if page.status_code == 302:
        office.force_login(Agent.objects.get(), backend="django.contrib.auth.backends.ModelBackend")
        page = office.get(f"/admin/channels_whatsapp/account/{account.pk}/change/")
    assert page.status_code == 200
    assert "cannot be read with this SECRET_KEY" in page.content.decode()
    assert office.get("/connect/").status_code == 200
    page = office.get("/connect/checks/accounts/")
    assert page.status_code == 200
    assert "cannot be read with this SECRET_KEY" in page.content.decode()


def test_what_cannot_be_read_is_kept_until_the_key_comes_back(account: Account, settings: Any) -> None:
    before = stored()
    settings.SECRET_KEY = NEW
    lost = reload()
    lost.name = "Renamed"
    lost.save()
    copy.deepcopy(lost).save()
    pickle.loads(pickle.dumps(lost)).save()
    office = Client()
    boss = Agent.objects.create_superuser("boss", "boss@inbox.example", "a long enough secret")
    office.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    save_in_admin(office, lost, name="Renamed again")
    settings.SECRET_KEY_FALLBACKS = ["a third key"]
    setup.seal_anew()
    assert (stored(), reload().name) == (before, "Renamed again")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = OLD, []
    assert (reload().auth_token, reload().shared_key_secret) == (TOKEN, SECRET)


def test_what_cannot_be_read_can_be_replaced_and_removed(account: Account, settings: Any) -> None:
    settings.SECRET_KEY = NEW
    office = Client()
    boss = Agent.objects.create_superuser("boss", "boss@inbox.example", "a long enough secret")
    office.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    save_in_admin(office, account, auth_token="f" * 32, shared_key_secret="-")
    assert (reload().auth_token, stored("shared_key_secret")) == ("f" * 32, "")


@pytest.mark.parametrize("broken", ["not fernet", "gAAAAA", "gAAAAABé", TOKEN, " "])
def test_a_damaged_secret_is_an_unreadable_one(account: Account, broken: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE channels_whatsapp_account SET auth_token = %s", [broken])
    assert isinstance(reload().auth_token, Unreadable) and reload().sending_token == ""


def test_a_dump_holds_ciphertext_and_brings_the_secret_back(account: Account, tmp_path: Path) -> None:
    account.previous_auth_token = "e" * 32
    account.save()
    dump = tmp_path / "accounts.json"
    for kind in ("json", "xml", "jsonl"):
        output = StringIO()
        call_command("dumpdata", "channels_whatsapp.account", format=kind, stdout=output)
        assert "sealed:gAAAA" in output.getvalue()
        for secret in (TOKEN, SECRET, "e" * 32):
            assert secret not in output.getvalue()
        if kind == "json":
            dump.write_text(output.getvalue())
    Account.objects.all().delete()
    call_command("loaddata", str(dump), verbosity=0)
    assert (reload().auth_token, reload().shared_key_secret) == (TOKEN, SECRET)
    assert reload().previous_auth_token == "e" * 32


def test_a_dump_of_a_lost_key_is_brought_back_as_it_is(
    account: Account, settings: Any, tmp_path: Path
) -> None:
    before, dump = stored(), tmp_path / "accounts.json"
    settings.SECRET_KEY = NEW
    call_command("dumpdata", "channels_whatsapp.account", output=str(dump))
    assert json.loads(dump.read_text())[0]["fields"]["auth_token"] == f"sealed:{before}"
    Account.objects.all().delete()
    call_command("loaddata", str(dump), verbosity=0)
    assert stored() == before


def test_a_token_of_a_lost_key_lets_no_webhook_in(account: Account, settings: Any) -> None:
    """An empty token must not become the key of a signature."""
    from tests.channels_whatsapp.posting import fixture, post_fields

    settings.SECRET_KEY, settings.TWILIO_AUTH_TOKEN = NEW, []
    world.channel()
    for token in ("", stored(), "•••"):
        answer = post_fields(fixture("inbound/text", AccountSid=SID), token=token)
        assert answer.status_code == 403
