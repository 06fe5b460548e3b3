"""Files written by hand, for the demo and the pretend phone: no binary lies in the repository."""

from __future__ import annotations

import io
import struct
from functools import cache

from PIL import Image


def saved(image: Image.Image, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


@cache
def voice(seconds: int) -> bytes:
    """An Ogg Opus recording of silence (RFC 7845): a voice note that plays as long as it says."""
    head = b"OpusHead" + struct.pack("<BBHIhB", 1, 1, 0, 48000, 0, 0)
    tags = b"OpusTags" + struct.pack("<I", 8) + b"Fanlight" + struct.pack("<I", 0)
    pages = [ogg_page([head], 0, 0, 2), ogg_page([tags], 0, 1, 0)]
    for second in range(1, seconds + 1):
        # Opus' own frame of 20 ms of nothing, fifty times.
        end = 4 if second == seconds else 0
        pages.append(ogg_page([b"\xf8\xff\xfe"] * 50, 48000 * second, second + 1, end))
    return b"".join(pages)


def ogg_page(packets: list[bytes], granule: int, sequence: int, flags: int) -> bytes:
    """One Ogg page (RFC 3533); `flags`: 2 begins the stream, 4 ends it."""
    start = b"OggS" + struct.pack("<BBqII", 0, flags, granule, 0x46414E, sequence)
    rest = bytes([len(packets)]) + bytes(len(p) for p in packets) + b"".join(packets)
    checksum = ogg_crc(start + bytes(4) + rest)
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


def ogg_crc(data: bytes) -> int:
    """CRC-32 with polynomial 0x04c11db7, not reflected, starting at zero."""
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
