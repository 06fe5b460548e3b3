"""More than anybody means to send: refused at once, within a second and without the memory for it."""

from __future__ import annotations

import io
import json
import struct
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from inbox import files, pictures
from inbox.models import Attachment, Message
from tests.channels_whatsapp.posting import FORM, PATH, fixture, headers, post_fields
from tests.security.conftest import signed_in
from tests.security.routes import Orders

MB = 1_000_000
SECONDS = 1.0


@contextmanager
def bounded(megabytes: int = 50, seconds: float = SECONDS) -> Iterator[None]:
    """In processor time, because other programs share the machine."""
    process = psutil.Process()
    before, began = process.memory_info().rss, time.process_time()
    yield
    assert time.process_time() - began < seconds
    assert process.memory_info().rss - before < megabytes * MB


@pytest.mark.parametrize("path", [PATH, f"{PATH}/status", f"{PATH}/fallback/", f"{PATH}/events"])
def test_ten_megabytes_to_a_webhook_are_not_read(db: None, path: str) -> None:
    body = b"Body=" + b"x" * 10 * MB
    content_type = "application/json" if path.endswith("events") else FORM
    with bounded():
        answer = Client().post(
            path, body, content_type=content_type, headers={"X-Twilio-Signature": "x" * 28}
        )
    assert answer.status_code == 413


@pytest.mark.parametrize("content_type", [FORM, "application/json", "text/plain"])
def test_ten_megabytes_to_a_page_or_the_api_are_refused(orders: Orders, content_type: str) -> None:
    client, talk = signed_in(orders.agent), f"/conversations/{orders.talk.pk}"
    body = b'{"body": "' + b"x" * 10 * MB + b'"}' if "json" in content_type else b"body=" + b"x" * 10 * MB
    for path in (f"{talk}/messages/", f"{talk}/notes/", f"/api/v1{talk}/messages/", "/api/whatsapp/send"):
        with bounded():
            status = client.post(path, body, content_type=content_type).status_code
        assert status in (400, 413, 415) or (content_type != FORM and status == 302), path
    assert not Message.objects.filter(body__startswith="xxx").exists()


def test_ten_thousand_fields_are_too_many(orders: Orders) -> None:
    many = {f"Field{n}": "x" for n in range(10_000)}
    with bounded():
        assert post_fields(fixture("inbound/text") | many).status_code == 400
    client = signed_in(orders.agent)
    with bounded():
        assert client.post(f"/conversations/{orders.talk.pk}/notes/", many).status_code == 400
    with bounded():
        assert client.get("/list/", many).status_code in (400, 414)


def test_sixteen_hundred_emoji_come_and_are_shown(orders: Orders) -> None:
    text = "\U0001f468\u200d\U0001f469\u200d\U0001f467"[:1] * 1600
    assert post_fields(fixture("inbound/text", Body=text, To=orders.channel.address)).status_code == 200
    message = Message.objects.get(body=text)
    with bounded():
        page = signed_in(orders.lead).get(f"/conversations/{message.conversation_id}/")
    assert text in page.content.decode()


