"""Sample files that a customer sends, drawn and written here: no binary lies in the repository."""

from __future__ import annotations

from functools import cache

from PIL import Image, ImageDraw

from .. import handmade
from ..handmade import saved

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
    return saved(image, "JPEG", quality=86)


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
    return saved(image, "PNG")


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
    return saved(image, "WEBP")


def voice() -> bytes:
    return handmade.voice(SECONDS_OF_VOICE)


@cache
def document() -> bytes:
    return handmade.pdf("Invoice 2041", "1 x armchair Bramble, rust")


def vcard(name: str = "Bench workshop", phone: str = "+44 7700 900300") -> bytes:
    return handmade.vcard(name, phone)
