from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest
from django.test import Client

from inbox import clock
from inbox.models import Agent, ConsentEntry, Conversation, Event, Tag, Team, Window
from tests import world
from tests.inbox.pages import HTMX

pytestmark = pytest.mark.django_db


def details(client: Client, conversation: Conversation) -> str:
    answer = client.get(f"/conversations/{conversation.pk}/details/", headers=HTMX)
    assert answer.status_code == 200
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())


def do(client: Client, conversation: Conversation, act: str, method: str = "post", **fields: object) -> str:
    answer = getattr(client, method)(f"/conversations/{conversation.pk}/{act}/", fields, headers=HTMX)
    assert answer.status_code == 200, answer
    conversation.refresh_from_db()
    shown = answer.content.decode()
    # Header and details come back together, each in its place.
    for place in ("thread-header", "details"):
        assert re.search(rf'<[^>]* id="{place}"[^>]* hx-swap-oob="true"', shown), place
    return shown


# What it shows


def test_it_says_who_the_customer_is(client: Client, conversation: Conversation) -> None:
    conversation.contact.addresses.create(kind="user_id", value="whatsapp:GB.1349120865530274")
    shown = details(client, conversation)
    assert "Nour Haddadine" in shown
    assert re.search(r"\+44 7700 1\d{5}", shown)
    assert "GB.1349120865530274" in shown
    assert "Shop UK: open until" in shown


def test_consent_is_what_the_ledger_says_last(client: Client, conversation: Conversation) -> None:
    assert "No opt-in noted" in details(client, conversation)
    ledger = {"contact": conversation.contact, "channel": conversation.channel, "source": "keyword"}
    ConsentEntry.objects.create(action="opt_in", **ledger)
    assert "Opted in" in details(client, conversation)
    ConsentEntry.objects.create(action="opt_out", **ledger)
    Window.objects.update(opted_out_at=clock.now())
    assert re.search(r"Opted out \d+ \w+ \d{4}, \d\d:\d\d · keyword", details(client, conversation))


def test_other_conversations_are_those_that_one_may_see(client: Client, conversation: Conversation) -> None:
    hidden = world.channel("Hidden", "whatsapp:+15550001111", Team.objects.create(name="Others"))
    seen = world.channel("Shop US", "whatsapp:+15550002222")
    for over, text in ((hidden, "secret"), (seen, "Dented parcel")):
        world.conversation(conversation.contact, over, last_message_preview=text)
    shown = details(client, conversation)
    assert "Dented parcel" in shown
    assert "secret" not in shown


# What one does


def test_one_takes_it_gives_it_and_gives_it_back(
    client: Client, conversation: Conversation, agent: Agent
) -> None:
    priya = world.agent("priya")
    do(client, conversation, "assignment", assignee="me")
    assert conversation.assignee == agent
    do(client, conversation, "assignment", assignee=priya.pk)
    assert conversation.assignee == priya
    do(client, conversation, "assignment", "delete")
    assert conversation.assignee is None
    assert Event.objects.filter(verb="conversation.assigned").count() == 3


@pytest.mark.parametrize("who", ["999999", "x", "-1", "9" * 30])
def test_nobody_is_given_a_conversation_who_could_not_see_it(
    client: Client, conversation: Conversation, who: str
) -> None:
    answer = client.post(f"/conversations/{conversation.pk}/assignment/", {"assignee": who}, headers=HTMX)
    assert answer.status_code == 404


def test_it_is_resolved_and_opened_again(client: Client, conversation: Conversation) -> None:
    assert "Reopen" in do(client, conversation, "resolution")
    assert conversation.is_resolved
    assert "Resolve" in do(client, conversation, "resolution", "delete")
    assert not conversation.is_resolved


def test_it_does_not_open_beside_another_open_one(client: Client, conversation: Conversation) -> None:
    do(client, conversation, "resolution")
    Conversation.objects.create(
        contact=conversation.contact, channel=conversation.channel, address=conversation.address
    )
    url = f"/conversations/{conversation.pk}/resolution/"
    answer = client.delete(url, headers=HTMX)
    assert (answer.status_code, answer.headers["X-Refused"]) == (422, "not_active")
    assert "Another conversation with this customer is open." in answer.content.decode()
    plain = client.post(url, {"_method": "DELETE"}, follow=True)
    assert "Another conversation with this customer is open." in plain.content.decode()


@pytest.mark.parametrize(
    "path", [["pending"], ["pending", "open"], ["resolved", "pending"], ["resolved", "open"]]
)
def test_its_status_is_chosen(client: Client, conversation: Conversation, path: list[str]) -> None:
    for status in path:
        do(client, conversation, "status", status=status)
        assert conversation.status == status


def test_tags_are_added_once_whatever_their_case_and_taken_off(
    client: Client, conversation: Conversation
) -> None:
    do(client, conversation, "tags", name="VIP")
    do(client, conversation, "tags", name="vip ")
    tag = Tag.objects.get()
    assert list(conversation.tags.all()) == [tag]
    do(client, conversation, f"tags/{tag.pk}", "delete")
    assert not conversation.tags.exists()
    do(client, conversation, "tags", name="")
    assert Tag.objects.count() == 1


def test_the_customer_is_called_what_the_team_calls_them(client: Client, conversation: Conversation) -> None:
    do(client, conversation, "name", name="Nour from Harrowfield")
    conversation.contact.refresh_from_db()
    assert conversation.contact.name == "Nour from Harrowfield"
    do(client, conversation, "name", name="x" * 161)
    conversation.contact.refresh_from_db()
    assert conversation.contact.name == "Nour from Harrowfield"


def test_unread_and_seen(client: Client, conversation: Conversation) -> None:
    do(client, conversation, "unread")
    assert conversation.unread_count == 1
    assert client.post(f"/conversations/{conversation.pk}/seen/", headers=HTMX).status_code == 204
    conversation.refresh_from_db()
    assert conversation.unread_count == 0


def test_looking_marks_nothing_as_seen(client: Client, conversation: Conversation) -> None:
    Conversation.objects.update(unread_count=3)
    page = client.get(f"/conversations/{conversation.pk}/").content.decode()
    conversation.refresh_from_db()
    assert conversation.unread_count == 3
    assert 'hx-trigger="load, fanlight:seen"' in page


def test_every_act_works_without_scripts(client: Client, conversation: Conversation) -> None:
    tag = Tag.objects.create(name="vip")
    acts = {
        "assignment": {"assignee": "me"},
        "resolution": {},
        "status": {"status": "open"},
        "unread": {},
        "seen": {},
        "tags": {"name": "vip"},
        f"tags/{tag.pk}": {"_method": "DELETE"},
        "name": {"name": "N"},
        "draft": {"body": "x"},
        "notes": {"body": "x"},
        "messages": {"body": "x"},
    }
    for act, fields in acts.items():
        answer = client.post(f"/conversations/{conversation.pk}/{act}/", fields)
        assert answer.headers["Location"] == f"/conversations/{conversation.pk}/", act


def test_a_window_that_runs_out_soon_says_so(client: Client, agent: Agent) -> None:
    conversation = world.conversation(left=timedelta(minutes=50))
    page = client.get(f"/conversations/{conversation.pk}/").content.decode()
    assert re.search(r'id="window-pill" data-window="urgent"', page)
    assert '<span class="time-text">44m</span>' in page or '<span class="time-text">45m</span>' in page
