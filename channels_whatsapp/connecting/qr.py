"""QR codes as the path of an SVG, so that they need no styles and no file."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

import segno

BORDER = 4


@dataclass(frozen=True)
class Qr:
    """`link` is what a phone opens; `path` draws it in a square of `size` units."""

    link: str
    path: str
    size: int


def chat(number: str, text: str) -> Qr:
    """Opens WhatsApp at this number with the text ready to be sent."""
    link = f"https://wa.me/{number.lstrip('+')}?text={quote(text)}"
    matrix = segno.make(link, micro=False).matrix
    path = "".join(
        f"M{x + BORDER} {y + BORDER}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, is_dark in enumerate(row)
        if is_dark
    )
    return Qr(link, path, len(matrix) + 2 * BORDER)
