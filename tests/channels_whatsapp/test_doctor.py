from __future__ import annotations

from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.db.models.functions import Now

from channels_whatsapp import checklist, doctor, doctor_twilio, reconcile
from channels_whatsapp.doctor import Level
from channels_whatsapp.forgeries import NOT_UNDERSTOOD, UNPROVEN
from channels_whatsapp.models import Account, BadSignature, Receipt, Sender
from channels_whatsapp.setup import ensure_from_settings
from channels_whatsapp.simulator import Simulator
from inbox import clock, statuses
from tests import world
from tests.conftest import ACCOUNT_SID


@pytest.fixture
def worker(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")


def bad() -> list[str]:
    return [f"{f.title}: {f.detail}" for f in doctor.examine() if f.level == Level.BAD]


def level(findings: Any) -> list[Level]:
    return [finding.level for finding in findings]


def test_a_set_up_that_works_passes(
    sim: Simulator, worker: None, talk: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    talk()
    call_command("doctor")
    out = capsys.readouterr().out
    assert "The set-up can send and receive." in out
    assert "BAD" not in out
    assert "Its messages come here." in out
    assert "It is online." in out


def test_every_finding_that_is_not_well_names_the_mend(sim: Simulator) -> None:
    findings = doctor.examine()
    assert len(findings) >= 12
    assert all(finding.mend for finding in findings if finding.level != Level.OK)


def test_a_wrong_token_is_told_in_words(sim: Simulator, worker: None, settings: Any) -> None:
    settings.TWILIO_AUTH_TOKEN = ["0" * 32]
    with pytest.raises(CommandError, match="1 of"):
        call_command("doctor")
    assert bad() == ["Connection to Twilio: Twilio did not accept the account's token. "
                     "Authenticate"]  # fmt: skip


def test_a_twilio_that_cannot_be_reached_is_told(sim: Simulator, worker: None, settings: Any) -> None:
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:9"
    [finding] = bad()
    assert "no usable answer" in finding


def test_without_a_worker_nothing_is_sent(sim: Simulator) -> None:
    assert any("nothing is sent" in finding for finding in bad())


def test_a_worker_that_is_silent_counts_as_none(sim: Simulator) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')"
        )
    assert level(doctor.worker()) == [Level.BAD]


def test_a_number_of_another_account_is_found(sim: Simulator, worker: None, shop: Sender) -> None:
    sim.twilio.senders.clear()
    assert any("does not belong to this Twilio account" in finding for finding in bad())


def test_the_sandbox_is_not_in_the_list_and_that_is_fine(sim: Simulator, worker: None) -> None:
    sim.twilio.senders.clear()
    Sender.objects.update(kind=Sender.Kind.SANDBOX)
    assert bad() == []


def test_a_number_that_is_offline_is_found_with_its_reason(
    sim: Simulator, worker: None, shop: Sender
) -> None:
    record = sim.twilio.senders[shop.address]
    record.status = "OFFLINE"
    record.offline_reasons = [{"code": "63020", "message": "Business not verified", "more_info": "x"}]
    [finding] = bad()
    assert "Offline" in finding
    assert "Business not verified" in finding


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "no webhook address"),
        ("https://elsewhere.example/hook", "go to https://elsewhere.example/hook and not here"),
    ],
)
def test_webhooks_that_go_elsewhere_are_found(
    sim: Simulator, worker: None, shop: Sender, url: str, said: str
) -> None:
    sim.twilio.senders[shop.address].webhook["callback_url"] = url
    [finding] = bad()
    assert said in finding


def test_a_webhook_that_twilio_does_not_repeat_is_mentioned(settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://inbox.example"
    plain = doctor_twilio.webhook_address("x", "https://inbox.example/api/webhooks/whatsapp/twilio/")
    assert plain.level == Level.WARN
    assert "#rc=5&rp=5xx,ct,rt" in plain.mend


def test_in_a_messaging_service_its_address_counts(sim: Simulator, worker: None, shop: Sender) -> None:
    service = sim.twilio.add_service("Shop", InboundRequestUrl="https://elsewhere.example/")
    sim.twilio.senders[shop.address].service_sid = service.sid
    Sender.objects.update(messaging_service_sid=service.sid)
    [finding] = bad()
    assert "elsewhere.example" in finding


def test_an_empty_balance_is_found(sim: Simulator, worker: None) -> None:
    sim.twilio.account.balance = "-0.10"
    assert bad() == ["Balance: -0.10 USD"]


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("https://inbox.example", Level.OK),
        ("https://8.8.8.8", Level.OK),
        ("", Level.BAD),
        ("inbox.example", Level.BAD),
        ("http://inbox.example", Level.BAD),
        ("https://my_inbox.example", Level.BAD),
        ("https://inbox.example/path", Level.BAD),
        ("https://localhost", Level.BAD),
        ("https://192.168.1.4", Level.BAD),
        ("https://inbox.local", Level.BAD),
    ],
)
def test_the_public_address_must_be_one_that_twilio_can_call(settings: Any, url: str, found: Level) -> None:
    settings.PUBLIC_BASE_URL, settings.TWILIO_API_BASE_URL = url, ""
    assert level(doctor.public_address()) == [found]


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds", "found"), [(5, Level.OK), (60, Level.WARN), (600, Level.BAD)])
def test_a_clock_that_differs_is_found(seconds: int, found: Level) -> None:
    date = format_datetime(clock.now() - timedelta(seconds=seconds))
    assert doctor_twilio.clock_skew(date).level == found


