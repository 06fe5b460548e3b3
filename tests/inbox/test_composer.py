from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client

from inbox import clock, moments
from inbox.models import Agent, Channel, ConsentEntry, Conversation, Draft, Message, Window
from tests import world
from tests.inbox.pages import HTMX, bodies, client_id, composer, send, words

pytestmark = pytest.mark.django_db


# Sending


def test_a_reply_appears_and_leaves_an_empty_box_with_a_new_number(
    client: Client, conversation: Conversation
) -> None:
    number = str(uuid.uuid4())
    answer = send(client, conversation, "Hello *there*", client_id=number)
    shown = answer.content.decode()
    message = Message.objects.get()
    assert (message.body, message.status, message.direction) == ("Hello *there*", "queued", "outbound")
    assert f'id="message-{message.pk}"' in shown
    assert re.search(r'<form class="composer" id="composer" data-quiet hx-swap-oob="true"', shown)
    assert client_id(shown) != number
    assert re.search(r"<textarea[^>]*></textarea>", shown)
    assert f'id="composer-seen" value="{message.pk}"' in shown


def test_without_scripts_it_leads_back_to_the_conversation(
    client: Client, conversation: Conversation
) -> None:
    answer = send(client, conversation, "Hello", htmx=False)
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/conversations/{conversation.pk}/")
    assert bodies() == ["Hello"]


def test_line_breaks_count_once_and_nul_is_left_out(client: Client, conversation: Conversation) -> None:
    send(client, conversation, "a\r\nb\0c")
    assert bodies() == ["a\nbc"]
    send(client, conversation, "x\r\n" * 799 + "xx")
    assert Message.objects.count() == 2


def test_nothing_is_refused_in_words(client: Client, conversation: Conversation) -> None:
    answer = send(client, conversation, " \n ")
    assert (answer.status_code, answer.headers["X-Refused"]) == (422, "empty")
    assert "There is nothing to send." in answer.content.decode()


def test_a_refusal_keeps_text_number_and_place(client: Client, agent: Agent) -> None:
    conversation = world.conversation(left=timedelta(seconds=-1))
    number = str(uuid.uuid4())
    answer = send(client, conversation, "kept <text>", client_id=number)
    shown = answer.content.decode()
    assert (answer.status_code, answer.headers["HX-Retarget"]) == (422, "#composer")
    assert "kept &lt;text&gt;</textarea>" in shown
    assert client_id(shown) == number
    assert "The 24-hour window is closed" in shown
    assert not Message.objects.exists()


def test_without_scripts_a_refusal_keeps_the_text_as_a_draft(client: Client, agent: Agent) -> None:
    conversation = world.conversation(left=timedelta(seconds=-1))
    answer = send(client, conversation, "kept", htmx=False)
    assert answer.status_code == 302
    page = client.get(answer.headers["Location"]).content.decode()
    assert "kept</textarea>" in page
    assert "The 24-hour window is closed" in page


# Too long


def test_a_text_that_is_too_long_shows_how_it_would_be_split(
    client: Client, conversation: Conversation
) -> None:
    text = "A sentence of words. " * 100
    answer = send(client, conversation, text)
    shown = answer.content.decode()
    assert (answer.status_code, answer.headers["X-Refused"]) == (422, "too_long")
    assert "Send as 2 messages" in shown
    assert shown.count("<li><bdi>") == 2
    assert not Message.objects.exists()


def test_split_it_goes_out_in_order_and_whole(client: Client, conversation: Conversation) -> None:
    text = " ".join(f"word{n}" for n in range(600))
    assert send(client, conversation, text, split="1").status_code == 200
    assert " ".join(bodies()) == text
    assert all(len(body) <= 1600 for body in bodies())


def test_there_is_an_end_to_what_is_split(client: Client, conversation: Conversation) -> None:
    answer = send(client, conversation, "x" * 20_001, split="1")
    assert (answer.status_code, answer.headers["X-Refused"]) == (422, "far_too_long")


def test_exactly_1600_characters_are_one_message(client: Client, conversation: Conversation) -> None:
    assert send(client, conversation, "🙂" * 1600).status_code == 200
    assert Message.objects.count() == 1


# What is open, what is locked


def test_an_open_window_says_when_it_closes(client: Client, conversation: Conversation) -> None:
    shown = composer(client, conversation)
    assert 'data-window="open"' in shown
    closing = conversation.window(clock.now()).shown_closing
    assert closing
    assert f"Closes {moments.day_and_time(closing)}" in shown
    assert 'class="fuse-left" width="83.0%"' in shown
    assert " disabled" not in re.search(r"<textarea[^>]*>", shown)[0]


def test_the_cheapest_that_may_be_sent_is_named(client: Client, conversation: Conversation) -> None:
    shown = words(composer(client, conversation))
    assert "Cheapest now: free text or a utility template, $0.005." in shown
    assert "Once closed: utility $0.027, marketing $0.0579." in shown
    Window.objects.update(closes_at=clock.now())
    assert "Cheapest now" not in composer(client, conversation)


