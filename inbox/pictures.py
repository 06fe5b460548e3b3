"""Pictures from strangers: measured before they are unpacked, drawn anew before they are shown."""

from __future__ import annotations

import io
from typing import IO

from PIL import Image, ImageOps

MOST_PIXELS = 50_000_000
LONGEST_SIDE = 4096  # more than WhatsApp keeps of a photo
THUMBNAIL_SIDE = 640
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")


class Unusable(ValueError):
    """It cannot be read as a picture, or it would unpack to more than we unpack."""


def thumbnail(file: IO[bytes]) -> tuple[bytes, int, int]:
    """A WebP of at most 640 pixels a side, and width and height of the original.

    :raises Unusable:
    """
    picture = _opened(file)
    width, height = picture.size
    if _is_turned(picture):
        width, height = height, width
    picture.draft("RGB", (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    small = _drawn(picture, THUMBNAIL_SIDE)
    return _saved(small, "WEBP", quality=80), width, height


def as_jpeg(file: IO[bytes], max_bytes: int) -> bytes:
    """The same picture as a JPEG of at most `max_bytes`, smaller and coarser only as far as it must be.

    :raises Unusable: also when no size would do.
    """
    picture = _flat(_drawn(_opened(file), LONGEST_SIDE))
    for side in (LONGEST_SIDE, 2560, 1600, 1024):
        picture.thumbnail((side, side))
        for quality in (88, 75, 60):
            content = _saved(picture, "JPEG", quality=quality, optimize=True)
            if len(content) <= max_bytes:
                return content
    raise Unusable


def _opened(file: IO[bytes]) -> Image.Image:
    """Only the header is read here: a bomb is refused by the size it announces."""
    file.seek(0)
    try:
        picture = Image.open(file, formats=FORMATS)
    except Exception as error:  # see _drawn
        raise Unusable from error
    if picture.width * picture.height > MOST_PIXELS:
        raise Unusable
    return picture


def _drawn(picture: Image.Image, side: int) -> Image.Image:
    """Unpacked, upright, at most `side` long; nothing of the file but its pixels is kept."""
    try:
        picture = ImageOps.exif_transpose(picture)
        picture.thumbnail((side, side))
        return picture.convert("RGBA" if _has_transparency(picture) else "RGB")
    except Exception as error:
        # A file that is wrong in the right place makes a decoder raise nearly anything: struct.error,
        # TypeError, RuntimeError, MemoryError …
        raise Unusable from error


def _is_turned(picture: Image.Image) -> bool:
    try:
        return picture.getexif().get(0x0112) in (5, 6, 7, 8)
    except Exception as error:  # see _drawn
        raise Unusable from error


def _has_transparency(picture: Image.Image) -> bool:
    return picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info


def _flat(picture: Image.Image) -> Image.Image:
    if picture.mode != "RGBA":
        return picture
    paper = Image.new("RGB", picture.size, "white")
    paper.paste(picture, mask=picture.getchannel("A"))
    return paper


def _saved(picture: Image.Image, form: str, **options: object) -> bytes:
    output = io.BytesIO()
    try:
        picture.save(output, form, **options)
    except Exception as error:  # see _drawn
        raise Unusable from error
    return output.getvalue()