@pytest.mark.parametrize(
    "unit", ["*", "_*~`", "```", "> ", "http://", "\n- a", "(a+)+$"]
)  # fmt: skip
def test_no_text_takes_longer_to_show_than_it_is_long(unit: str) -> None:
    body = unit * (100_000 // len(unit))
    from inbox import formatting, splitting

    with bounded(seconds=3 * SECONDS):
        formatting.to_html(body)
        splitting.split(body[:20_000], 1600)


def test_deep_json_is_refused_in_words(orders: Orders) -> None:
    client, deep = signed_in(orders.agent), "[" * 100_000 + "]" * 100_000
    for path in (f"/api/v1/conversations/{orders.talk.pk}/messages/", "/api/whatsapp/send"):
        with bounded():
            assert client.post(path, deep, content_type="application/json").status_code == 400
    fields = fixture("inbound/flow", FlowData=deep[80_000:120_000], To=orders.channel.address)
    with bounded():
        assert post_fields(fields).status_code == 200


# Pictures and archives


def png_of(width: int, height: int) -> bytes:
    """A file of a few kilobytes that announces, and would unpack to, so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(b"\0" * (width // 8 + 1) * min(height, 3000), 9)
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [30_000, 65_535, 2_000_000_000])
def test_a_picture_bomb_is_judged_by_what_it_announces(side: int) -> None:
    bomb = png_of(side, side) if side < 100_000 else png_of(8, 8).replace(
        struct.pack(">II", 8, 8), struct.pack(">II", side, side))  # fmt: skip
    with bounded(), pytest.raises(pictures.Unusable):
        pictures.thumbnail(io.BytesIO(bomb))


def test_a_bomb_in_the_tray_is_refused_in_words(orders: Orders) -> None:
    upload = SimpleUploadedFile("holiday.png", png_of(30_000, 30_000), "image/png")
    with bounded():
        answer = signed_in(orders.agent).post(
            f"/conversations/{orders.talk.pk}/uploads/", {"file": upload}, headers={"HX-Request": "true"}
        )
    assert answer.status_code == 422
    assert "cannot be read" in answer.content.decode()
    assert Attachment.objects.count() == 2


def sniffed(content: bytes) -> str:
    return files.sniff(io.BytesIO(content))


def archive(count: int, size: int) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(count):
            file.writestr(f"{number:x}", b"\0" * size)
    return made.getvalue()


def test_an_archive_is_not_unpacked_to_see_what_it_is() -> None:
    bomb = archive(1, 200 * MB)
    with bounded():
        assert sniffed(bomb) == files.UNKNOWN


def test_an_archive_of_a_quarter_million_entries_costs_little() -> None:
    """The directory alone would be half a gigabyte of objects."""
    one = archive(1, 0)
    at = one.rindex(b"PK\x01\x02")
    end = one.rindex(b"PK\x05\x06")
    entry, count = one[at:end], 60_000
    directory = entry * count
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), at, 0)
    with bounded():
        assert sniffed(one[:at] + directory + tail) == files.UNKNOWN
    long_tail = tail[:12] + struct.pack("<LLH", len(entry) * 400_000, at, 0)
    with bounded():
        assert sniffed(one[:at] + entry * 400_000 + long_tail) == files.UNKNOWN


@pytest.mark.filterwarnings("ignore")  # Pillow tells of each oddity; what counts is that it goes on
def test_a_broken_picture_is_a_sentence_and_never_an_accident() -> None:
    """Cut and turned bytes of every format that we open."""
    import random

    rolled = random.Random(7)
    for kind, options in (("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("GIF", {}), ("BMP", {}), ("TIFF", {})):
        made = io.BytesIO()
        picture = Image.new("RGB", (60, 40), "red")
        exif = picture.getexif()
        exif[0x0112] = 6
        picture.save(made, kind, **({"exif": exif} if kind in ("JPEG", "PNG", "WEBP", "TIFF") else options))
        good = made.getvalue()
        for _ in range(120):
            bad = bytearray(good[: rolled.randrange(8, len(good) + 1)])
            for _each in range(rolled.randrange(1, 6)):
                bad[rolled.randrange(6, len(bad))] = rolled.randrange(256)
            look(bytes(bad))


def look(content: bytes) -> None:
    try:
        pictures.thumbnail(io.BytesIO(content))
        pictures.as_jpeg(io.BytesIO(content), 100_000)
    except pictures.Unusable:
        pass
    sniffed(content)


def test_the_api_says_in_json_that_it_was_too_much(orders: Orders) -> None:
    body: Any = json.dumps({"body": "x" * 300_000})
    answer = signed_in(orders.agent).post(
        f"/api/v1/conversations/{orders.talk.pk}/messages/", body, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_signed_webhook_with_a_huge_header_is_no_accident(db: None) -> None:
    fields = fixture("inbound/text")
    signed = headers(f"https://inbox.example{PATH}", fields)
    for value in ("x" * 60_000, ",".join(["key=a"] * 5000), "key=" * 9000):
        extra = signed | {"X-Twilio-Webhooks-Signature-Settings": value}
        with bounded():
            assert Client().post(PATH, "Body=x", content_type=FORM, headers=extra).status_code == 403
