from __future__ import annotations

import uuid

import pytest
from django.core.files.base import ContentFile
from django.test import Client

from inbox.models import Attachment, Conversation, Team
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def conversation(client: Client) -> Conversation:
    client.force_login(world.agent())
    return world.conversation()


def stored(of: Conversation, content: bytes = b"0123456789", **fields: object) -> Attachment:
    defaults = {"content_type": "audio/ogg", "filename": "voice.ogg", "state": "stored", "sha256": "ab" * 32}
    message = world.message(of, "", kind="audio")
    file = Attachment(conversation=of, message=message, **{**defaults, **fields})
    file.file.save("", ContentFile(content), save=False)
    file.save()
    return file


def body(answer: object) -> bytes:
    return b"".join(answer.streaming_content)


def test_every_byte_leaves_so_that_it_cannot_act(client: Client, conversation: Conversation) -> None:
    answer = client.get(f"/media/{stored(conversation).key}/")
    assert body(answer) == b"0123456789"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Type"] == "audio/ogg"
    assert answer.headers["Content-Length"] == "10"


@pytest.mark.parametrize(
    ("content_type", "served", "disposition"),
    [
        ("audio/ogg", "audio/ogg", "inline"),
        ("video/mp4", "video/mp4", "inline"),
        ("image/jpeg", "image/jpeg", "attachment"),
        ("image/webp", "image/webp", "attachment"),
        ("application/pdf", "application/pdf", "attachment"),
        ("text/html", "application/octet-stream", "attachment"),
        ("image/svg+xml", "application/octet-stream", "attachment"),
        ("text/javascript", "application/octet-stream", "attachment"),
        ("text/vcard", "text/vcard", "attachment"),
        ("", "application/octet-stream", "attachment"),
        ("text/html\r\nX: y", "application/octet-stream", "attachment"),
    ],
)
def test_only_what_plays_is_shown_inside_the_page(
    client: Client, conversation: Conversation, content_type: str, served: str, disposition: str
) -> None:
    answer = client.get(f"/media/{stored(conversation, content_type=content_type).key}/")
    assert answer.headers["Content-Type"] == served
    assert answer.headers["Content-Disposition"].startswith(disposition)


@pytest.mark.parametrize("name", ["a\r\nSet-Cookie: x=1.pdf", 'a";x="b.pdf', "файл.pdf", "x" * 100])
def test_a_name_stays_inside_its_header(client: Client, conversation: Conversation, name: str) -> None:
    file = stored(conversation, content_type="application/pdf", filename=name)
    answer = client.get(f"/media/{file.key}/")
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert not set(answer.headers["Content-Disposition"]) & set("\r\n")


@pytest.mark.parametrize(
    ("asked", "status", "expected", "said"),
    [
        ("bytes=0-3", 206, b"0123", "bytes 0-3/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-2", 206, b"89", "bytes 8-9/10"),
        ("bytes=5-99", 206, b"56789", "bytes 5-9/10"),
        ("bytes=0-", 200, b"0123456789", None),
        ("bytes=0-1,3-4", 200, b"0123456789", None),
        ("pages=1-2", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
    ],
)
def test_a_player_gets_the_part_it_asks_for(
    client: Client, conversation: Conversation, asked: str, status: int, expected: bytes, said: str | None
) -> None:
    answer = client.get(f"/media/{stored(conversation).key}/", headers={"Range": asked})
    assert (answer.status_code, body(answer)) == (status, expected)
    assert answer.headers.get("Content-Range") == said
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_part_behind_the_end_is_refused(client: Client, conversation: Conversation) -> None:
    answer = client.get(f"/media/{stored(conversation).key}/", headers={"Range": "bytes=10-"})
    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == "bytes */10"


def test_what_the_browser_has_is_not_sent_again(client: Client, conversation: Conversation) -> None:
    url = f"/media/{stored(conversation).key}/"
    etag = client.get(url).headers["ETag"]
    answer = client.get(url, headers={"If-None-Match": etag})
    assert (answer.status_code, answer.headers["Cache-Control"]) == (304, "private, no-store")


def test_a_thumbnail_is_shown_and_kept_nowhere(client: Client, conversation: Conversation) -> None:
    file = stored(conversation, content_type="image/jpeg")
    file.thumbnail.save("", ContentFile(b"RIFF"), save=True)
    answer = client.get(f"/media/{file.key}/thumb/")
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert not answer.headers.get("Content-Disposition", "inline").startswith("attachment")


def test_it_is_not_there_for_strangers_other_teams_and_guessers(
    client: Client, conversation: Conversation
) -> None:
    file = stored(conversation)
    conversation.channel.teams.add(Team.objects.create(name="Orders"))
    for path in ("", "thumb/"):
        assert client.get(f"/media/{file.key}/{path}").status_code == 404
        anonymous = Client().get(f"/media/{file.key}/{path}")
        assert anonymous.status_code == 302
        assert anonymous.headers["Location"].startswith("/login/")
    assert client.get(f"/media/{uuid.uuid4()}/").status_code == 404


def test_what_is_not_stored_or_lost_is_not_there(client: Client, conversation: Conversation) -> None:
    assert client.get(f"/media/{stored(conversation, state='pending').key}/").status_code == 404
    lost = stored(conversation)
    lost.file.storage.delete(lost.file.name)
    assert client.get(f"/media/{lost.key}/").status_code == 404
    assert client.get(f"/media/{lost.key}/thumb/").status_code == 404


def test_a_person_may_ask_once_more_for_a_file_that_failed(
    client: Client, conversation: Conversation
) -> None:
    file = stored(
        conversation, state="failed", error="Twilio answered 404.", tries=5, source_url="https://x.example"
    )
    answer = client.post(f"/media/{file.key}/fetch/", headers={"HX-Request": "true"})
    file.refresh_from_db()
    assert (file.state, file.tries) == ("pending", 0)
    assert "Being fetched" in answer.content.decode()
    assert client.post(f"/media/{file.key}/fetch/").status_code == 302
