from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from channels_whatsapp import tasks
from channels_whatsapp.models import Sender
from channels_whatsapp.sending import next_queued
from channels_whatsapp.simulator import Simulator
from inbox import clock, statuses
from inbox.models import Conversation, Event, Message, SendAttempt, Window
from tests.channels_whatsapp.conftest import make_due
from tests.jobs import run_due_jobs

CREATE = "POST */Messages.json"
Talk = Callable[..., Conversation]
Outcome = SendAttempt.Outcome


def sent_to(sim: Simulator, conversation: Conversation) -> list[str]:
    """What really left for this customer, in order."""
    customer = sim.twilio.customer(conversation.address.value)
    return [m.body for m in sim.twilio.messages.values() if m.customer is customer and not m.inbound]


def reload(message: Message) -> Message:
    return Message.objects.get(pk=message.pk)


def test_a_reply_reaches_the_customer_and_its_ticks_come_back(sim: Simulator, talk: Talk) -> None:
    conversation = talk()
    [message] = conversation.reply("Good morning", by=None)
    run_due_jobs()
    assert sim.wait_idle()
    message = reload(message)
    assert (message.status, sent_to(sim, conversation)) == (statuses.DELIVERED, ["Good morning"])
    attempt = message.attempts.get()
    assert (attempt.outcome, attempt.sid) == (Outcome.ACCEPTED, message.sid)


def test_the_callback_may_come_before_the_answer(sim: Simulator, talk: Talk) -> None:
    conversation = talk()
    sim.faults.add("callback_first", on=CREATE)
    [message] = conversation.reply("early", by=None)
    run_due_jobs()
    assert sim.wait_idle()
    message = reload(message)
    assert message.status == statuses.DELIVERED
    assert message.attempts.get().sid == message.sid
    assert not Event.objects.filter(verb="message.unknown").exists()


def test_nothing_is_sent_when_the_transaction_does_not_commit(sim: Simulator, talk: Talk) -> None:
    from django.db import transaction

    conversation = talk()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        conversation.reply("never", by=None)
        raise ZeroDivisionError
    assert run_due_jobs() == 0
    assert sent_to(sim, conversation) == []


def test_messages_of_a_conversation_keep_their_order(
    sim: Simulator, talk: Talk, settle: Callable[..., None]
) -> None:
    conversation = talk()
    texts = [f"part {n}" for n in range(8)]
    sim.faults.add("throttle", on=CREATE, times=3, chance=0.6)
    for text in texts:
        conversation.reply(text, by=None)
    settle()
    assert sent_to(sim, conversation) == texts


def test_a_throttled_sender_waits_as_long_as_twilio_says(sim: Simulator, talk: Talk) -> None:
    conversation = talk()
    sim.faults.add("throttle", on=CREATE, retry_after=7)
    [message] = conversation.reply("slowly", by=None)
    run_due_jobs()
    message = reload(message)
    assert (message.status, message.attempts.get().outcome) == (statuses.QUEUED, Outcome.POSTPONED)
    left = Sender.objects.get().paused_until - clock.now()
    assert timedelta(seconds=6) < left < timedelta(seconds=9)
    make_due()
    run_due_jobs()
    assert sent_to(sim, conversation) == ["slowly"]


def test_an_unreachable_twilio_created_nothing_so_it_is_simply_tried_later(
    sim: Simulator, talk: Talk, settings: Any
) -> None:
    conversation = talk()
    there, settings.TWILIO_API_BASE_URL = settings.TWILIO_API_BASE_URL, "http://127.0.0.1:9"
    [message] = conversation.reply("later", by=None)
    run_due_jobs()
    assert reload(message).status == statuses.QUEUED
    settings.TWILIO_API_BASE_URL = there
    make_due()
    run_due_jobs()
    assert sent_to(sim, conversation) == ["later"]


def test_a_refusal_reaches_the_agent_in_plain_words(sim: Simulator, talk: Talk) -> None:
    conversation = talk()
    sim.faults.add("refuse", on=CREATE, code=21211, status=400)
    [message] = conversation.reply("hello", by=None)
    run_due_jobs()
    message = reload(message)
    assert (message.status, message.error_code) == (statuses.FAILED, 21211)
    assert message.error == "This customer's number is not valid. Check the number with the customer."