def test_a_closed_window_locks_the_box_and_says_what_to_do(client: Client, agent: Agent) -> None:
    conversation = world.conversation(left=timedelta(hours=-3))
    Draft.objects.create(conversation=conversation, agent=agent, body="half a thought")
    shown = composer(client, conversation)
    assert "Free text is locked until <bdi>Nour Haddadine</bdi> writes again" in shown
    assert "approved template" in shown
    assert re.search(r'<textarea[^>]*aria-label="Reply" disabled', shown)
    assert "half a thought</textarea>" in shown
    assert 'aria-label="Send"' not in shown


def test_a_customer_who_opted_out_is_not_written_to(client: Client, conversation: Conversation) -> None:
    Window.objects.update(opted_out_at=clock.now())
    shown = composer(client, conversation)
    assert "asked us to stop on" in shown
    assert re.search(r"<textarea[^>]* disabled", shown)
    assert send(client, conversation, "Hello?").headers["X-Refused"] == "opted_out"


def test_a_channel_that_is_off_says_whom_to_ask(client: Client, conversation: Conversation) -> None:
    Channel.objects.update(is_active=False)
    assert "Ask an admin to switch it on" in composer(client, conversation)


def test_it_unlocks_when_the_customer_writes_and_keeps_the_draft(client: Client, agent: Agent) -> None:
    conversation = world.conversation(left=timedelta(hours=-3))
    Draft.objects.create(conversation=conversation, agent=agent, body="half a thought")
    Window.objects.update(closes_at=clock.now() + timedelta(hours=24))
    url = f"/conversations/{conversation.pk}/messages/?after=0&state=closed&mode=reply"
    shown = client.get(url, headers=HTMX).content.decode()
    assert 'id="composer" data-quiet hx-swap-oob="true"' in shown
    assert "half a thought</textarea>" in shown
    assert "data-sent" not in shown


# Notes and drafts


def test_a_note_is_for_colleagues_even_when_the_window_is_closed(client: Client, agent: Agent) -> None:
    conversation = world.conversation(left=timedelta(hours=-3))
    shown = composer(client, conversation, "?mode=note")
    assert 'aria-label="Note"' in shown
    assert f'hx-post="/conversations/{conversation.pk}/notes/"' in shown
    form = {"body": "Careful", "client_id": client_id(shown), "mode": "note"}
    for _ in range(2):
        answer = client.post(f"/conversations/{conversation.pk}/notes/", form, headers=HTMX)
        assert answer.status_code == 200
    note = Message.objects.get()
    assert (note.direction, note.body, note.author) == ("note", "Careful", agent)
    # The box stays a note's until its writer says otherwise.
    assert 'data-mode="note"' in answer.content.decode()


def test_an_empty_note_is_refused(client: Client, conversation: Conversation) -> None:
    answer = client.post(f"/conversations/{conversation.pk}/notes/", {"body": " "}, headers=HTMX)
    assert (answer.status_code, answer.headers["X-Refused"]) == (422, "empty")


def test_a_draft_waits_for_its_writer_alone(client: Client, conversation: Conversation) -> None:
    url = f"/conversations/{conversation.pk}/draft/"
    assert client.post(url, {"body": "half a thought"}, headers=HTMX).status_code == 204
    assert "half a thought</textarea>" in composer(client, conversation)
    other = Client()
    other.force_login(world.agent("priya"))
    assert "half a thought" not in composer(other, conversation)


def test_a_draft_that_comes_after_it_was_sent_is_not_kept(client: Client, conversation: Conversation) -> None:
    act = str(uuid.uuid4())
    send(client, conversation, "sent meanwhile", client_id=act)
    client.post(
        f"/conversations/{conversation.pk}/draft/", {"body": "sent meanw", "client_id": act}, headers=HTMX
    )
    assert "sent meanw<" not in composer(client, conversation)
    for odd in ("", "x"):
        client.post(f"/conversations/{conversation.pk}/draft/", {"body": "a new one", "client_id": odd})
    assert "a new one" in composer(client, conversation)


def test_a_draft_is_forgotten_when_it_is_emptied_or_sent(client: Client, conversation: Conversation) -> None:
    url = f"/conversations/{conversation.pk}/draft/"
    client.post(url, {"body": "one"}, headers=HTMX)
    client.post(url, {"body": " "}, headers=HTMX)
    assert not Draft.objects.exists()
    client.post(url, {"body": "two"}, headers=HTMX)
    send(client, conversation, "two")
    assert not Draft.objects.exists()


def test_the_consent_ledger_is_not_touched_by_looking(client: Client, conversation: Conversation) -> None:
    composer(client, conversation)
    assert not ConsentEntry.objects.exists()
