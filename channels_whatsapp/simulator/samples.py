"""Sample files that a customer sends, drawn and written here: no binary lies in the repository."""

from __future__ import annotations

import io
import struct
from functools import cache

from PIL import Image, ImageDraw

SECONDS_OF_VOICE = 4


@cache
def photo() -> bytes:
    """A JPEG of an armchair with a loose leg."""
    image = Image.new("RGB", (960, 640), (196, 206, 204))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 470, 960, 640), fill=(170, 184, 180))
    draw.polygon([(330, 70), (630, 70), (660, 380), (300, 380)], fill=(176, 82, 54))
    draw.rounded_rectangle((270, 350, 690, 450), 26, fill=(152, 66, 42))
    draw.rounded_rectangle((240, 270, 310, 450), 24, fill=(138, 58, 36))
    draw.rounded_rectangle((650, 270, 720, 450), 24, fill=(138, 58, 36))
    for left, lean in ((300, -14), (620, 60)):
        draw.polygon(
            [(left, 450), (left + 32, 450), (left + 22 + lean, 570), (left + lean, 570)], fill=(84, 52, 36)
        )
    draw.ellipse((596, 470, 716, 590), outline=(196, 40, 40), width=7)
    return _saved(image, "JPEG", quality=86)


@cache
def screenshot() -> bytes:
    """A PNG of an order page."""
    image = Image.new("RGB", (720, 480), (250, 249, 246))
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 720, 72), fill=(24, 92, 110))
    for row in range(4):
        top = 112 + row * 84
        draw.rounded_rectangle((40, top, 680, top + 60), 12, fill=(236, 238, 236))
        draw.rounded_rectangle((60, top + 18, 300 - row * 30, top + 42), 8, fill=(150, 164, 168))
    return _saved(image, "PNG")


@cache
def sticker() -> bytes:
    """A WebP sticker with a transparent ground: a smiling sun."""
    image = Image.new("RGBA", (512, 512), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    for turn in range(0, 360, 30):
        draw.pieslice((16, 16, 496, 496), turn, turn + 14, fill=(244, 176, 52, 255))
    draw.ellipse((96, 96, 416, 416), fill=(252, 204, 84, 255), outline=(226, 150, 30, 255), width=10)
    for eye in (186, 296):
        draw.ellipse((eye, 206, eye + 30, 250), fill=(76, 52, 24, 255))
    draw.arc((180, 210, 332, 346), 25, 155, fill=(76, 52, 24, 255), width=14)
    return _saved(image, "WEBP")


def _saved(image: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@cache
def voice() -> bytes:
    """A valid Ogg Opus file of silence: each packet is Opus' own 20 ms frame of nothing."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 48000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 8) + b"Fanlight" + struct.pack("<I", 0)
    pages = [_ogg_page([head], 0, 0, 2), _ogg_page([tags], 0, 1, 0)]
    frames = [b"\xf8\xff\xfe"] * 50
    for second in range(SECONDS_OF_VOICE):
        last = 4 if second == SECONDS_OF_VOICE - 1 else 0
        pages.append(_ogg_page(frames, 48000 * (second + 1), second + 2, last))
    return b"".join(pages)


def _ogg_page(packets: list[bytes], granule: int, sequence: int, flags: int) -> bytes:
    """One Ogg page (RFC 3533); `flags`: 2 begins the stream, 4 ends it."""
    lacing = bytes(len(packet) for packet in packets)
    start = b"OggS" + struct.pack("<BBqII", 0, flags, granule, 0x46414E, sequence)
    end = bytes([len(packets)]) + lacing + b"".join(packets)
    crc = _ogg_crc(start + bytes(4) + end)
    return start + struct.pack("<I", crc) + end


def _ogg_crc(data: bytes) -> int:
    """CRC-32 with polynomial 0x04c11db7, not reflected, starting at zero."""
    crc = 0
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = ((crc << 1) ^ 0x04C11DB7) & 0xFFFFFFFF if crc & 0x80000000 else crc << 1
    return crc


@cache
def document() -> bytes:
    """A one-page PDF, written by hand with a correct cross-reference table."""
    text = b"BT /F1 26 Tf 64 760 Td (Invoice 2041) Tj 0 -40 Td /F1 13 Tf (1 x armchair Bramble, rust) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
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


def vcard(name: str = "Bench workshop", phone: str = "+44 7700 900300") -> bytes:
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
