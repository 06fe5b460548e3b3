from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from inbox.models import Agent, Conversation, Message
from tests import world
from tests.inbox.pages import HTMX, bubble, words

pytestmark = pytest.mark.django_db


# Delivery


@pytest.mark.parametrize(
    ("status", "says"),
    [
        ("queued", "Queued"),
        ("sending", "Sending"),
        ("unknown", "Checking with WhatsApp"),
        ("accepted", "On its way"),
        ("sent", "Sent"),
        ("delivered", "Delivered"),
        ("read", "Read"),
    ],
)
def test_every_tick_has_a_word(
    client: Client, conversation: Conversation, agent: Agent, status: str, says: str
) -> None:
    message = world.message(conversation, "Hi", "outbound", status=status, author=agent)
    shown = bubble(client, message)
    assert f'data-status="{status}"' in shown
    assert says in words(shown)
    assert "failure" not in shown


def test_a_failure_says_what_why_and_the_way_out(client: Client, conversation: Conversation) -> None:
    message = world.message(
        conversation, "Hi", "outbound", status="undelivered", error_code=63016, error="The window was closed."
    )
    shown = bubble(client, message)
    assert "The window was closed." in words(shown)
    assert "<code>63016</code>" in shown
    assert f'hx-post="/messages/{message.pk}/retry/"' in shown


def test_retry_queues_the_same_message_again(client: Client, conversation: Conversation) -> None:
    message = world.message(conversation, "Hi", "outbound", status="failed", error_code=63019)
    answer = client.post(f"/messages/{message.pk}/retry/", headers=HTMX)
    assert 'data-status="queued"' in answer.content.decode()
    assert Message.objects.count() == 1


def test_retry_is_refused_in_words_while_the_reason_stands(client: Client, agent: Agent) -> None:
    conversation = world.conversation(left=timedelta(hours=-1))
    message = world.message(conversation, "Hi", "outbound", status="failed", error_code=63016)
    answer = client.post(f"/messages/{message.pk}/retry/", headers=HTMX)
    assert (answer.status_code, answer.headers["X-Refused"]) == (422, "window_closed")
    assert "window is closed" in answer.content.decode()
    message.refresh_from_db()
    assert message.status == "failed"


@pytest.mark.parametrize(("arrived", "status"), [("1", "sent"), ("0", "failed")])
def test_a_person_settles_what_nobody_could_find_out(
    client: Client, conversation: Conversation, arrived: str, status: str
) -> None:
    message = world.message(conversation, "Hi", "outbound", status="unknown", error="Did it arrive?")
    shown = words(bubble(client, message))
    assert "Did it arrive? It arrived It did not arrive" in shown
    answer = client.post(f"/messages/{message.pk}/settlement/", {"arrived": arrived}, headers=HTMX)
    assert f'data-status="{status}"' in answer.content.decode()


def test_while_it_is_still_being_found_out_nobody_is_asked(
    client: Client, conversation: Conversation
) -> None:
    shown = words(bubble(client, world.message(conversation, "Hi", "outbound", status="unknown")))
    assert "It arrived" not in shown
