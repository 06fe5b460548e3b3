from __future__ import annotations

import itertools
import random
import uuid
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from channels_whatsapp import callbacks, errors
from channels_whatsapp.models import Receipt, Sender
from inbox import clock, consent, statuses
from inbox.models import ConsentEntry, Conversation, Event, Message, SendAttempt
from tests import world
from tests.channels_whatsapp.posting import PATH, fixture, post_fields, sid_of
from tests.threads import accidents, at_once

pytestmark = pytest.mark.django_db
CUSTOMER = "whatsapp:+447700900318"
SID = sid_of("sent")
WORDS = ["queued", "sent", "delivered", "read", "failed", "undelivered"]


def sending(body: str = "On its way") -> SendAttempt:
    """A message in the middle of its call to Twilio: claimed and committed, not answered."""
    conversation = Conversation.objects.first() or world.conversation(world.contact(address=CUSTOMER))
    message = world.message(conversation, body, "outbound")
    conversation.note_last(message)
    attempt = SendAttempt.claim(message)
    assert attempt
    return attempt


def tell(word: str, ref: object = None, **changes: Any) -> int:
    name = word if word in ("undelivered", "failed") else "sent"
    changes = {"MessageStatus": word, "SmsStatus": word, **changes}
    path = f"{PATH}/status" + (f"?ref={ref}" if ref else "")
    return int(post_fields(fixture(f"status/{name}", **changes), path).status_code)


def reread(attempt: SendAttempt) -> Message:
    attempt.refresh_from_db()
    return Message.objects.get(pk=attempt.message_id)


def outcomes() -> list[str]:
    return list(Receipt.objects.order_by("pk").values_list("outcome", flat=True))


# Binding


def test_a_callback_before_the_answer_binds_the_sid_by_its_ref() -> None:
    attempt = sending()
    assert tell("sent", attempt.ref) == 200
    message = reread(attempt)
    assert (message.sid, message.status, attempt.sid, attempt.outcome) == (SID, "sent", SID, "accepted")
    assert message.sent_at
    assert Conversation.objects.get().last_message_status == "sent"


def test_the_answer_after_the_callback_changes_nothing() -> None:
    attempt = sending()
    tell("delivered", attempt.ref)
    assert not attempt.accept(SID)
    assert reread(attempt).status == "delivered"


@pytest.mark.parametrize("word", ["accepted", "scheduled", "queued", "sending"])
def test_twilios_early_words_mean_that_it_has_it(word: str) -> None:
    attempt = sending()
    tell(word, attempt.ref)
    assert reread(attempt).status == "accepted"


def test_a_lost_answer_is_found_out_by_the_callback() -> None:
    attempt = sending()
    attempt.lose("read timed out")
    assert reread(attempt).status == "unknown"
    tell("queued", attempt.ref)
    assert (reread(attempt).status, attempt.outcome) == ("accepted", "accepted")


@pytest.mark.parametrize("ref", ["not-a-uuid", "", "0", "../x", uuid.UUID(int=0)])
def test_a_ref_that_is_nobodys_leaves_everything_as_it_was(ref: object) -> None:
    attempt = sending()
    assert tell("sent", ref) == 200
    assert reread(attempt).status == "sending"
    assert outcomes() == ["parked"]


@pytest.mark.parametrize(
    "changes",
    [
        {"To": "whatsapp:+447700900999"},
        {"From": "whatsapp:+447700900999"},
        {"To": "whatsapp:GB.1349000000000000777"},
    ],
)
def test_a_ref_between_other_parties_binds_nothing(changes: dict[str, str]) -> None:
    attempt = sending()
    assert tell("sent", attempt.ref, **changes) == 200
    assert (reread(attempt).status, attempt.sid) == ("sending", None)
    assert outcomes() == ["rejected"]


def test_a_ref_of_a_finished_call_is_not_bound_to_another_message() -> None:
    attempt = sending()
    attempt.accept(SID)
    tell("delivered", attempt.ref, MessageSid=sid_of("another"))
    assert (reread(attempt).status, attempt.sid) == ("accepted", SID)
    assert Receipt.objects.get().detail == "This call created another message."


def test_the_customers_other_address_is_the_same_party() -> None:
    attempt = sending()
    user = "whatsapp:GB.1349000000000000318"
    attempt.message.conversation.contact.addresses.create(kind="user_id", value=user)
    tell("sent", attempt.ref, To=user)
    assert reread(attempt).status == "sent"


