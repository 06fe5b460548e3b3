from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from django.db import connection, transaction
from django.test import Client

from inbox import live
from inbox.models import Agent, Channel, Team
from tests.config.conftest import Web, frame

SignedIn = Callable[[Agent], Client]


@pytest.fixture
def channels(transactional_db: None, agent: Agent) -> tuple[Channel, Channel]:
    """One that the agent's team answers, and one that another team answers."""
    mine, theirs = (Team.objects.create(name=name) for name in ("Mine", "Theirs"))
    agent.teams.add(mine)
    first, second = (
        Channel.objects.create(name=team.name, address=f"whatsapp:+4477009001{team.pk:02}")
        for team in (mine, theirs)
    )
    first.teams.add(mine)
    second.teams.add(theirs)
    return first, second


def test_an_announcement_reaches_an_open_page(web: Web, agent: Agent, signed_in: SignedIn) -> None:
    stream = web.stream(signed_in(agent))
    live.announce("message", 7, conversation=42)
    assert frame(stream) == 'event: message-7\ndata: {"conversation": 42, "id": 7}\n'
    assert frame(stream) == "event: message\ndata: 7\n"


def test_it_is_told_on_commit_and_once(web: Web, agent: Agent, signed_in: SignedIn) -> None:
    stream = web.stream(signed_in(agent))
    with transaction.atomic():
        live.announce("message", 1)
        live.announce("message", 1)
    with pytest.raises(RuntimeError), transaction.atomic():
        live.announce("message", 2)
        raise RuntimeError
    live.announce("message", 3)
    seen = [frame(stream).split("\n")[0] for _ in range(4)]
    assert seen == ["event: message-1", "event: message", "event: message-3", "event: message"]


def test_only_what_the_agent_may_see_is_told(
    web: Web, agent: Agent, signed_in: SignedIn, channels: tuple[Channel, Channel]
) -> None:
    mine, theirs = channels
    stream = web.stream(signed_in(agent))
    live.announce("conversation", 1, channel=theirs.pk)
    live.announce("agent", agent.pk + 1)
    live.announce("conversation", 2, channel=mine.pk)
    assert frame(stream).startswith("event: conversation-2\n")


def test_after_the_database_cut_the_listener_off_pages_are_told_to_reload(
    web: Web, agent: Agent, signed_in: SignedIn
) -> None:
    stream = web.stream(signed_in(agent))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        assert cursor.rowcount == 1
    assert frame(stream).startswith("event: resync")
    live.announce("message", 9)
    assert frame(stream).startswith("event: message-9")


def test_a_stranger_is_sent_to_sign_in(web: Web) -> None:
    answer = web.get("/events/")
    assert (answer.status, answer.headers["Location"]) == (302, "/login/?next=/events/")


def test_a_stream_is_not_cached_or_buffered(web: Web, agent: Agent, signed_in: SignedIn) -> None:
    headers = web.stream(signed_in(agent)).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Accel-Buffering"] == "no"
    assert headers["Content-Type"] == "text/event-stream"


def test_streams_share_their_database_connections(web: Web, agent: Agent, signed_in: SignedIn) -> None:
    client = signed_in(agent)
    streams = [web.stream(client) for _ in range(12)]
    live.announce("message", 1)
    assert all(frame(stream) for stream in streams)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        # Ours, the listener, the checker of rights, and the pages' threads.
        assert cursor.fetchone()[0] <= 3 + 4


def test_it_stops_at_once_with_200_open_streams(web: Web, agent: Agent, signed_in: SignedIn) -> None:
    client = signed_in(agent)
    streams = [web.stream(client) for _ in range(200)]
    seconds = web.stop()
    assert web.process.returncode in (0, -15)
    assert seconds < 5
    # A stream that waited for the others to open may have heard a ping.
    assert all(stream.read().replace(b": ping\n\n", b"") == b"" for stream in streams)


# --- The hub by itself ----------------------------------------------------------------------


@pytest.fixture
def client() -> Iterator[live.Client]:
    yield live.Client(session_key="", agent_id=5, channels={1, 2})


@pytest.mark.parametrize(
    ("kind", "pk", "channel", "heard"),
    [
        ("message", 1, 1, True),
        ("message", 1, 3, False),
        ("message", 1, None, True),
        ("agent", 5, None, True),
        ("agent", 6, None, False),
    ],
)
def test_who_hears_what(client: live.Client, kind: str, pk: int, channel: int | None, heard: bool) -> None:
    assert client.may_hear(live.Announcement(kind, pk, channel, "")) is heard


def test_a_slow_reader_is_told_to_reload_instead(client: live.Client) -> None:
    for number in range(live.BACKLOG + 1):
        client.put(f"event: message-{number}\n\n")
    assert list(client._pending) == [live.RESYNC, f"event: message-{live.BACKLOG}\n\n"]


def test_the_same_news_waits_only_once(client: live.Client) -> None:
    client.put("event: a\n\n")
    client.put("event: a\n\n")
    assert len(client._pending) == 1


def test_a_notification_that_is_not_ours_harms_nothing() -> None:
    for payload in ("", "{}", "[1]", "null", '{"kind": "a"}'):
        live.Hub().publish(payload)


@pytest.mark.django_db
def test_rights_end_with_the_session_and_with_the_person(agent: Agent, signed_in: SignedIn) -> None:
    key = signed_in(agent).session.session_key
    assert live.rights_of(key) == (agent.pk, set(Channel.objects.values_list("pk", flat=True)))
    agent.is_active = False
    agent.save()
    assert live.rights_of(key) is None
    assert live.rights_of("no such session") is None


def test_a_page_of_someone_who_was_signed_out_is_closed(
    web: Web, agent: Agent, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(agent)
    stream = web.stream(client)
    client.session.flush()
    with connection.cursor() as cursor:  # the listener comes back, and with it the check of rights
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
    started = time.monotonic()
    assert frame(stream).startswith("event: resync")
    assert stream.read() == b""
    assert time.monotonic() - started < 8
