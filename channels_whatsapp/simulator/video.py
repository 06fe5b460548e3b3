"""A playable MP4 made without an encoder: H.264 with raw (I_PCM) pictures in an MP4 box."""

from __future__ import annotations

import struct
from functools import cache

SIDE = 64
MACROBLOCKS = SIDE // 16
FRAMES, RATE = 30, 10


class Bits:
    """Write bits, most significant first, and H.264's Exp-Golomb numbers."""

    def __init__(self) -> None:
        self.text = ""

    def u(self, count: int, value: int) -> Bits:
        self.text += format(value, f"0{count}b")
        return self

    def ue(self, value: int) -> Bits:
        binary = format(value + 1, "b")
        self.text += "0" * (len(binary) - 1) + binary
        return self

    def align(self) -> Bits:
        self.text += "0" * (-len(self.text) % 8)
        return self

    def raw(self, data: bytes) -> Bits:
        self.text += "".join(format(byte, "08b") for byte in data)
        return self

    def done(self) -> bytes:
        """Close with the stop bit."""
        self.u(1, 1).align()
        return bytes(int(self.text[i : i + 8], 2) for i in range(0, len(self.text), 8))


def _nal(header: int, payload: bytes) -> bytes:
    """A NAL unit; no three bytes inside may look like a start code."""
    out = bytearray([header])
    zeros = 0
    for byte in payload:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def _sps() -> bytes:
    bits = Bits().u(8, 66).u(8, 0xC0).u(8, 11).ue(0)  # baseline profile, level 1.1
    bits.ue(0).ue(2).ue(1).u(1, 0)  # frame numbers of 4 bits, output in order, one reference
    bits.ue(MACROBLOCKS - 1).ue(MACROBLOCKS - 1).u(1, 1).u(1, 1).u(1, 0).u(1, 0)
    return _nal(0x67, bits.done())


def _pps() -> bytes:
    bits = Bits().ue(0).ue(0).u(1, 0).u(1, 0).ue(0).ue(0).ue(0).u(1, 0).u(2, 0).ue(0).ue(0).ue(0)
    return _nal(0x68, bits.u(1, 0).u(1, 0).u(1, 0).done())


def _picture(number: int) -> bytes:
    """One whole picture: a bright block that wanders over a slowly changing ground."""
    bits = Bits().ue(0).ue(7).ue(0).u(4, 0).ue(number % 2).u(1, 0).u(1, 0).ue(0)
    for block in range(MACROBLOCKS**2):
        bright = block == number % MACROBLOCKS**2
        luma = 210 if bright else 60 + 2 * (number % 15) + 3 * block
        bits.ue(25).align().raw(
            bytes([luma]) * 256 + bytes([112]) * 64 + bytes([150 if bright else 120]) * 64
        )
    return _nal(0x65, bits.done())


def _box(name: str, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + name.encode() + body


def _full(name: str, *parts: bytes, flags: int = 0) -> bytes:
    return _box(name, struct.pack(">I", flags), *parts)


MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def _sample_entry() -> bytes:
    sps, pps = _sps(), _pps()
    config = (
        b"\x01"
        + sps[1:4]
        + b"\xff\xe1"
        + struct.pack(">H", len(sps))
        + sps
        + b"\x01"
        + struct.pack(">H", len(pps))
        + pps
    )
    head = (
        bytes(6)
        + struct.pack(">H", 1)
        + bytes(16)
        + struct.pack(">HHIIIH", SIDE, SIDE, 0x480000, 0x480000, 0, 1)
    )
    return _box("avc1", head, bytes(32), struct.pack(">Hh", 24, -1), _box("avcC", config))


def _tables(sizes: list[int], offset: int) -> bytes:
    return _box(
        "stbl",
        _full("stsd", struct.pack(">I", 1), _sample_entry()),
        _full("stts", struct.pack(">III", 1, len(sizes), 1)),
        _full("stsc", struct.pack(">IIII", 1, 1, len(sizes), 1)),
        _full("stsz", struct.pack(">II", 0, len(sizes)), b"".join(struct.pack(">I", s) for s in sizes)),
        _full("stco", struct.pack(">II", 1, offset)),
    )


def _movie(sizes: list[int], offset: int) -> bytes:
    count = len(sizes)
    media_info = _box(
        "minf",
        _full("vmhd", bytes(8), flags=1),
        _box("dinf", _full("dref", struct.pack(">I", 1), _full("url ", flags=1))),
        _tables(sizes, offset),
    )
    media = _box(
        "mdia",
        _full("mdhd", struct.pack(">IIIIHH", 0, 0, RATE, count, 0x55C4, 0)),
        _full("hdlr", bytes(4), b"vide", bytes(12), b"Fanlight\0"),
        media_info,
    )
    track_head = _full(
        "tkhd",
        struct.pack(">IIIII", 0, 0, 1, 0, count),
        bytes(8),
        bytes(8),
        MATRIX,
        struct.pack(">II", SIDE << 16, SIDE << 16),
        flags=3,
    )
    movie_head = _full(
        "mvhd",
        struct.pack(">IIII", 0, 0, RATE, count),
        struct.pack(">IH", 0x10000, 0x100),
        bytes(10),
        MATRIX,
        bytes(24),
        struct.pack(">I", 2),
    )
    return _box("moov", movie_head, _box("trak", track_head, media))


@cache
def clip() -> bytes:
    """Three seconds, 64 x 64, about 190 KB, every picture a key frame."""
    pictures = [_picture(n) for n in range(FRAMES)]
    samples = [struct.pack(">I", len(p)) + p for p in pictures]
    start = _box("ftyp", b"isom", struct.pack(">I", 0x200), b"isomiso2avc1mp41")
    sizes = [len(s) for s in samples]
    offset = len(start) + len(_movie(sizes, 0)) + 8
    return start + _movie(sizes, offset) + _box("mdat", *samples)
