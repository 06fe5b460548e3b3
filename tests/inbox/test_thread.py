from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.template.loader import render_to_string
from django.test import Client
from django.test.utils import CaptureQueriesContext

from inbox import clock, timeline
from inbox.models import Agent, Attachment, Conversation, Event, Message
from tests import world
from tests.inbox.pages import HTMX, ids, news, thread, words

pytestmark = pytest.mark.django_db


# The page hooks that others script against


def test_the_page_has_the_hooks_that_others_script_against(
    client: Client, conversation: Conversation
) -> None:
    message = world.message(conversation, "Hello")
    page = thread(client, conversation)
    for hook in ("conversation-list", "thread", "composer", "details", f"message-{message.pk}"):
        assert f'id="{hook}"' in page
    assert 'data-status="received" data-kind="text"' in page
    assert 'aria-label="Reply"' in page
    assert re.search(r'<button[^>]*aria-label="Send"', page)
    assert re.search(r'id="messages" role="log" aria-live="polite"', page)


# Order, pages, news


def test_days_are_headed_by_real_dates(client: Client, conversation: Conversation) -> None:
    world.message(conversation, "a", created_at=datetime(2025, 6, 8, 9, tzinfo=UTC))
    world.message(conversation, "b", created_at=datetime(2025, 6, 8, 22, tzinfo=UTC))
    world.message(conversation, "c", created_at=datetime(2025, 6, 10, 9, tzinfo=UTC))
    page = thread(client, conversation)
    assert re.findall(r'<time datetime="(\d{4}-\d\d-\d\d)">([^<]*)<', page) == [
        ("2025-06-08", "8 June 2025"),
        ("2025-06-10", "10 June 2025"),
    ]


def test_days_are_those_of_the_viewer(client: Client, conversation: Conversation, agent: Agent) -> None:
    world.message(conversation, "a", created_at=datetime(2025, 6, 8, 22, 30, tzinfo=UTC))
    Agent.objects.filter(pk=agent.pk).update(time_zone="Africa/Johannesburg")
    assert 'datetime="2025-06-09"' in thread(client, conversation)