def test_another_number_of_the_same_messaging_service_is_the_same_party() -> None:
    attempt = sending()
    Sender.objects.update(messaging_service_sid="MG" + "a" * 32)
    tell("sent", attempt.ref, From="whatsapp:+447700900999", MessagingServiceSid="MG" + "a" * 32)
    assert reread(attempt).status == "sent"


# Order


def run(words: tuple[str, ...]) -> Message:
    Receipt.objects.all().delete()
    attempt = sending()
    SendAttempt.objects.exclude(pk=attempt.pk).update(sid=None)
    Message.objects.exclude(pk=attempt.message_id).update(sid=None)
    for word in words:
        tell(word, attempt.ref)
    return reread(attempt)


@pytest.mark.parametrize(
    "words", list(itertools.permutations(["sent", "delivered", "read", "failed"])), ids="-".join
)
def test_in_any_order_with_duplicates_it_ends_the_same(words: tuple[str, ...]) -> None:
    doubled = tuple(random.Random("-".join(words)).sample([*words, *words[:2]], 6))
    message = run(doubled)
    assert (message.status, message.error_code) == ("read", 63003)
    assert message.read_at


@pytest.mark.parametrize(
    "words", list(itertools.permutations(["queued", "sent", "undelivered"])), ids="-".join
)
def test_a_failure_wins_over_sent_and_keeps_its_reason(words: tuple[str, ...]) -> None:
    message = run(words)
    assert (message.status, message.error_code) == ("undelivered", 63016)
    assert message.error == errors.explain(63016).sentence


def test_a_later_delivery_beats_a_failure_and_the_code_stays() -> None:
    message = run(("failed", "delivered"))
    assert (message.status, message.error_code) == ("delivered", 63003)


def test_a_duplicate_is_counted_and_otherwise_ignored() -> None:
    attempt = sending()
    for _ in range(5):
        tell("sent", attempt.ref)
    assert Receipt.objects.get().duplicates == 4
    assert Event.objects.filter(verb="message.sent").count() == 1


def test_an_unknown_word_is_kept_and_shown() -> None:
    attempt = sending()
    assert tell("teleported", attempt.ref) == 200
    receipt = Receipt.objects.get()
    assert (receipt.outcome, "teleported" in receipt.detail) == ("rejected", True)


# What it brings


def test_the_channels_own_words_are_kept_with_the_attempt() -> None:
    attempt = sending()
    tell("undelivered", attempt.ref)
    reread(attempt)
    assert (attempt.error_code, attempt.detail) == (63016, "Message is outside of the allowed window")


def test_an_opt_out_at_twilio_is_ours_too() -> None:
    attempt = sending()
    tell("failed", attempt.ref, ErrorCode="21610", ErrorMessage=None)
    assert ConsentEntry.objects.get().source == "error 21610"
    assert attempt.message.conversation.is_opted_out


def test_an_opt_out_that_is_told_late_takes_nothing_back() -> None:
    attempt = sending()
    talk = attempt.message.conversation
    consent.opt_in(talk.pk, "keyword")
    tell("failed", attempt.ref, ErrorCode="21610", ErrorMessage=None)
    assert not talk.is_opted_out
    assert consent.standing_of(talk)["marketing"].is_given


def test_a_price_is_recorded() -> None:
    attempt = sending()
    tell("delivered", attempt.ref, Price="-0.00500", PriceUnit="usd")
    message = reread(attempt)
    assert (message.price, message.price_unit) == (Decimal("0.00500"), "USD")


@pytest.mark.parametrize("changes", [{"Price": "a lot"}, {"Price": "NaN"}, {"Price": "1e99"}, {"ErrorCode": "x²"},  # noqa: E501
                                     {"ErrorCode": "9" * 30}, {"Price": "Infinity"}])  # fmt: skip
def test_odd_figures_do_not_hold_up_the_status(changes: dict[str, str]) -> None:
    attempt = sending()
    assert tell("sent", attempt.ref, **changes) == 200
    assert (reread(attempt).status, outcomes()) == ("sent", ["applied"])


# Retried messages


