from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image

from inbox import pictures


def picture(form: str = "JPEG", size: tuple[int, int] = (1000, 500), **options: object) -> io.BytesIO:
    output = io.BytesIO()
    Image.new(str(options.pop("mode", "RGB")), size, "tan").save(output, form, **options)
    return output


def test_a_thumbnail_is_small_and_knows_the_size_of_the_original() -> None:
    content, width, height = pictures.thumbnail(picture())
    assert (width, height) == (1000, 500)
    small = Image.open(io.BytesIO(content))
    assert (small.format, small.size) == ("WEBP", (640, 320))


def test_a_turned_photo_is_shown_upright_and_its_place_is_not_told() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    content, width, height = pictures.thumbnail(picture(exif=exif.tobytes()))
    small = Image.open(io.BytesIO(content))
    assert (width, height) == (500, 1000)
    assert small.size == (320, 640)
    assert not small.getexif()


def test_a_big_picture_is_made_to_fit() -> None:
    noise = Image.effect_noise((3000, 3000), 90)
    output = io.BytesIO()
    noise.save(output, "PNG")
    content = pictures.as_jpeg(output, 1_000_000)
    assert len(content) <= 1_000_000
    assert Image.open(io.BytesIO(content)).format == "JPEG"


def test_transparent_parts_become_white() -> None:
    output = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(output, "PNG")
    assert Image.open(io.BytesIO(pictures.as_jpeg(output, 1_000_000))).getpixel((5, 5)) == (255, 255, 255)


def bomb(side: int) -> io.BytesIO:
    """A PNG of a few bytes that says it is enormous."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + body)


@pytest.mark.parametrize("side", [8_000, 12_000, 60_000])
def test_a_bomb_is_refused_before_it_is_unpacked(side: int) -> None:
    with pytest.raises(pictures.Unusable):
        pictures.thumbnail(bomb(side))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg/>",
        b"GIF89a",
        b"\xff\xd8\xff\xe0 not a photo",
        b"\x89PNG\r\n\x1a\n",
        picture().getvalue()[:400],
    ],
)
def test_what_cannot_be_read_is_refused(content: bytes) -> None:
    with pytest.raises(pictures.Unusable):
        pictures.thumbnail(io.BytesIO(content))
