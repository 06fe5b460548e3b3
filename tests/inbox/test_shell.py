from __future__ import annotations

import re
from datetime import timedelta
from itertools import chain

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from inbox.models import Agent, Message
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(client: Client) -> Agent:
    person = world.agent("ines", "lead", first_name="Ines", last_name="Okoro")
    client.force_login(person)
    return person


def test_an_empty_inbox_says_what_to_do_first(client: Client, lead: Agent) -> None:
    world.channel("Shop UK", "whatsapp:+447700900142")
    html = client.get("/").content.decode()
    assert "Bring in the first message" in html
    assert "+44 7700 900142" in html


def test_a_demo_leads_to_the_phone(client: Client, lead: Agent, settings: object) -> None:
    settings.DEMO, settings.SIMULATOR_PORT = True, 8001  # type: ignore[attr-defined]
    html = client.get("/", headers={"host": "localhost:8000"}).content.decode()
    assert html.count('href="http://localhost:8001/"') == 2
    assert "8001" not in client.get("/conversations/0/").content.decode().partition("<nav")[0]


def test_a_name_that_is_not_ours_is_a_bad_request_in_a_demo_too(client: Client, settings: object) -> None:
    settings.DEMO, settings.ALLOWED_HOSTS = True, ["localhost"]  # type: ignore[attr-defined]
    client.raise_request_exception = False
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_who_may_connect_a_number_is_not_sent_to_an_admin(client: Client) -> None:
    for role, said in (("admin", "Connect a WhatsApp number first."), ("agent", "Ask an admin to add one.")):
        client.force_login(world.agent(role, role))
        html = client.get("/").content.decode()
        assert said in html
        assert ("/connect/" in html.partition("Bring in the first message")[2]) == (role == "admin")


def test_an_empty_view_is_not_a_first_run(client: Client, lead: Agent) -> None:
    world.conversation()
    html = client.get("/?view=mine").content.decode()
    assert "All answered" in html
    assert "Show all open conversations" in html
    assert "Bring in the first message" not in html


def test_the_page_has_landmarks_and_its_stable_ids(client: Client, lead: Agent) -> None:
    talk = world.conversation(world.contact("Nour Haddadine"))
    html = client.get(f"/conversations/{talk.pk}/").content.decode()
    for part in (
        "<main",
        'aria-label="Main"',
        'id="conversation-list"',
        'id="thread"',
        'id="details"',
        "<h1",
    ):
        assert html.count(part) == 1, part
    assert f'id="conversation-{talk.pk}"' in html
    assert "<title>Nour Haddadine · Inbox · Fanlight</title>" in html
    assert re.search(r'<a class="row-link" [^>]*aria-current="true"', html)
    assert 'data-pane="thread"' in html


def test_htmx_gets_the_part_it_targets_and_history_the_whole_page(client: Client, lead: Agent) -> None:
    talk = world.conversation()
    path, htmx = f"/conversations/{talk.pk}/", {"HX-Request": "true"}
    stage = client.get(path, headers={**htmx, "HX-Target": "stage"}).content.decode()
    assert 'id="thread"' in stage
    assert 'id="details"' in stage
    assert "<title>" in stage
    assert "conversation-list" not in stage
    thread = client.get(path, headers={**htmx, "HX-Target": "thread"}).content.decode()
    assert 'id="thread"' in thread
    assert 'id="details"' not in thread
    restored = {**htmx, "HX-Target": "stage", "HX-History-Restore-Request": "true"}
    assert "<!doctype html>" in client.get(path, headers=restored).content.decode()


def test_nothing_in_a_page_needs_more_than_the_strict_policy(client: Client, lead: Agent) -> None:
    world.conversation()
    answer = client.get("/")
    html = answer.content.decode()
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    assert not re.search(r"\s(style|on\w+)=", html)
    assert "<style" not in html
    assert answer["Cache-Control"] == "no-store"


def test_language_and_direction_follow_the_browser(client: Client, lead: Agent) -> None:
    assert '<html lang="en" dir="ltr"' in client.get("/").content.decode()
    assert 'dir="rtl"' in client.get("/", headers={"accept-language": "he"}).content.decode()


