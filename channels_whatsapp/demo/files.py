"""What the demo's customers attach: drawn, recorded and typeset here, so that no binary is shipped."""

from __future__ import annotations

import hashlib
import io
import struct
from functools import cache

from PIL import Image, ImageDraw

SIZE = (960, 720)
Color = tuple[int, int, int]
WALL, FLOOR, INK = (214, 222, 220), (188, 170, 148), (58, 52, 48)
BRASS, RUST, PINE, LINEN, CARD = (
    (190, 148, 74),
    (176, 82, 54),
    (70, 104, 84),
    (238, 228, 208),
    (196, 156, 108),
)


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def picture(what: str) -> bytes:
    """A JPEG of one thing in a room. `what` is a key of `DRAWINGS`."""
    image = Image.new("RGB", SIZE, WALL)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 540, 960, 720), fill=FLOOR)
    DRAWINGS[what](draw)
    return _saved(image, "JPEG", quality=85)


def _lamp(draw: ImageDraw.ImageDraw, metal: Color = BRASS, x: int = 480) -> None:
    draw.ellipse((x - 110, 600, x + 110, 650), fill=metal)
    draw.rectangle((x - 9, 260, x + 9, 625), fill=metal)
    draw.polygon([(x - 80, 110), (x + 80, 110), (x + 150, 290), (x - 150, 290)], fill=LINEN)


def _cracked_lamp(draw: ImageDraw.ImageDraw) -> None:
    _lamp(draw)
    draw.line([(440, 112), (470, 170), (446, 215), (490, 288)], fill=INK, width=6)


def _two_lamps(draw: ImageDraw.ImageDraw) -> None:
    _lamp(draw, BRASS, 300)
    _lamp(draw, INK, 660)


def _chair(draw: ImageDraw.ImageDraw, cloth: Color = RUST, legs: tuple[int, ...] = (300, 630)) -> None:
    draw.polygon([(330, 120), (630, 120), (660, 420), (300, 420)], fill=cloth)
    draw.rounded_rectangle((270, 390, 690, 490), 26, fill=cloth)
    for left in legs:
        draw.rectangle((left, 490, left + 28, 640), fill=(96, 66, 44))


def _broken_chair(draw: ImageDraw.ImageDraw) -> None:
    _chair(draw, PINE, legs=(300,))
    draw.polygon([(700, 640), (860, 600), (868, 628), (708, 668)], fill=(96, 66, 44))


def _parcel(draw: ImageDraw.ImageDraw) -> None:
    draw.polygon([(280, 330), (480, 250), (680, 330), (480, 420)], fill=(214, 178, 132))
    draw.polygon([(280, 330), (480, 420), (480, 650), (280, 550)], fill=CARD)
    draw.polygon([(680, 330), (480, 420), (480, 650), (680, 550)], fill=(176, 136, 90))
    draw.rectangle((540, 470, 640, 540), fill=(250, 248, 240))


def _crushed_parcel(draw: ImageDraw.ImageDraw) -> None:
    _parcel(draw)
    draw.polygon([(280, 330), (360, 420), (300, 470), (280, 440)], fill=INK)


def _table(draw: ImageDraw.ImageDraw) -> None:
    draw.ellipse((190, 300, 770, 420), fill=(150, 104, 66))
    for left in (280, 470, 660):
        draw.rectangle((left, 380, left + 24, 650), fill=(112, 76, 48))


def _label(draw: ImageDraw.ImageDraw) -> None:
    draw.rounded_rectangle((230, 120, 730, 620), 18, fill=(252, 251, 247))
    for n, wide in enumerate((6, 3, 9, 4, 7, 3, 5, 8, 4, 6, 3, 9, 5)):
        draw.rectangle((275 + n * 32, 420, 275 + n * 32 + wide * 2, 570), fill=INK)
    for n in range(4):
        draw.rectangle((275, 170 + n * 50, 640 - n * 60, 192 + n * 50), fill=(170, 176, 178))


DRAWINGS = {
    "lamp": _lamp,
    "cracked lamp": _cracked_lamp,
    "two lamps": _two_lamps,
    "chair": _chair,
    "broken chair": _broken_chair,
    "parcel": _parcel,
    "crushed parcel": _crushed_parcel,
    "table": _table,
    "label": _label,
}


@cache
def sticker() -> bytes:
    """A WebP with a transparent ground: a heart."""
    image = Image.new("RGBA", (512, 512), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    red = (214, 68, 74, 255)
    draw.ellipse((60, 80, 280, 300), fill=red)
    draw.ellipse((232, 80, 452, 300), fill=red)
    draw.polygon([(82, 250), (430, 250), (256, 460)], fill=red)
    return _saved(image, "WEBP")


@cache
def thumbnail(content: bytes) -> tuple[bytes, int, int]:
    """A WebP of at most 640 pixels, and the original's width and height."""
    image = Image.open(io.BytesIO(content))
    width, height = image.size
    image.thumbnail((640, 640))
    return _saved(image, "WEBP", quality=80), width, height


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@cache
def voice(seconds: int) -> bytes:
    """An Ogg Opus recording of silence (RFC 7845): a voice note that plays as long as it says."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 48000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 8) + b"Fanlight" + struct.pack("<I", 0)
    pages = [_ogg_page([head], 0, 0, 2), _ogg_page([tags], 0, 1, 0)]
    for second in range(1, seconds + 1):
        # Opus' own frame of 20 ms of nothing, fifty times.
        end = 4 if second == seconds else 0
        pages.append(_ogg_page([b"\xf8\xff\xfe"] * 50, 48000 * second, second + 1, end))
    return b"".join(pages)


def _ogg_page(packets: list[bytes], granule: int, sequence: int, flags: int) -> bytes:
    """RFC 3533; `flags`: 2 begins the stream, 4 ends it."""
    start = b"OggS" + struct.pack("<BBqII", 0, flags, granule, 0x42524D, sequence)
    rest = bytes([len(packets)]) + bytes(len(p) for p in packets) + b"".join(packets)
    checksum = _ogg_crc(start + bytes(4) + rest)
    return start + struct.pack("<I", checksum) + rest


@cache
def _crc_table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        crc = byte << 24
        for _ in range(8):
            crc = ((crc << 1) ^ 0x04C11DB7) & 0xFFFFFFFF if crc & 0x80000000 else crc << 1
        table.append(crc)
    return tuple(table)


def _ogg_crc(data: bytes) -> int:
    crc, table = 0, _crc_table()
    for byte in data:
        crc = (crc << 8 & 0xFFFFFFFF) ^ table[crc >> 24 ^ byte]
    return crc


def pdf(title: str, *lines: str) -> bytes:
    """One page in Helvetica, with a correct cross-reference table. ASCII text without brackets."""
    rows = "".join(f" 0 -28 Td ({line}) Tj" for line in lines)
    text = f"BT /F1 26 Tf 64 760 Td ({title}) Tj /F1 13 Tf 0 -16 Td{rows} ET".encode("ascii")
    page = b"/MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R " + page + b" >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % len(out)
    return out + b"xref\n0 6\n0000000000 65535 f \n" + table + trailer


def vcard(name: str, phone: str) -> bytes:
    lines = [
        "BEGIN:VCARD",
        "VERSION:3.0",
        f"N:;{name};;;",
        f"FN:{name}",
        f"TEL;TYPE=CELL:{phone}",
        "END:VCARD",
        "",
    ]
    return "\r\n".join(lines).encode()