def test_a_refusal_that_may_pass_is_tried_again_but_not_for_ever(sim: Simulator, talk: Talk) -> None:
    conversation = talk()
    sim.faults.add("refuse", on=CREATE, code=21611, status=400, times=None)
    [message] = conversation.reply("full", by=None)
    for _ in range(10):
        run_due_jobs()
        make_due()
    message = reload(message)
    assert (message.status, message.attempts.count()) == (statuses.FAILED, 6)


def test_an_opt_out_that_only_twilio_knew_is_remembered(sim: Simulator, talk: Talk) -> None:
    conversation = talk()
    sim.faults.add("refuse", on=CREATE, code=21610, status=400)
    conversation.reply("hello", by=None)
    run_due_jobs()
    assert not Window.objects.filter(opted_out_at=None).exists()
    assert conversation.is_opted_out


def test_a_code_that_is_not_in_the_table_is_told_once_a_day(sim: Simulator, talk: Talk) -> None:
    conversation = talk()
    sim.faults.add("refuse", on=CREATE, code=29999, status=400, times=2)
    for text in ("one", "two"):
        [message] = conversation.reply(text, by=None)
        run_due_jobs()
    assert "29999" in reload(message).error
    assert Event.objects.filter(verb="error.unseen").count() == 1


def test_it_refuses_a_free_reply_whose_window_closed_while_it_waited(sim: Simulator, talk: Talk) -> None:
    conversation = talk()
    [message] = conversation.reply("too late", by=None)
    Window.objects.update(closes_at=clock.now() - timedelta(seconds=1))
    run_due_jobs()
    message = reload(message)
    assert (message.status, sent_to(sim, conversation)) == (statuses.FAILED, [])
    assert "24-hour window" in message.error
    assert "template" in message.error


def test_a_template_travels_alone_and_leaves_what_it_says(sim: Simulator, talk: Talk) -> None:
    conversation = talk()
    content = sim.twilio.add_content(
        "delivery", {"twilio/text": {"body": "Hi {{1}}, it comes on {{2}}."}}, {"1": "Nour", "2": "Monday"},
        approved="UTILITY",
    )  # fmt: skip
    template = {"content_sid": content.sid, "content_variables": {"1": "Anna", "2": 7}}
    [message] = conversation.reply(by=None, template=template)
    run_due_jobs()
    message, at_twilio = reload(message), list(sim.twilio.messages.values())[-1]
    assert message.body == at_twilio.body == "Hi Anna, it comes on 7."
    assert at_twilio.variables == {"1": "Anna", "2": "7"}


def test_a_sender_in_a_messaging_service_sends_through_it(sim: Simulator, talk: Talk, shop: Sender) -> None:
    conversation = talk()
    service = sim.twilio.add_service("Shop")
    sim.twilio.senders[shop.address].service_sid = service.sid
    Sender.objects.update(messaging_service_sid=service.sid)
    [message] = conversation.reply("through the pool", by=None)
    run_due_jobs()
    assert sim.wait_idle()
    at_twilio = list(sim.twilio.messages.values())[-1]
    assert (at_twilio.service_sid, at_twilio.from_) == (service.sid, shop.address)
    assert reload(message).status == statuses.DELIVERED


def test_the_sandbox_sends_one_message_in_three_seconds(shop: Sender) -> None:
    Sender.objects.update(kind=Sender.Kind.SANDBOX)
    sandbox = Sender.objects.get()
    assert sandbox.take_turn(patience=1.0) == (True, pytest.approx(0, abs=0.2))
    is_taken, wait = sandbox.take_turn(patience=1.0)
    assert not is_taken
    assert 2.5 < wait <= 3


def test_eighty_a_second_share_one_line(shop: Sender) -> None:
    waits = [shop.take_turn(patience=1.0)[1] for _ in range(60)]
    assert waits == sorted(waits) or max(waits) < 60 / 80
    assert waits[-1] <= 60 / 80


def test_a_paused_sender_gives_no_turn(shop: Sender) -> None:
    shop.pause(5)
    shop.pause(1)
    is_taken, wait = shop.take_turn(patience=1.0)
    assert not is_taken
    assert 4 < wait <= 5


def test_a_job_for_a_message_that_is_gone_does_nothing(transactional_db: None) -> None:
    tasks.send_message(message_id=1)
    assert next_queued(1) is None