@pytest.mark.django_db
def test_an_empty_installation_says_what_to_set() -> None:
    [finding] = doctor.accounts()
    assert "TWILIO_ACCOUNT_SID" in finding.mend


@pytest.mark.django_db
def test_an_account_without_token_or_number_is_found() -> None:
    Account.objects.create(sid="AC" + "2" * 32)
    assert level(doctor.accounts()) == [Level.BAD, Level.BAD]


@pytest.mark.django_db
@pytest.mark.parametrize(("minutes", "found"), [(0, Level.OK), (2, Level.WARN), (9, Level.BAD)])
def test_a_queue_that_does_not_move_is_found(minutes: int, found: Level) -> None:
    world.message(world.conversation(), "x", "outbound", created_at=Now() - timedelta(minutes=minutes))
    assert level(doctor.queue()) == [found]


@pytest.mark.django_db
def test_sends_that_nobody_confirmed_are_counted() -> None:
    world.message(world.conversation(), "x", "outbound", status=statuses.UNKNOWN)
    assert level(doctor.unknown_sends()) == [Level.WARN]


@pytest.mark.django_db
def test_receipts_that_could_not_be_placed_are_counted() -> None:
    Receipt.objects.create(kind="inbound", account_sid=ACCOUNT_SID, key="x", params={}, outcome="unmatched")
    assert level(doctor.webhooks()) == [Level.OK, Level.WARN]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("diagnosis", "receipt_after", "found"),
    [
        ("http for https", False, Level.BAD),
        ("http for https", True, Level.WARN),
        ("", False, Level.WARN),
        ("no signature", False, Level.WARN),
        (NOT_UNDERSTOOD, False, Level.WARN),
    ],
)
def test_a_refused_webhook_is_serious_when_it_may_have_been_twilios(
    diagnosis: str, receipt_after: bool, found: Level
) -> None:
    BadSignature.objects.create(minute=Now() - timedelta(minutes=5), path="/api/x", diagnosis=diagnosis)
    if receipt_after:
        Receipt.objects.create(kind="inbound", account_sid=ACCOUNT_SID, key="x", params={})
    [finding] = doctor.signatures()
    assert finding.level == found
    assert (diagnosis or "nothing we tried") in finding.detail


@pytest.mark.django_db
@pytest.mark.parametrize("newer", UNPROVEN)
def test_strangers_do_not_hide_that_twilio_was_refused(newer: str) -> None:
    for minutes, diagnosis in ((5, "http for https"), (1, newer)):
        at = Now() - timedelta(minutes=minutes)
        BadSignature.objects.create(minute=at, path="/api/x", diagnosis=diagnosis)
    [finding] = doctor.signatures()
    assert finding.level == Level.BAD
    assert "http for https" in finding.detail


def test_a_file_store_that_cannot_be_written_is_found(tmp_path: Any, settings: Any) -> None:
    (tmp_path / "file").write_text("")
    settings.MEDIA_ROOT = tmp_path / "file" / "media"
    assert level(doctor.files()) == [Level.BAD]


def test_a_database_that_does_not_answer_is_the_only_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError("connection failed: refused\nIs the server running?")

    monkeypatch.setattr(doctor, "MigrationExecutor", refuse)
    [finding] = doctor.examine()
    assert finding.level == Level.BAD
    assert finding.detail == "It does not answer: connection failed: refused."
    assert "DATABASE_URL" in finding.mend


@pytest.mark.django_db
def test_an_empty_database_is_the_only_finding() -> None:
    MigrationRecorder.Migration.objects.all().delete()
    [finding] = doctor.examine()
    assert finding.level == Level.BAD
    assert "--migrate" in finding.mend


@pytest.mark.django_db
def test_credentials_without_a_number_ask_for_the_number(settings: Any) -> None:
    settings.TWILIO_WHATSAPP_FROM = ""
    assert ensure_from_settings() is None
    [finding] = doctor.accounts()
    assert "set TWILIO_WHATSAPP_FROM" in finding.mend


@pytest.mark.django_db
def test_a_demo_that_is_over_is_left_out(settings: Any) -> None:
    world.channel()
    account = Account.objects.get()
    account.sid, account.auth_token = settings.DEMO_ACCOUNT_SID, "0" * 32
    account.save()
    [finding] = doctor.accounts()
    assert "TWILIO_ACCOUNT_SID" in finding.mend
    about = f"complete-{Sender.objects.get().pk}"
    assert about not in {check.key for check in checklist.checks()}
    assert reconcile.everything() == {}
    settings.DEMO = True
    [check] = [check for check in checklist.checks() if check.key == about]
    assert level(check.run()) == [Level.WARN]
