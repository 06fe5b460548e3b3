from __future__ import annotations

import io

import puremagic
import pytest
from PIL import Image

from channels_whatsapp.handmade import ogg_crc
from channels_whatsapp.simulator import samples, video
from channels_whatsapp.simulator.web import _compiled


@pytest.mark.parametrize(
    ("data", "kind"),
    [(samples.photo(), "JPEG"), (samples.screenshot(), "PNG"), (samples.sticker(), "WEBP")],
)
def test_pictures_decode(data: bytes, kind: str) -> None:
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.format == kind


@pytest.mark.parametrize(
    ("data", "kind"), [(samples.voice(), "ogg"), (samples.document(), "pdf"), (video.clip(), "mp4")]
)
def test_files_are_what_they_say(data: bytes, kind: str) -> None:
    assert kind in puremagic.from_string(data, mime=True)


def test_the_voice_is_opus_with_correct_checksums() -> None:
    data = samples.voice()
    assert data[28:36] == b"OpusHead"
    for page in data.split(b"OggS")[1:]:
        whole = b"OggS" + page
        found = int.from_bytes(whole[22:26], "little")
        assert ogg_crc(whole[:22] + bytes(4) + whole[26:]) == found


def test_the_pdf_points_at_its_table() -> None:
    data = samples.document()
    start = int(data.rsplit(b"startxref\n", 1)[1].split(b"\n")[0])
    assert data[start:].startswith(b"xref")


def test_paths_match_one_segment_per_name() -> None:
    pattern = _compiled("/Messages/{sid}/Media/{media}.json")
    found = pattern.fullmatch("/Messages/SM1/Media/ME1.json")
    assert found
    assert found.groupdict() == {"sid": "SM1", "media": "ME1"}
    assert not pattern.fullmatch("/Messages/SM1/x/Media/ME1.json")
