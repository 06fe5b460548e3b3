from __future__ import annotations

import time
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client

from channels_whatsapp import inbound as reading
from channels_whatsapp import webhooks
from channels_whatsapp.models import Account, Receipt, Sender
from channels_whatsapp.retries import TryAgain
from inbox import live
from inbox.models import Channel, Conversation, Event, Message
from tests import world
from tests.channels_whatsapp.posting import PATH, fixture, post_fields, post_signed, sid_of
from tests.conftest import ACCOUNT_SID
from tests.threads import accidents, at_once

pytestmark = pytest.mark.django_db


def test_a_customers_message_is_stored_and_answered_with_empty_twiml() -> None:
    world.channel()
    answer = post_signed("inbound/text")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert answer.content.endswith(b"<Response/>")
    assert answer.headers["Content-Length"] == str(len(answer.content))
    message = Message.objects.get()
    assert (message.direction, message.kind, message.status) == ("inbound", "text", "received")
    conversation = message.conversation
    assert conversation.unread_count == 1
    assert conversation.contact.profile_name == "Nour Haddadine"
    assert conversation.address.value == "whatsapp:+447700900318"
    assert conversation.last_message_id == message.pk
    assert conversation.last_message_preview == message.body
    assert conversation.waiting_since == message.created_at


def test_the_fallback_address_takes_what_the_first_one_did_not() -> None:
    world.channel()
    fields = fixture("inbound/text", ErrorCode="11200", ErrorUrl="https://inbox.example/x")
    assert post_fields(fields, f"{PATH}/fallback").status_code == 200
    assert post_signed("inbound/text").status_code == 200
    assert Message.objects.count() == 1


def test_a_known_customer_costs_two_statements(django_assert_num_queries: Any) -> None:
    world.channel()
    post_signed("inbound/text")
    with django_assert_num_queries(4):  # savepoint of the test's transaction, two statements, release
        post_signed("inbound/text", MessageSid=sid_of("second"), Body="And again")
    assert Conversation.objects.get().unread_count == 2


def test_a_duplicate_costs_one_statement(django_assert_num_queries: Any) -> None:
    world.channel()
    post_signed("inbound/text")
    with django_assert_num_queries(3):
        post_signed("inbound/text")


def test_a_message_without_a_channel_is_kept_assigned_and_replayed() -> None:
    post_signed("inbound/text", To="whatsapp:+447700900777")
    receipt = Receipt.objects.get()
    assert (receipt.outcome, receipt.detail) == (
        "unmatched", "No channel here has the address whatsapp:+447700900777.",
    )  # fmt: skip
    assert not Message.objects.exists()
    over = world.channel()
    assert receipt.assign_to(over) == "applied"
    message = Message.objects.get()
    assert message.conversation.channel == over
    assert message.created_at == receipt.received_at
    receipt.refresh_from_db()
    assert (receipt.outcome, receipt.detail) == ("applied", "")


def test_the_messaging_service_is_a_hint_when_the_number_is_not_known() -> None:
    over = world.channel()
    Sender.objects.update(messaging_service_sid="MG" + "a" * 32)
    post_signed("inbound/service", To="whatsapp:+447700900777")
    assert Message.objects.get().conversation.channel == over


def test_two_channels_of_one_messaging_service_are_no_hint() -> None:
    world.channel()
    world.channel("Second", "whatsapp:+447700900143")
    Sender.objects.update(messaging_service_sid="MG" + "a" * 32)
    post_signed("inbound/service", To="whatsapp:+447700900777")
    assert Receipt.objects.get().outcome == "unmatched"


def test_the_number_in_the_settings_needs_no_set_up_first() -> None:
    post_signed("inbound/text", To="whatsapp:+14155238886")
    assert Message.objects.get().conversation.channel.address == "whatsapp:+14155238886"
    assert Account.objects.get().sid == ACCOUNT_SID


# When we are at fault


def broken(*_: Any, **__: Any) -> Any:
    raise ZeroDivisionError("private words of a customer")


def test_a_fault_of_ours_keeps_the_webhook_and_tries_again(
    monkeypatch: pytest.MonkeyPatch, run_jobs: Any
) -> None:
    world.channel()
    with monkeypatch.context() as patch:
        patch.setattr(reading, "parse", broken)
        assert post_signed("inbound/text").status_code == 200
        receipt = Receipt.objects.get()
        assert (receipt.outcome, receipt.tries) == ("failed", 1)
        assert "ZeroDivisionError" in receipt.detail
        assert "private" not in receipt.detail
    assert not Message.objects.exists()
    assert run_jobs(later=True) >= 1
    receipt.refresh_from_db()
    assert receipt.outcome == "applied"
    assert Message.objects.get().created_at == receipt.received_at


def test_a_poisoned_webhook_is_tried_ten_times_and_then_left_to_a_person(
    monkeypatch: pytest.MonkeyPatch, run_jobs: Any
) -> None:
    world.channel()
    with monkeypatch.context() as patch:
        patch.setattr(reading, "parse", broken)
        post_signed("inbound/text")
        run_jobs(later=True)
        receipt = Receipt.objects.get()
        assert (receipt.outcome, receipt.tries) == ("failed", 10)
        for n in range(3):  # nothing behind it waits
            post_signed("inbound/text", MessageSid=sid_of(n))
    assert receipt.replay() == "applied"
    assert Message.objects.get().sid == receipt.sid


def test_a_retry_waits_longer_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    world.channel()
    monkeypatch.setattr(reading, "parse", broken)
    post_signed("inbound/text")
    receipt = Receipt.objects.get()
    waits = []
    for _ in range(8):
        with pytest.raises(TryAgain) as again:
            webhooks.process(receipt)
        waits.append(again.value.after_seconds)
    webhooks.process(receipt)  # the tenth
    assert receipt.tries == 10
    assert waits[-1] > 8 * waits[0]


