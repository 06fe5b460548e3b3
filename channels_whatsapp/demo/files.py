"""What the demo's customers attach: drawn, recorded and typeset here, so that no binary is shipped."""

from __future__ import annotations

import hashlib
import io
from functools import cache

from PIL import Image, ImageDraw

from channels_whatsapp.handmade import saved

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
    return saved(image, "JPEG", quality=85)


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
    return saved(image, "WEBP")


@cache
def thumbnail(content: bytes) -> tuple[bytes, int, int]:
    """A WebP of at most 640 pixels, and the original's width and height."""
    image = Image.open(io.BytesIO(content))
    width, height = image.size
    image.thumbnail((640, 640))
    return saved(image, "WEBP", quality=80), width, height
