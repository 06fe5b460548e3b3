from __future__ import annotations

import hashlib
import io
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from PIL import Image
from pytest_django import Settings

from channels_whatsapp import downloads, media
from channels_whatsapp.retries import TryAgain
from channels_whatsapp.simulator import Simulator, running_simulator
from inbox.models import Attachment, Message
from tests import world
from tests.channels_whatsapp.posting import fixture, post_fields
from tests.conftest import ACCOUNT_SID, AUTH_TOKEN

pytestmark = pytest.mark.django_db


@pytest.fixture
def sim(settings: Settings) -> Iterator[Simulator]:
    """Twilio with files, which posts nothing: the webhook is posted by the test."""
    with running_simulator(account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, senders=[world.SHOP]) as running:
        settings.TWILIO_API_BASE_URL = running.url
        yield running


def receive(sim: Simulator, kind: str = "image", **options: Any) -> Attachment:
    """A customer sends a file; its webhook is stored and its attachment is waiting."""
    from channels_whatsapp.simulator import webhooks

    if not Message.objects.exists():
        world.channel()
    sent = sim.customer("+447700900318", name="Nour").send(kind, **options)
    params = dict(webhooks.inbound(sim.twilio.account, sent, "https://api.twilio.com"))
    assert post_fields(params).status_code == 200
    return Attachment.objects.get(message__sid=sent.sid)


def fetched(attachment: Attachment) -> Attachment:
    media.fetch(attachment.pk)
    attachment.refresh_from_db()
    return attachment


def picture(size: tuple[int, int] = (800, 400), kind: str = "JPEG", **options: Any) -> bytes:
    Image.new("RGB", size, "teal").save(out := io.BytesIO(), kind, **options)
    return out.getvalue()


# What is stored


def test_a_photo_is_fetched_looked_at_and_shrunk(sim: Simulator) -> None:
    data = picture()
    file = fetched(receive(sim, data=data, body="Look"))
    assert (file.state, file.content_type, file.size) == ("stored", "image/jpeg", len(data))
    assert (file.width, file.height) == (800, 400)
    assert file.sha256 == hashlib.sha256(data).hexdigest()
    with file.file.open() as stored:
        assert stored.read() == data
    with file.thumbnail.open() as stored, Image.open(stored) as small:
        assert (small.format, small.size) == ("WEBP", (640, 320))


def test_no_credentials_reach_the_host_of_the_redirect(sim: Simulator) -> None:
    fetched(receive(sim))
    assert (sim.cdn.downloads, sim.cdn.leaks) == (1, 0)


def test_a_photo_taken_sideways_is_upright_and_says_nothing_about_its_place(sim: Simulator) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "at home"
    file = fetched(receive(sim, data=picture(exif=exif.tobytes())))
    assert (file.width, file.height) == (400, 800)
    with file.thumbnail.open() as stored, Image.open(stored) as small:
        assert small.size == (320, 640)
        assert not small.getexif()


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [("audio", "audio/ogg"), ("document", "application/pdf"), ("contacts", "text/vcard"), ("sticker", "image/webp"),  # noqa: E501
     ("video", "video/mp4")],
)  # fmt: skip
def test_every_kind_of_file_is_recognised(sim: Simulator, kind: str, content_type: str) -> None:
    file = fetched(receive(sim, kind))
    assert (file.state, file.content_type) == ("stored", content_type)


def test_a_document_keeps_the_name_its_sender_gave_it(sim: Simulator) -> None:
    assert fetched(receive(sim, "document", name="../Invoice\u202e 7.pdf")).filename == "Invoice 7.pdf"


def test_the_worker_fetches_what_a_webhook_announced(sim: Simulator, run_jobs: Any) -> None:
    file = receive(sim)
    run_jobs()
    file.refresh_from_db()
    assert file.is_stored


def test_a_stored_file_is_not_fetched_again(sim: Simulator) -> None:
    file = fetched(receive(sim))
    media.fetch(file.pk)
    assert sim.cdn.downloads == 1


# What goes wrong


def test_a_file_that_is_not_there_yet_is_asked_for_after_one_and_three_seconds(sim: Simulator) -> None:
    file = receive(sim)
    sim.faults.add("media_404", times=2)
    waits = []
    for _ in range(2):
        with pytest.raises(TryAgain) as again:
            media.fetch(file.pk)
        waits.append(again.value.after_seconds)
    assert waits == [1, 3]
    assert fetched(file).state == "stored"


