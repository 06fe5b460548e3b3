from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest
from django.test import Client
from django.urls import resolve

from inbox.models import Agent
from inbox.views.help import SUBJECTS
from tests import world
from tests.security.conftest import signed_in

PAGES = ["/help/", *(f"/help/{subject.slug}/" for subject in SUBJECTS)]


def body_of(page: str) -> str:
    return page.split('id="help"')[1].split("</main>")[0]


@pytest.fixture
def agent(db: None) -> Agent:
    world.channel()
    return world.agent()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("role", Agent.Role.values)
def test_every_page_is_there_for_everybody_and_its_links_lead_somewhere(
    db: None, path: str, role: str
) -> None:
    admin = role == "admin"
    person = world.agent("someone", role, is_staff=admin, is_superuser=admin)
    client = signed_in(person)
    page = client.get(path)
    assert page.status_code == 200
    body = body_of(page.content.decode())
    links = {unescape(link) for link in re.findall(r'<a [^>]*href="([^"]*)"', body)}
    assert len(links) >= 3 and "" not in links
    for link in links:
        assert resolve(link), link
        assert client.get(link).status_code == 200, link


@pytest.mark.parametrize("path", PAGES)
def test_it_asks_the_database_little(agent: Agent, path: str, django_assert_max_num_queries: object) -> None:
    client = signed_in(agent)
    with django_assert_max_num_queries(4):  # type: ignore[operator]
        client.get(path)


def test_each_page_is_reached_from_the_menu(agent: Agent) -> None:
    client = signed_in(agent)
    assert 'href="/help/"' in client.get("/").content.decode().split('id="agent-menu"')[1].split("</nav>")[0]
    index = body_of(client.get("/help/").content.decode())
    for subject in SUBJECTS:
        assert f'href="/help/{subject.slug}/"' in index
        assert str(subject.title) in client.get(f"/help/{subject.slug}/").content.decode()


def test_a_page_that_is_not_there(agent: Agent) -> None:
    client = signed_in(agent)
    assert client.get("/help/nothing/").status_code == 404
    assert client.post("/help/going-live/").status_code == 405
    assert Client().get("/help/").status_code == 302


def test_every_page_has_its_template_and_every_template_its_page() -> None:
    folder = Path(__file__).parent.parent.parent / "templates" / "help"
    found = {path.stem for path in folder.glob("*.html")} - {"index", "_page"}
    assert found == {subject.slug for subject in SUBJECTS}


def test_screens_for_admins_are_links_for_admins_only(agent: Agent) -> None:
    boss = Agent.objects.create_superuser("boss", "boss@inbox.example", "a long enough secret")
    page = body_of(signed_in(boss).get("/help/going-live/").content.decode())
    assert 'href="/connect/senders/"' in body_of(signed_in(boss).get("/help/sandbox/").content.decode())
    assert 'href="/consent/import/"' in body_of(signed_in(boss).get("/help/consent/").content.decode())
    assert 'href="/admin/"' in page and 'href="/connect/"' in page
    page = body_of(signed_in(agent).get("/help/going-live/").content.decode())
    assert 'href="/admin/"' not in page and "<b>Admin</b>" in page
    assert 'href="/connect/"' not in page and "<b>Connect WhatsApp</b>" in page


def test_what_is_said_of_variables_is_shown_and_not_filled(agent: Agent) -> None:
    page = signed_in(agent).get("/help/templates/").content.decode()
    assert "<code>{{1}}</code>" in page and "Hi {{1}}, your order {{2}}" in page