def retried() -> tuple[SendAttempt, SendAttempt]:
    first = sending()
    first.accept(sid_of("one"))
    first.message.rise(statuses.FAILED, at=clock.now(), error_code=63012, error="Try again")
    message = Message.objects.get(pk=first.message_id)
    assert message.retry(by=None)
    second = SendAttempt.claim(message)
    assert second
    return first, second


def test_an_older_attempts_failure_does_not_touch_the_retried_message() -> None:
    first, second = retried()
    tell("undelivered", first.ref, MessageSid=sid_of("one"))
    assert reread(second).status == "sending"
    first.refresh_from_db()
    assert first.error_code == 63016


def test_an_older_attempts_delivery_is_a_delivery() -> None:
    first, second = retried()
    tell("delivered", first.ref, MessageSid=sid_of("one"))
    assert reread(second).status == "delivered"


def test_the_newer_attempt_is_bound_by_its_own_ref() -> None:
    first, second = retried()
    tell("sent", second.ref, MessageSid=sid_of("two"))
    assert (reread(second).status, reread(second).sid) == ("sent", sid_of("two"))
    first.refresh_from_db()
    assert first.sid == sid_of("one")


# Early ones


def test_a_callback_that_fits_nothing_is_parked_and_applied_when_the_sid_appears() -> None:
    attempt = sending()
    for word in ("sent", "delivered"):
        assert tell(word) == 200
    assert outcomes() == ["parked", "parked"]
    attempt.accept(SID)
    assert callbacks.apply_parked(attempt) == 2
    message = reread(attempt)
    assert message.status == "delivered"
    assert message.delivered_at == Receipt.objects.order_by("pk").last().received_at  # type: ignore[union-attr]
    assert outcomes() == ["applied", "applied"]
    assert callbacks.apply_parked(attempt) == 0


def test_a_message_that_was_not_sent_from_here_rises_too() -> None:
    conversation = world.conversation(world.contact(address=CUSTOMER))
    message = world.message(conversation, "From the console", "outbound", status="sent", sid=SID)
    tell("read")
    message.refresh_from_db()
    assert message.status == "read"


def test_an_inbound_message_is_no_target_of_a_status() -> None:
    conversation = world.conversation(world.contact(address=CUSTOMER))
    world.message(conversation, sid=SID)
    tell("read")
    assert outcomes() == ["parked"]


def answered(attempt: SendAttempt, sid: str) -> None:
    with transaction.atomic():
        SendAttempt.objects.get(pk=attempt.pk).accept(sid)
        callbacks.apply_parked(SendAttempt.objects.get(pk=attempt.pk))


@pytest.mark.django_db(transaction=True)
def test_a_callback_without_a_ref_racing_the_answer_is_never_missed() -> None:
    for n in range(12):
        attempt, sid = sending(str(n)), sid_of(n)
        results = at_once(
            lambda a=attempt, s=sid: answered(a, s),
            lambda s=sid: tell("sent", MessageSid=s),
            lambda s=sid: tell("delivered", MessageSid=s),
        )
        assert accidents(results) == []
        assert reread(attempt).status == "delivered"
    assert set(outcomes()) == {"applied"}


@pytest.mark.django_db(transaction=True)
def test_callbacks_of_one_message_on_eight_threads_end_in_one_state() -> None:
    for n in range(6):
        attempt, sid = sending(str(n)), sid_of(n)
        words = random.Random(n).sample(["queued", "sent", "delivered", "read", "failed", "sent", "read"], 7)
        results = at_once(
            lambda a=attempt, s=sid: answered(a, s),
            *(lambda w=word, a=attempt, s=sid: tell(w, a.ref, MessageSid=s) for word in words),
        )
        assert accidents(results) == []
        message = reread(attempt)
        assert (message.status, message.sid) == ("read", sid)
    assert set(outcomes()) == {"applied"}
    assert Event.objects.filter(verb="message.read").count() == 6


def test_a_status_needs_its_own_required_parameters() -> None:
    attempt = sending()
    assert tell("sent", attempt.ref, To=None) == 400
    assert tell("sent", attempt.ref, From=None) == 400
    assert tell("sent", attempt.ref, From="", MessagingServiceSid="MG" + "a" * 32) == 200
    assert reread(attempt).status == "sent"


def test_the_time_of_a_status_is_when_it_came() -> None:
    attempt = sending()
    tell("sent", attempt.ref)
    sent_at = reread(attempt).sent_at
    assert sent_at and abs(sent_at - clock.now()) < timedelta(seconds=30)