def test_after_a_day_it_is_a_failure_that_a_person_may_retry(sim: Simulator, settings: Settings) -> None:
    file = receive(sim)
    working, settings.TWILIO_API_BASE_URL = settings.TWILIO_API_BASE_URL, "http://127.0.0.1:9"
    waited = 0.0
    for _ in media.DELAYS:
        with pytest.raises(TryAgain) as again:
            media.fetch(file.pk)
        waited += again.value.after_seconds
    assert 23 * 3600 <= waited <= 25 * 3600
    assert fetched(file).state == "failed"
    assert "Retry" in file.error
    settings.TWILIO_API_BASE_URL = working
    assert file.retry_fetch(by=None)
    assert not file.retry_fetch(by=None)
    assert fetched(file).state == "stored"
    assert file.error == ""


def test_a_file_that_never_ends_is_cut_off(sim: Simulator) -> None:
    file = receive(sim)
    sim.faults.add("media_huge", megabytes=200, declared=False)
    assert fetched(file).state == "failed"
    assert "larger" in file.error
    assert not file.file


def test_a_server_that_trickles_is_left(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "MAX_SECONDS", 1.5)
    file = receive(sim)
    sim.faults.add("media_trickle")
    started = time.monotonic()
    with pytest.raises(TryAgain):
        media.fetch(file.pk)
    assert time.monotonic() - started < 6


def test_a_picture_bomb_is_kept_as_a_file_and_not_decoded(sim: Simulator) -> None:
    started = time.monotonic()
    file = fetched(receive(sim, data=bomb(30_000, 30_000), content_type="image/png"))
    assert (file.state, file.content_type, file.thumbnail.name) == ("stored", "application/octet-stream", "")
    assert time.monotonic() - started < 5


def bomb(width: int, height: int) -> bytes:
    """A PNG of 900 megapixels in a few hundred bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("data", "declared", "is_really"),
    [
        (b"<html><script>alert(1)</script>", "image/png", "application/octet-stream"),
        (
            b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
            "image/svg+xml",
            "application/octet-stream",
        ),
        (b"alert(1)", "application/javascript", "application/octet-stream"),
        (b"GIF89a=1;alert(1)//", "image/gif", "application/octet-stream"),
        (b"MZ\x90\x00", "application/pdf", "application/octet-stream"),
        (b"PK\x03\x04....", "application/zip", "application/octet-stream"),
        (b"%PDF-1.7 ...", "text/html", "application/pdf"),
        (b"", "image/jpeg", "application/octet-stream"),
        (b"\xff\xd8\xff broken", "image/jpeg", "application/octet-stream"),
    ],
)
def test_a_file_is_what_its_bytes_say(sim: Simulator, data: bytes, declared: str, is_really: str) -> None:
    file = fetched(receive(sim, data=data, content_type=declared))
    assert (file.content_type, file.thumbnail.name) == (is_really, "")


# Where it is fetched from (S9)


@dataclass
class Listener:
    """A server on this machine, and everything that reached it."""

    port: int
    seen: list[tuple[str, dict[str, str]]]
    redirects: dict[str, str]


@contextmanager
def listener() -> Iterator[Listener]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.seen.append((self.path, dict(self.headers)))
            location = told.redirects.get(self.path)
            self.send_response(307 if location else 200)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Listener(server.server_port, [], {})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


TARGETS = [
    "http://127.0.0.1:{port}/", "http://127.1:{port}/", "http://0x7f.1:{port}/", "http://0x7f000001:{port}/",
    "http://2130706433:{port}/", "http://017700000001:{port}/", "http://localhost:{port}/", "http://LOCALHOST:{port}/",
    "http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/", "http://0.0.0.0:{port}/", "http://0:{port}/",
    "https://127.0.0.1:{port}/", "https://localhost:{port}/", "http://169.254.169.254/latest/meta-data/",
    "http://10.0.0.1/", "http://192.168.0.1/", "http://172.16.0.1/", "http://[fd00::1]/", "http://[fe80::1%25lo]/",
    "http://api.twilio.com@127.0.0.1:{port}/", "https://media.twiliocdn.com@127.0.0.1:{port}/",
    "https://127.0.0.1:{port}\\@media.twiliocdn.com/", "https://media.twiliocdn.com:{port}/",
    "https://media.twiliocdn.com.evil.example/", "https://eviltwiliocdn.com/", "https://twiliocdn.com.evil.example/",
    "http://media.twiliocdn.com/", "ftp://media.twiliocdn.com/", "file:///etc/passwd", "gopher://127.0.0.1:{port}/",
    "//127.0.0.1:{port}/", "https://user:pass@media.twiliocdn.com/", "https://s3-external-2.amazonaws.com/",
    "https://evil.example#.twiliocdn.com", "https://evil.example/?.twiliocdn.com", "javascript:alert(1)",
    "data:text/plain,hi", "https:///path", "https://[::1].twiliocdn.com/", "https://[::1", "https://media.twiliocdn.com:x/",
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_no_redirect_leads_to_an_address_that_is_not_twilios(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in production: only the first hop is on this machine, and stands in for api.twilio.com."""
    with listener() as forbidden, listener() as api:
        api.redirects["/start"] = target.format(port=forbidden.port)
        monkeypatch.setattr(downloads, "_is_simulated", lambda: False)
        monkeypatch.setattr(downloads, "_address", first_only(downloads._address))
        with pytest.raises((downloads.NotAllowed, downloads.NotNow)):
            downloads.download(f"http://127.0.0.1:{api.port}/start", ("AC", "token"), io.BytesIO())
        assert len(api.seen) == 1
        assert forbidden.seen == []


