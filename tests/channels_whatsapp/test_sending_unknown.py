from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F

from channels_whatsapp import unknown
from channels_whatsapp.models import Sender
from channels_whatsapp.simulator import Simulator
from inbox import clock, statuses
from inbox.models import Event, Message, SendAttempt
from tests.channels_whatsapp.conftest import make_due
from tests.channels_whatsapp.test_sending import CREATE, Outcome, Talk, reload, sent_to
from tests.jobs import run_due_jobs


def let_minutes_pass(message: Message, minutes: int) -> None:
    SendAttempt.objects.filter(message=message).update(
        started_at=F("started_at") - timedelta(minutes=minutes),
        finished_at=F("finished_at") - timedelta(minutes=minutes),
    )


@pytest.mark.parametrize("fault", ["error_after", "reset_after", "hang_after"])
def test_a_lost_answer_is_never_sent_again(
    sim: Simulator, talk: Talk, settle: Callable[..., None], fault: str
) -> None:
    conversation = talk()
    sim.faults.add(fault, on=CREATE, seconds=1.5)
    sim.faults.add("drop", on="status *", times=None)
    [message] = conversation.reply("once", by=None)
    run_due_jobs()
    assert reload(message).status == statuses.UNKNOWN
    settle()
    assert sent_to(sim, conversation) == ["once"]
    message = reload(message)
    assert message.sid
    assert message.status in (statuses.SENT, statuses.DELIVERED)


def test_a_callback_alone_finds_out_what_became_of_a_lost_answer(sim: Simulator, talk: Talk) -> None:
    conversation = talk()
    sim.faults.add("error_after", on=CREATE)
    [message] = conversation.reply("once", by=None)
    run_due_jobs()
    assert sim.wait_idle()
    assert reload(message).status == statuses.DELIVERED
    assert sim.calls("GET", "Messages.json") == 0


@pytest.mark.parametrize("fault", ["error_before", "reset_before"])
def test_what_nobody_can_find_out_is_left_to_a_person(sim: Simulator, talk: Talk, fault: str) -> None:
    conversation = talk()
    sim.faults.add(fault, on=CREATE)
    [message] = conversation.reply("perhaps", by=None)
    run_due_jobs()
    for _ in range(3):
        unknown.resolve()
    assert reload(message).error == ""
    let_minutes_pass(message, 11)
    unknown.resolve()
    message = reload(message)
    assert message.status == statuses.UNKNOWN
    assert "Did it arrive?" in message.error
    assert Event.objects.filter(verb="message.unresolved").count() == 1
    assert (run_due_jobs(later=True), sent_to(sim, conversation)) == (0, [])

    message.settle_unknown(arrived=False, by=None)
    message.retry(by=None)
    run_due_jobs()
    assert sent_to(sim, conversation) == ["perhaps"]


def test_a_look_that_fails_does_not_count(sim: Simulator, talk: Talk) -> None:
    conversation = talk()
    sim.faults.add("reset_after", on=CREATE)
    sim.faults.add("drop", on="status *", times=None)
    [message] = conversation.reply("once", by=None)
    run_due_jobs()
    sim.faults.add("error_before", on="GET */Messages.json", times=4)
    let_minutes_pass(message, 1)
    for _ in range(4):
        unknown.resolve()
    assert message.attempts.get().fruitless_looks == 0
    assert unknown.resolve() == 1
    assert reload(message).sid


def test_an_unknown_send_holds_the_next_one_back_for_ninety_seconds(sim: Simulator, talk: Talk) -> None:
    conversation = talk()
    sim.faults.add("error_before", on=CREATE)
    [first] = conversation.reply("first", by=None)
    [second] = conversation.reply("second", by=None)
    run_due_jobs()
    make_due()
    run_due_jobs()
    assert reload(second).status == statuses.QUEUED
    let_minutes_pass(first, 2)
    make_due()
    run_due_jobs()
    assert sim.wait_idle()
    assert (reload(first).status, sent_to(sim, conversation)) == (statuses.UNKNOWN, ["second"])


def test_an_in_flight_message_is_not_taken_for_an_earlier_one_with_the_same_text(
    sim: Simulator, talk: Talk
) -> None:
    conversation = talk()
    sim.faults.add("error_before", on=CREATE)
    [first] = conversation.reply("same", by=None)
    run_due_jobs()
    let_minutes_pass(first, 2)
    [second] = conversation.reply("same", by=None)
    attempt = SendAttempt.claim(second)
    sender = Sender.objects.get()
    sim.twilio.add_history(conversation.address.value, sender.address, "same", at=clock.now(), inbound=False)
    unknown.resolve()
    assert reload(first).status == statuses.UNKNOWN
    assert attempt and attempt.outcome == Outcome.CALLING


def test_forty_messages_of_one_text_arrive_once_each_whatever_happens(
    sim: Simulator, talk: Talk, settle: Callable[..., None], settings: Any
) -> None:
    """What no list and no callback can show (it never left) is settled by a person, and retried."""
    settings.TWILIO_TIMEOUT = 0.4
    conversations = [talk(f"+4477009009{n}", f"Customer {n}") for n in range(10, 18)]
    sim.faults.plan({
        "throttle": 0.06, "error_before": 0.04, "error_after": 0.06, "reset_before": 0.04,
        "reset_after": 0.06, "hang_after": 0.06,
    }, on=CREATE)  # fmt: skip
    sim.faults.add("drop", on="status *", times=None, chance=0.2)
    for conversation in conversations * 5:
        conversation.reply("the same text", by=None)
    for _ in range(12):
        settle(8)
        for lost in Message.objects.filter(status=statuses.UNKNOWN):
            let_minutes_pass(lost, 11)
            for _ in range(3):
                unknown.resolve()
            lost = reload(lost)
            if lost.status == statuses.UNKNOWN:
                assert lost.settle_unknown(arrived=False, by=None)
                lost.retry(by=None)
        if not Message.objects.filter(status__in=statuses.WAITING).exists():
            break
    assert not Message.objects.filter(status__in=statuses.WAITING).exists()
    counts = Counter(len(sent_to(sim, conversation)) for conversation in conversations)
    assert counts == {5: 8}
    ours = Message.objects.filter(direction="outbound")
    assert set(ours.values_list("sid", flat=True)) == {
        m.sid for m in sim.twilio.messages.values() if not m.inbound
    }
