from __future__ import annotations

import threading
import uuid

import pytest
from django.db import connections
from django.test import Client

from inbox.models import Agent, Channel, Conversation, Message
from tests import world
from tests.inbox.pages import bodies, client_id, send

pytestmark = pytest.mark.django_db


# One press, one message: the nine cases that Zulip names for its idempotent sending


def test_one_the_first_press_makes_the_message(client: Client, conversation: Conversation) -> None:
    assert send(client, conversation, "once").status_code == 200
    assert bodies() == ["once"]


def test_two_the_same_press_again_is_answered_with_the_same_message(
    client: Client, conversation: Conversation
) -> None:
    number = str(uuid.uuid4())
    first = send(client, conversation, "once", client_id=number)
    second = send(client, conversation, "once", client_id=number)
    message = Message.objects.get()
    for answer in (first, second):
        assert answer.status_code == 200
        assert f'id="message-{message.pk}"' in answer.content.decode()


def test_three_another_number_is_another_message(client: Client, conversation: Conversation) -> None:
    send(client, conversation, "twice")
    send(client, conversation, "twice")
    assert bodies() == ["twice", "twice"]


def test_four_the_number_belongs_to_its_text(client: Client, conversation: Conversation) -> None:
    number = str(uuid.uuid4())
    send(client, conversation, "first", client_id=number)
    answer = send(client, conversation, "changed", client_id=number)
    shown = answer.content.decode()
    assert (answer.status_code, answer.headers["X-Refused"]) == (422, "client_id_used")
    assert "changed</textarea>" in shown
    # The next press is a new act.
    assert client_id(shown) != number
    assert bodies() == ["first"]


def test_five_the_number_belongs_to_its_conversation(client: Client, conversation: Conversation) -> None:
    number = str(uuid.uuid4())
    send(client, conversation, "once", client_id=number)
    assert send(client, world.conversation(), "once", client_id=number).status_code == 422
    assert bodies() == ["once"]


def test_six_a_refused_press_may_be_repeated_under_its_number(
    client: Client, conversation: Conversation
) -> None:
    number = str(uuid.uuid4())
    Channel.objects.update(is_active=False)
    assert send(client, conversation, "later", client_id=number).status_code == 422
    Channel.objects.update(is_active=True)
    assert send(client, conversation, "later", client_id=number).status_code == 200
    assert bodies() == ["later"]


@pytest.mark.parametrize("number", ["", "not a number", "0" * 500])
def test_seven_without_a_number_it_is_sent_all_the_same(
    client: Client, conversation: Conversation, number: str
) -> None:
    assert send(client, conversation, "sent", client_id=number).status_code == 200
    assert bodies() == ["sent"]


def test_eight_a_split_text_is_one_act_too(client: Client, conversation: Conversation) -> None:
    number = str(uuid.uuid4())
    for _ in range(2):
        assert send(client, conversation, "word " * 700, client_id=number, split="1").status_code == 200
    assert Message.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_nine_presses_at_one_moment_make_one_message(agent: Agent) -> None:
    conversation, number, start = world.conversation(), str(uuid.uuid4()), threading.Barrier(4)
    statuses: list[int] = []

    def press() -> None:
        client = Client()
        client.force_login(agent)
        start.wait(10)
        statuses.append(send(client, conversation, "once", client_id=number).status_code)
        connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert statuses == [200] * 4
    assert bodies() == ["once"]


# Two agents


def test_what_came_in_since_is_read_before_it_is_answered(client: Client, conversation: Conversation) -> None:
    seen = world.message(conversation, "Blue please").pk
    world.message(conversation, "No, black!")
    answer = send(client, conversation, "Blue is on its way", seen=seen)
    shown = answer.content.decode()
    assert (answer.status_code, answer.headers["X-Refused"]) == (422, "newer_messages")
    assert "Blue is on its way</textarea>" in shown
    assert "Send anyway" in shown
    assert send(client, conversation, "Blue is on its way", seen=seen, anyway="1").status_code == 200


@pytest.mark.django_db(transaction=True)
def test_of_two_agents_who_press_send_at_once_one_is_asked_again(agent: Agent) -> None:
    people = [agent, world.agent("priya")]
    for round_number in range(20):
        conversation, start = world.conversation(), threading.Barrier(2)
        seen = world.message(conversation).pk
        answers: dict[str, tuple[int, str]] = {}

        def press(person: Agent) -> None:
            client = Client()
            client.force_login(person)
            start.wait(10)  # noqa: B023
            answer = send(client, conversation, f"from {person.username}", seen=seen)  # noqa: B023
            answers[person.username] = (answer.status_code, answer.content.decode())  # noqa: B023
            connections.close_all()

        threads = [threading.Thread(target=press, args=[person]) for person in people]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert sorted(status for status, _ in answers.values()) == [200, 422], round_number
        (sent,) = conversation.messages.filter(direction="outbound")
        (loser,) = (name for name, (status, _) in answers.items() if status == 422)
        assert sent.body != f"from {loser}"
        assert f"from {loser}</textarea>" in answers[loser][1]