@pytest.mark.parametrize(("cookie", "shown"), [("dark", True), ("light", True), ("<script>", False)])
def test_the_theme_comes_from_a_cookie(client: Client, lead: Agent, cookie: str, shown: bool) -> None:
    client.cookies["theme"] = cookie
    assert (f'data-theme="{cookie}"' in client.get("/").content.decode()) is shown


def test_admin_is_offered_to_staff_only(client: Client, lead: Agent) -> None:
    assert 'href="/admin/"' not in client.get("/").content.decode()
    client.force_login(world.agent("boss", is_staff=True, is_superuser=True))
    assert 'href="/admin/"' in client.get("/").content.decode()


def test_admins_find_what_is_theirs(client: Client, lead: Agent) -> None:
    asked = ("<dt>Connect WhatsApp</dt>", 'href="/consent/import/"')
    assert not any(words in client.get("/").content.decode() for words in asked)
    client.force_login(world.agent("boss", "admin"))
    assert all(words in client.get("/").content.decode() for words in asked)


def test_everybody_is_told_when_messages_wait_for_a_worker(client: Client, lead: Agent) -> None:
    message = world.message(world.conversation(), direction="outbound")
    warning = "Messages have been waiting to be sent"
    assert warning not in client.get("/").content.decode()
    old = timezone.now() - timedelta(minutes=2)
    Message.objects.filter(pk=message.pk).update(created_at=old)
    assert warning in client.get("/").content.decode()
    assert warning in client.get("/views/").content.decode()


def test_a_page_that_is_not_there_says_so_and_leads_back(client: Client, lead: Agent) -> None:
    answer = client.get("/no/such/page/")
    assert answer.status_code == 404
    assert "Go to the inbox" in answer.content.decode()


# Doors

OPEN_TO_ALL = {
    "healthz", "readyz", "metrics", "setup", "account_login", "account_signup", "account_inactive",
    "account_reset_password", "account_reset_password_done", "account_reset_password_from_key",
    "account_reset_password_from_key_done", "account_confirm_email", "account_email_verification_sent",
    # Each has a door of its own: signatures, signed links, API keys, the stream's session check.
    "inbound", "status", "events", "outbound_file",
}  # fmt: skip


def paths(resolver: URLResolver | None = None, start: str = "/") -> list[tuple[str, str]]:
    """(name, address) of every route outside the admin and the API, with sample arguments."""
    found: list[tuple[str, str]] = []
    for entry in (resolver or get_resolver()).url_patterns:
        route = start + str(entry.pattern).lstrip("^")
        if isinstance(entry, URLResolver):
            found += paths(entry, route)
        elif isinstance(entry, URLPattern):
            found.append((entry.name or "", route))
    return [(name, path) for name, path in found if not path.startswith(("/admin/", "/api"))]


def sample(path: str) -> str:
    path = re.sub(r"\(\?P<\w+>[^)]*\)", "1", path.rstrip("$"))
    return re.sub(
        r"<(\w+:)?\w+>", lambda m: "c0ffee00-0000-4000-8000-000000000000" if m[1] == "uuid:" else "1", path
    )


def test_anonymous_people_get_the_sign_in_page_for_everything_else(client: Client) -> None:
    for name, path in paths():
        if name not in OPEN_TO_ALL:
            answer = client.get(sample(path))
            assert answer.status_code in (302, 403, 405), path
            if answer.status_code == 302:
                assert answer["Location"].startswith(("/login/", "/account/")), path


def test_no_get_changes_the_database(client: Client, lead: Agent) -> None:
    cache.clear()
    talk = world.conversation(unread_count=2)
    world.message(talk)
    pages = [f"/conversations/{talk.pk}/", "/", "/list/?q=hello", "/views/", f"/rows/{talk.pk}/"]
    client.get("/")
    before = checksum()
    for path in chain(pages, (sample(path) for name, path in paths() if "logout" not in name)):
        if path != "/events/":
            client.get(path)
    assert checksum() == before


def checksum() -> dict[str, str]:
    """Of every row of every table of ours."""
    tables = [
        model._meta.db_table
        for app in ("inbox", "channels_whatsapp")
        for model in apps.get_app_config(app).get_models()
    ]
    with connection.cursor() as cursor:
        found = {}
        for table in tables:
            cursor.execute(
                f'SELECT md5(coalesce(string_agg(t::text, $$;$$ ORDER BY t::text), $$$$)) FROM "{table}" t'
            )
            found[table] = cursor.fetchone()[0]
    return found