def test_replaying_what_was_applied_changes_nothing() -> None:
    world.channel()
    post_signed("inbound/text")
    assert Receipt.objects.get().replay() == "applied"
    assert Message.objects.count() == 1
    assert Conversation.objects.get().unread_count == 1
    assert Event.objects.filter(verb="message.received").count() == 1


def test_what_cannot_be_stored_is_answered_with_twiml_and_503(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Any) -> None:
        raise OperationalError("disk full")

    world.channel()
    monkeypatch.setattr(webhooks, "keep", full)
    started = time.monotonic()
    answer = post_signed("inbound/text")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/xml; charset=utf-8")
    assert answer.content.endswith(b"<Response/>")
    assert time.monotonic() - started < 5


def test_a_fault_that_is_no_database_error_never_acknowledges_what_is_not_stored(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world.channel()
    monkeypatch.setattr(webhooks, "keep", broken)
    answer = post_signed("inbound/text")
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "text/xml; charset=utf-8")
    assert b"private" not in answer.content
    assert not Receipt.objects.exists()


def test_the_view_runs_before_sessions_and_sign_in() -> None:
    world.channel()
    answer = post_fields(fixture("inbound/text"), client=Client(enforce_csrf_checks=True))
    assert answer.status_code == 200
    assert not answer.cookies
    assert "Content-Security-Policy" not in answer.headers


# Races, on committed data


@pytest.mark.django_db(transaction=True)
def test_the_same_webhook_in_eight_threads_is_one_message() -> None:
    world.channel()
    for n in range(5):
        sid = sid_of(n)
        answers = at_once(*[lambda sid=sid: post_signed("inbound/text", MessageSid=sid)] * 8)
        assert {answer.status_code for answer in answers} == {200}
    assert Message.objects.count() == Event.objects.filter(verb="message.received").count() == 5
    assert {receipt.duplicates for receipt in Receipt.objects.all()} == {7}
    assert Conversation.objects.get().unread_count == 5


@pytest.mark.django_db(transaction=True)
def test_eight_first_messages_of_a_new_customer_make_one_conversation() -> None:
    world.channel()
    for n in range(5):
        number, user = f"whatsapp:+44770090{n:04}", f"whatsapp:GB.55{n:04}"
        acts = [
            lambda k=k, n=n, number=number, user=user: post_signed(
                "inbound/text", MessageSid=sid_of((n, k)), From=number if k % 2 else user, ExternalUserId=user
            )
            for k in range(8)
        ]
        assert {answer.status_code for answer in at_once(*acts)} == {200}
    assert Message.objects.count() == 40
    assert Conversation.objects.count() == 5
    assert set(Conversation.objects.values_list("unread_count", flat=True)) == {8}
    assert not Receipt.objects.exclude(outcome="applied").exists()


@pytest.mark.django_db(transaction=True)
def test_a_webhook_and_reconciliation_at_once_store_one_message() -> None:
    world.channel()
    params = fixture("inbound/text")
    at = Channel.objects.get().created_at
    for n in range(5):
        sid = sid_of(n)
        acts = [lambda sid=sid: post_signed("inbound/text", MessageSid=sid)] * 2 + [
            lambda sid=sid: reading.apply(
                params | {"MessageSid": sid}, account_sid=ACCOUNT_SID, at=at, recovered=True
            )
        ] * 2
        results = at_once(*acts)
        assert accidents(results) == []
    assert Message.objects.count() == 5
    assert Conversation.objects.get().unread_count == 5


@pytest.mark.django_db(transaction=True)
def test_resolving_while_a_message_arrives_never_hides_it() -> None:
    world.channel()
    post_signed("inbound/text", MessageSid=sid_of("first"))
    conversation = Conversation.objects.get()
    for n in range(10):
        at_once(
            lambda n=n: post_signed("inbound/text", MessageSid=sid_of(n)),
            lambda: Conversation.objects.get(pk=conversation.pk).resolve(by=None),
        )
        conversation.refresh_from_db()
        is_newest_seen = conversation.is_resolved
        if is_newest_seen:  # resolved after the message came
            last = Event.objects.filter(conversation=conversation).order_by("-pk").first()
            assert last and last.verb == "conversation.resolved"
    assert Message.objects.count() == 11
    assert Conversation.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_with_the_database_away_it_answers_503_within_five_seconds_and_recovers() -> None:
    world.channel()
    away = {**connection.settings_dict, "HOST": "127.0.0.1", "PORT": "9"}
    before = connection.settings_dict
    connection.close()
    try:
        connection.settings_dict = away
        started = time.monotonic()
        answer = post_signed("inbound/text")
        assert (answer.status_code, time.monotonic() - started < 5) == (503, True)
        assert answer.content.endswith(b"<Response/>")
    finally:
        connection.settings_dict = before
        connection.close()
    assert post_signed("inbound/text").status_code == 200
    assert Message.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_open_pages_are_told_once_it_is_committed_in_the_words_of_live() -> None:
    world.channel()
    with psycopg.connect(**live._address(), autocommit=True) as listener:
        listener.execute(f"LISTEN {live.CHANNEL}")
        post_signed("inbound/text")
        post_signed("inbound/text", MessageSid=sid_of("second"))
        heard = [live.Announcement.parse(told.payload) for told in listener.notifies(timeout=2, stop_after=2)]
    conversation = Conversation.objects.get()
    assert {(told.kind, told.pk, told.channel) for told in heard} == {
        ("conversation", conversation.pk, conversation.channel_id)
    }
