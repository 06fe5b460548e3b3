"""What customers see of us: dots and blue ticks, by setting."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from channels_whatsapp.simulator import Simulator
from inbox.models import Channel, Conversation
from tests import world
from tests.jobs import run_due_jobs

TYPING = "POST /v2/Indicators/Typing.json"


@pytest.fixture
def agent(sim: Simulator) -> Client:
    cache.clear()
    client = Client()
    client.force_login(world.agent(), backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture
def conversation(talk: Any) -> Conversation:
    Channel.objects.update(shows_typing=True)
    return talk()


def draft(agent: Client, conversation: Conversation, body: str = "I look it up", **fields: str) -> None:
    agent.post(f"/conversations/{conversation.pk}/draft/", {"body": body, "mode": "reply", **fields})
    run_due_jobs()


def test_the_customer_sees_dots_and_that_the_message_was_read(
    sim: Simulator, agent: Client, conversation: Conversation
) -> None:
    draft(agent, conversation)
    anna = sim.customer("+447700900911")
    assert sim.twilio.is_typing(anna.customer, conversation.channel.address)
    [message] = [m for m in sim.twilio.messages.values() if m.inbound]
    assert message.shown["tick"] == "read"


def test_opening_marks_read(sim: Simulator, agent: Client, conversation: Conversation) -> None:
    agent.post(f"/conversations/{conversation.pk}/seen/")
    run_due_jobs()
    assert sim.log.calls[TYPING] == 1
    agent.post(f"/conversations/{conversation.pk}/seen/")
    run_due_jobs()
    assert sim.log.calls[TYPING] == 1


def test_it_is_told_at_most_once_in_twenty_seconds(
    sim: Simulator, agent: Client, conversation: Conversation
) -> None:
    for body in ("I", "I look", "I look it up"):
        draft(agent, conversation, body)
    assert sim.log.calls[TYPING] == 1
    cache.clear()
    draft(agent, conversation, "I look it up now")
    assert sim.log.calls[TYPING] == 2


@pytest.mark.parametrize("fields", [{"mode": "note"}, {"body": "   "}])
def test_notes_and_nothing_are_nobodys_business(
    sim: Simulator, agent: Client, conversation: Conversation, fields: dict[str, str]
) -> None:
    draft(agent, conversation, **fields)
    assert TYPING not in sim.log.calls


def test_it_is_off_unless_somebody_switched_it_on(
    sim: Simulator, agent: Client, conversation: Conversation
) -> None:
    Channel.objects.update(shows_typing=False)
    draft(agent, conversation)
    agent.post(f"/conversations/{conversation.pk}/seen/")
    run_due_jobs()
    assert TYPING not in sim.log.calls


def test_switched_off_meanwhile_it_is_not_told(
    sim: Simulator, agent: Client, conversation: Conversation
) -> None:
    agent.post(f"/conversations/{conversation.pk}/draft/", {"body": "I look", "mode": "reply"})
    Channel.objects.update(shows_typing=False)
    run_due_jobs()
    assert TYPING not in sim.log.calls


def test_a_failure_disturbs_nobody(sim: Simulator, agent: Client, conversation: Conversation) -> None:
    sim.twilio.faults.add("error_before", on=TYPING)
    draft(agent, conversation)
    assert conversation.drafts.get().body == "I look it up"


def test_a_message_of_days_ago_is_not_marked(
    sim: Simulator, agent: Client, conversation: Conversation
) -> None:
    from datetime import timedelta

    from inbox import clock

    conversation.messages.update(created_at=clock.now() - timedelta(days=2))
    draft(agent, conversation)
    assert TYPING not in sim.log.calls
