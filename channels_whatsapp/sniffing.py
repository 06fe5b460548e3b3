"""What a file really is. Its own bytes decide; what its sender calls it only chooses between equals."""

from __future__ import annotations

import hashlib
import io
import struct
from dataclasses import dataclass
from typing import IO

import puremagic
from PIL import Image, ImageOps, UnidentifiedImageError

from channels_whatsapp.limits import FILES

UNKNOWN = "application/octet-stream"
MAX_PIXELS = 40_000_000
THUMBNAIL = (640, 640)
_ORIENTATION, _SIDEWAYS = 0x0112, (5, 6, 7, 8)  # Exif
IMAGES = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP", "image/gif": "GIF"}
KNOWN = {*FILES, *IMAGES, "video/3gpp", "audio/mp4"}

_OFFICE = tuple(name for name in FILES if "officedocument" in name)
_OLD_OFFICE = tuple(name for name in FILES if name.startswith(("application/msword", "application/vnd.ms-")))
# (offset, bytes, what it may be; the first is the answer unless the declared type is another of them)
_MAGIC: tuple[tuple[int, bytes, tuple[str, ...]], ...] = (
    (0, b"\xff\xd8\xff", ("image/jpeg",)),
    (0, b"\x89PNG\r\n\x1a\n", ("image/png",)),
    (0, b"GIF87a", ("image/gif",)),
    (0, b"GIF89a", ("image/gif",)),
    (8, b"WEBP", ("image/webp",)),
    (4, b"ftyp3g", ("video/3gpp", "audio/3gpp")),
    (4, b"ftypM4A", ("audio/mp4",)),
    (4, b"ftyp", ("video/mp4", "audio/mp4")),
    (0, b"OggS", ("audio/ogg",)),
    (0, b"ID3", ("audio/mpeg",)),
    (0, b"\xff\xfb", ("audio/mpeg",)),
    (0, b"\xff\xf3", ("audio/mpeg",)),
    (0, b"\xff\xf1", ("audio/aac",)),
    (0, b"\xff\xf9", ("audio/aac",)),
    (0, b"#!AMR", ("audio/amr",)),
    (0, b"%PDF-", ("application/pdf",)),
    (0, b"PK\x03\x04", (UNKNOWN, *_OFFICE)),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", (UNKNOWN, *_OLD_OFFICE)),
    (0, b"BEGIN:VCARD", ("text/vcard",)),
)


@dataclass(frozen=True)
class Facts:
    """`width`, `height` and `thumbnail` (a WebP) of images that could be decoded."""

    content_type: str
    size: int
    sha256: str
    width: int | None = None
    height: int | None = None
    thumbnail: IO[bytes] | None = None


def look_at(file: IO[bytes], declared: str) -> Facts:
    file.seek(0)
    head = file.read(2048)
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    size = file.tell()
    content_type = sniff(head, declared)
    if content_type not in IMAGES:
        file.seek(0)
        return Facts(content_type, size, sha256)
    picture = shrink(file, IMAGES[content_type])
    file.seek(0)
    if picture is None:
        # What no decoder of ours can show is not shown as an image anywhere.
        return Facts(UNKNOWN, size, sha256)
    return Facts(content_type, size, sha256, *picture)


def sniff(head: bytes, declared: str) -> str:
    """A type from its first 2048 bytes; `application/octet-stream` when nothing is sure."""
    declared = declared.partition(";")[0].strip().lower()
    for offset, magic, types in _MAGIC:
        if head[offset : offset + len(magic)] == magic:
            return declared if declared in types else types[0]
    return _second_opinion(head)


def _second_opinion(head: bytes) -> str:
    try:
        guess = puremagic.from_string(head, mime=True)
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    return guess if guess in KNOWN else UNKNOWN


def shrink(file: IO[bytes], kind: str) -> tuple[int, int, IO[bytes]] | None:
    """Width, height and a WebP of at most 640 pixels without metadata; None for what cannot be decoded.

    The size is judged from the header, before a pixel is decoded.
    """
    file.seek(0)
    try:
        with Image.open(file, formats=[kind]) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                return None
            if image.getexif().get(_ORIENTATION, 1) in _SIDEWAYS:
                width, height = height, width
            image.draft("RGB", THUMBNAIL)
            upright = ImageOps.exif_transpose(image)
            upright.thumbnail(THUMBNAIL)
            small = upright.convert("RGBA" if upright.has_transparency_data else "RGB")
            small.save(out := io.BytesIO(), "WEBP", quality=80)
    except (OSError, ValueError, SyntaxError, struct.error, UnidentifiedImageError,
            Image.DecompressionBombError, Image.DecompressionBombWarning):  # fmt: skip
        return None
    out.seek(0)
    return width, height, out
