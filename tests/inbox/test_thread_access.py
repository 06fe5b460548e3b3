from __future__ import annotations

import pytest
from django.test import Client

from inbox.models import Agent, Conversation, Event, Team
from tests import world
from tests.inbox.pages import HTMX

pytestmark = pytest.mark.django_db


# Who may


def everything(conversation: Conversation) -> list[tuple[str, str]]:
    message = world.message(conversation, "x", "outbound", status="failed")
    c = f"/conversations/{conversation.pk}"
    gets = [f"{c}/", f"{c}/messages/", f"{c}/composer/", f"{c}/details/", f"/messages/{message.pk}/"]
    posts = [
        f"{c}/{act}/"
        for act in (
            "messages",
            "notes",
            "draft",
            "uploads",
            "assignment",
            "resolution",
            "status",
            "seen",
            "unread",
            "tags",
            "tags/1",
            "name",
        )
    ]
    posts += [f"/messages/{message.pk}/retry/", f"/messages/{message.pk}/settlement/"]
    return [("get", url) for url in gets] + [("post", url) for url in posts]


def test_another_team_finds_nothing_here(client: Client, conversation: Conversation) -> None:
    conversation.channel.teams.add(Team.objects.create(name="Others"))
    before = Event.objects.count()
    for method, url in everything(conversation):
        answer = getattr(client, method)(url, {"body": "x", "name": "x"}, headers=HTMX)
        assert answer.status_code == 404, url
    assert Event.objects.count() == before


def test_a_stranger_is_sent_to_sign_in(conversation: Conversation) -> None:
    for method, url in everything(conversation):
        answer = getattr(Client(), method)(url)
        assert answer.status_code == 302, url
        assert answer.headers["Location"].startswith("/login/"), url


def test_a_foreign_page_cannot_press_anything(conversation: Conversation, agent: Agent) -> None:
    foreign = Client(enforce_csrf_checks=True)
    foreign.force_login(agent)
    for method, url in everything(conversation):
        if method == "post":
            assert foreign.post(url, {"body": "x"}).status_code == 403, url


def test_only_the_methods_that_are_meant_are_taken(client: Client, conversation: Conversation) -> None:
    for method, url in everything(conversation):
        other = client.put(url) if method == "get" else client.get(url)
        expected = 200 if url.endswith(f"{conversation.pk}/messages/") and method == "post" else 405
        assert other.status_code == expected, url