def hundred_and_twenty(conversation: Conversation) -> list[Message]:
    """Pairs of one moment, so that a page's edge falls between equals."""
    start = clock.now() - timedelta(days=2)
    times = [start + timedelta(minutes=n // 2) for n in range(120)]
    return [world.message(conversation, str(n), created_at=at) for n, at in enumerate(times)]


def test_it_opens_with_the_newest_fifty_and_loads_older_ones_without_gap(
    client: Client, conversation: Conversation
) -> None:
    made = hundred_and_twenty(conversation)
    page = thread(client, conversation)
    shown = ids(page)
    assert shown == [m.pk for m in made[-50:]]
    while before := re.search(r'hx-get="(/conversations/\d+/messages/\?before=\d+)"', page):
        page = client.get(before[1], headers=HTMX).content.decode()
        shown = ids(page) + shown
    assert shown == [m.pk for m in made]


def test_without_scripts_the_page_grows_by_fifty_with_each_earlier(
    client: Client, conversation: Conversation
) -> None:
    made = hundred_and_twenty(conversation)
    page = thread(client, conversation)
    for length in (100, 120):
        link = re.search(r' href="(/conversations/\d+/\?before=\d+)#message-\d+"', page)
        assert link
        page = client.get(link[1]).content.decode()
        assert ids(page) == [m.pk for m in made[-length:]]
        assert 'id="composer"' in page
    assert 'id="older"' not in page
    for odd in ("0", "x", "9" * 30, str(made[-1].pk + 1)):
        assert (
            len(ids(client.get(f"/conversations/{conversation.pk}/", {"before": odd}).content.decode())) == 50
        )


def test_a_quote_far_back_is_loaded_in_one_go(client: Client, conversation: Conversation) -> None:
    start = clock.now() - timedelta(days=2)
    made = [world.message(conversation, str(n), created_at=start + timedelta(minutes=n)) for n in range(200)]
    url = f"/conversations/{conversation.pk}/messages/?before={made[150].pk}&until={made[20].pk}"
    shown = ids(client.get(url, headers=HTMX).content.decode())
    assert shown == [m.pk for m in made[20:150]]


def test_news_bring_what_the_page_lacks_and_nothing_twice(client: Client, conversation: Conversation) -> None:
    first = world.message(conversation, "first")
    second = world.message(conversation, "second")
    shown = news(client, conversation, after=first.pk, shown=f"{first.pk}:received")
    assert ids(shown) == [second.pk]
    assert f'name="after" value="{second.pk}"' in shown
    shown = news(client, conversation, after=second.pk, shown=f"{first.pk}:received {second.pk}:received")
    assert ids(shown) == []


def test_news_bring_a_message_recovered_from_before(client: Client, conversation: Conversation) -> None:
    seen = world.message(conversation, "seen", created_at=clock.now() - timedelta(hours=1))
    late = world.message(conversation, "late", created_at=clock.now() - timedelta(hours=3), recovered=True)
    shown = news(client, conversation, after=seen.pk, shown=f"{seen.pk}:received")
    assert ids(shown) == [late.pk]
    at = float(re.search(r'data-at="([\d.]+)"[^>]*hx-get', shown)[1])
    assert at == pytest.approx(late.created_at.timestamp())


def test_news_bring_a_message_whose_transaction_was_overtaken(
    client: Client, conversation: Conversation
) -> None:
    overtaken = world.message(conversation, "took its id first, was committed last")
    own = world.message(conversation, "own", "outbound")
    assert ids(news(client, conversation, after=own.pk, shown=f"{own.pk}:queued")) == [overtaken.pk]


def test_news_bring_bubbles_that_changed_while_the_stream_was_away(
    client: Client, conversation: Conversation
) -> None:
    message = world.message(
        conversation, "Hi", "outbound", status="read", created_at=clock.now() - timedelta(hours=2)
    )
    shown = news(client, conversation, after=message.pk, shown=f"{message.pk}:sent")
    assert re.search(rf'id="message-{message.pk}" hx-swap-oob="true" data-status="read"', shown)


def test_news_swap_the_composer_only_when_its_state_changed(
    client: Client, conversation: Conversation
) -> None:
    assert 'id="composer"' not in news(client, conversation, state="open")
    assert re.search(
        r'id="composer" data-quiet hx-swap-oob="true"', news(client, conversation, state="closed")
    )


def test_news_answer_nonsense_like_a_page_that_has_nothing(
    client: Client, conversation: Conversation
) -> None:
    message = world.message(conversation)
    for odd in ("x", "-1", "9" * 30, "1e5"):
        assert ids(news(client, conversation, after=odd, event=odd, shown=f"{odd}:a b :: c")) == [message.pk]


def test_what_was_done_stands_between_the_messages(
    client: Client, conversation: Conversation, agent: Agent
) -> None:
    colleague = world.agent("ines", first_name="Ines", last_name="Okoro")
    conversation.assign_to(agent, by=colleague)
    conversation.resolve(by=agent)
    Event.record("contact.opted_out", conversation=conversation, source="keyword")
    shown = words(thread(client, conversation)).replace("\u2068", "").replace("\u2069", "")
    assert "Ines Okoro assigned this to you" in shown
    assert "You resolved this" in shown
    assert "The customer opted out" in shown


def test_fifty_messages_with_everything_cost_a_few_queries(conversation: Conversation, agent: Agent) -> None:
    quoted = world.message(conversation, "quoted", kind="image")
    Attachment.objects.create(conversation=conversation, message=quoted)
    for n in range(50):
        message = world.message(
            conversation, str(n), reply_to=quoted, reply_to_sid="SM1", kind="image", author=agent
        )
        Attachment.objects.create(
            conversation=conversation, message=message, state="stored", content_type="image/jpeg"
        )
    for n in range(20):
        conversation.assign_to(agent if n % 2 else None, by=agent)
    conversation = Conversation.objects.select_related("contact", "channel").get(pk=conversation.pk)
    with CaptureQueriesContext(connection) as queries:
        page = timeline.latest(conversation, agent, clock.now())
        render_to_string("inbox/_older.html", {"timeline": page, "conversation": conversation})
    assert len(page.bubbles) == 50
    assert len(queries) <= 8


def test_the_whole_page_costs_no_more_for_more_messages(client: Client, conversation: Conversation) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as counted:
            thread(client, conversation)
        return len(counted)

    for n in range(5):
        world.message(conversation, str(n), kind="image")
    few = queries()
    for n in range(60):
        message = world.message(conversation, str(n), kind="image")
        Attachment.objects.create(conversation=conversation, message=message)
    # One for their files.
    assert queries() <= few + 1