def first_only(real: Any) -> Any:
    asked: list[str] = []

    def address(host: str) -> str:
        asked.append(host)
        return "127.0.0.1" if len(asked) == 1 else real(host)

    return address


def test_a_trusted_name_that_means_this_machine_is_not_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    with listener() as server:
        answer = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", server.port))]
        monkeypatch.setattr(downloads.socket, "getaddrinfo", lambda *_a, **_k: answer)
        monkeypatch.setattr(downloads, "_is_simulated", lambda: False)
        with pytest.raises(downloads.NotAllowed):
            downloads.download("https://media.twiliocdn.com/x", ("AC", "token"), io.BytesIO())
        assert server.seen == []


def test_a_second_answer_of_the_name_server_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was judged is what is connected to."""
    answers = iter([("93.184.216.34",), ("127.0.0.1",)])
    asked: list[str] = []

    def lookup(host: str, *_a: Any, **_k: Any) -> Any:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers)[0], 0))]

    monkeypatch.setattr(downloads.socket, "getaddrinfo", lookup)
    assert downloads._address("media.twiliocdn.com") == "93.184.216.34"
    assert asked == ["media.twiliocdn.com"]


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/file.jpg",
        "http://127.0.0.1:9/file.jpg",
        f"https://api.twilio.com/2010-04-01/Accounts/AC{'b' * 32}/Messages/MM{'a' * 32}/Media/ME{'c' * 32}",
        f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/MM{'a' * 32}/Media/ME{'c' * 32}",
        f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT_SID}/Messages/MM{'a' * 32}/Media/../../Keys.json",  # noqa: E501
        "",
    ],
)
def test_the_address_in_the_webhook_is_never_followed(url: str, settings: Settings) -> None:
    """Another host, account or message than the webhook's own: nothing is asked for at all."""
    world.channel()
    post_fields(fixture("inbound/image", MediaUrl0=url or "nothing"))
    with listener() as server:
        settings.TWILIO_API_BASE_URL = f"http://127.0.0.1:{server.port}"
        file = fetched(Attachment.objects.get())
        assert (file.state, file.error) == ("failed", "Its address is not one of our Twilio account.")
        assert server.seen == []


def test_the_ids_are_asked_for_at_twilio_whatever_host_the_webhook_names(settings: Settings) -> None:
    world.channel()
    fields = fixture("inbound/image")
    path = fields["MediaUrl0"].removeprefix("https://api.twilio.com")
    post_fields(fields | {"MediaUrl0": f"https://evil.example{path}"})
    with listener() as server:
        settings.TWILIO_API_BASE_URL = f"http://127.0.0.1:{server.port}"
        fetched(Attachment.objects.get())
        assert [asked for asked, _headers in server.seen] == [path]
        assert server.seen[0][1]["Authorization"].startswith("Basic ")


def test_a_circle_of_redirects_ends(settings: Settings) -> None:
    with listener() as server:
        settings.TWILIO_API_BASE_URL = f"http://127.0.0.1:{server.port}"
        server.redirects["/round"] = "/round"
        with pytest.raises(downloads.NotNow):
            downloads.download(f"http://127.0.0.1:{server.port}/round", ("AC", "token"), io.BytesIO())
        assert len(server.seen) == downloads.MAX_REDIRECTS + 1
        assert ["Authorization" in headers for _path, headers in server.seen] == [True, False, False, False]


def test_the_servers_name_of_a_file_is_cleaned() -> None:
    assert downloads._name('inline; filename="a.pdf"') == "a.pdf"
    assert downloads._name("attachment; filename*=UTF-8''caf%C3%A9.pdf") == "café.pdf"
    assert downloads._name("") == downloads._name("inline") == ""
    assert downloads._name("inline; filename=x\r\nSet-Cookie: y") in ("x  Set-Cookie: y", "x")
