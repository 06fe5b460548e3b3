"""The sandbox as an agent meets it: three days for each phone, and "join again" when they are over."""

from __future__ import annotations

from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client

from channels_whatsapp.carrier import WhatsAppCarrier
from channels_whatsapp.models import Sender
from channels_whatsapp.simulator import Simulator
from inbox import clock
from inbox.models import Conversation, Message
from tests import world
from tests.jobs import run_due_jobs

NUMBER = "+447700900911"


@pytest.fixture
def trial(sim: Simulator, shop: Sender) -> Sender:
    """Our only number is a sandbox."""
    sim.twilio.senders[shop.address].sandbox = True
    Sender.objects.update(kind=Sender.Kind.SANDBOX, join_code="autumn-lamp")
    return Sender.objects.get()


@pytest.fixture
def agent(trial: Sender) -> Client:
    client = Client()
    client.force_login(world.agent(), backend="django.contrib.auth.backends.ModelBackend")
    return client


def joined(sim: Simulator, shop: Sender) -> Conversation:
    sim.customer(NUMBER, name="Anna").join_sandbox("Join autumn-lamp", to=shop.address)
    assert sim.wait_idle()
    return Conversation.objects.get()


def details(agent: Client, conversation: Conversation) -> str:
    return agent.get(f"/conversations/{conversation.pk}/details/").content.decode()


def test_who_joined_is_shown_until_when(sim: Simulator, trial: Sender, agent: Client) -> None:
    talk = joined(sim, trial)
    ends = Message.objects.get().created_at + timedelta(days=3)
    assert f"The session ends {ends:%A %H:%M}." in details(agent, talk)


def test_a_session_that_is_over_says_how_to_go_on(sim: Simulator, trial: Sender, agent: Client) -> None:
    talk = joined(sim, trial)
    Message.objects.update(created_at=clock.now() - timedelta(days=3, minutes=1))
    shown = details(agent, talk)
    assert "The session ended" in shown
    assert "Ask them to send “join autumn-lamp” to \u2066+44 7700 900142\u2069." in shown


def test_joining_again_begins_anew(sim: Simulator, trial: Sender, agent: Client) -> None:
    joined(sim, trial)
    Message.objects.update(created_at=clock.now() - timedelta(days=4))
    assert "The session ends" in details(agent, joined(sim, trial))


def test_one_who_joined_before_we_listened(sim: Simulator, trial: Sender, agent: Client, talk: Any) -> None:
    assert "A join lasts three days." in details(agent, talk())


def test_other_channels_say_nothing_of_it(sim: Simulator, talk: Any) -> None:
    assert WhatsAppCarrier().session(talk()) == ""


# Where somebody writes


ASK = "Ask them to send “join autumn-lamp” to \u2066+44 7700 900142\u2069."


def composer(agent: Client, conversation: Conversation) -> str:
    return unescape(agent.get(f"/conversations/{conversation.pk}/composer/").content.decode())


@pytest.mark.parametrize(
    ("hours", "said"),
    [(1, ""), (59, ""), (61, "The session ends "), (73, "The session ended "), (24 * 15, "A join lasts")],
)
def test_the_composer_says_when_it_ends_soon_or_has(
    sim: Simulator, trial: Sender, agent: Client, hours: int, said: str
) -> None:
    talk = joined(sim, trial)
    Message.objects.update(created_at=clock.now() - timedelta(hours=hours))
    is_pressing = said and "lasts" not in said
    assert ("Sandbox</b>" in composer(agent, talk)) is bool(is_pressing)
    assert said in composer(agent, talk) or not is_pressing
    assert (ASK in composer(agent, talk)) is ("ended" in said)
    assert said in details(agent, talk)


def test_one_who_left_is_not_in_it_before_joining_again(sim: Simulator, trial: Sender, agent: Client) -> None:
    talk = joined(sim, trial)
    world.message(talk, "Stop")
    assert f"This phone is not in the sandbox. {ASK}" in composer(agent, talk)
    assert "Sandbox</b>" not in composer(agent, joined(sim, trial))


def test_what_only_begins_like_a_join_is_none(sim: Simulator, trial: Sender, agent: Client) -> None:
    talk = joined(sim, trial)
    Message.objects.update(created_at=clock.now() - timedelta(days=4))
    world.message(talk, "Join us tomorrow?")
    world.message(talk, "join other-words")
    assert "The session ended" in composer(agent, talk)


@pytest.mark.parametrize(
    ("code", "step"),
    [
        ("autumn-lamp", "Ask them to send “join autumn-lamp” to \u2066+44 7700 900142\u2069."),
        ("", "Ask them to send “join” and the sandbox&#x27;s two words to \u2066+44 7700 900142\u2069."),
    ],
)
def test_a_phone_that_has_not_joined_is_asked_for_by_the_agent(
    sim: Simulator, trial: Sender, agent: Client, settle: Any, code: str, step: str
) -> None:
    """63015, told by callback."""
    Sender.objects.update(join_code=code)
    talk = joined(sim, trial)
    sim.customer(NUMBER).customer.joined.clear()
    agent.post(f"/conversations/{talk.pk}/messages/", {"body": "Hello"})
    settle()
    run_due_jobs()
    failed = Message.objects.get(direction="outbound")
    assert failed.error_code == 63015
    assert "This phone is not in the sandbox." in composer(agent, talk)
    shown = agent.get(f"/conversations/{talk.pk}/").content.decode()
    assert step in shown
