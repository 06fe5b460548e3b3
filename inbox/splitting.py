"""Cuts a long text into messages. Pure."""

from __future__ import annotations

import re
import unicodedata

# Where a reader would pause, best first: paragraph, line, sentence, word.
_PAUSES = (re.compile(r"\n\s*\n"), re.compile(r"\n"), re.compile(r"(?<=[.!?…。！？])\s+"), re.compile(r"\s+"))
_JOINER = "\u200d"


def split(text: str, limit: int) -> list[str]:
    """Parts of at most `limit` code points, in order; nothing but white space between them is lost."""
    parts = []
    rest = text.strip()
    while len(rest) > limit:
        cut = _cut(rest, limit)
        parts.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [*parts, rest] if rest else parts


def _cut(text: str, limit: int) -> int:
    """The last good pause in the first `limit` characters, but none that leaves half of them empty."""
    window = text[: limit + 1]
    for pause in _PAUSES:
        places = [m.start() for m in pause.finditer(window) if m.start() >= (limit + 1) // 2]
        if places:
            return places[-1]
    spaces = [m.start() for m in _PAUSES[-1].finditer(window) if m.start()]
    return spaces[-1] if spaces else _between_letters(text, limit)


def _between_letters(text: str, limit: int) -> int:
    """Not inside an emoji or an accented letter."""
    for cut in range(limit, max(limit - 24, 0), -1):
        if not _belongs_to_previous(text[cut]) and text[cut - 1] != _JOINER:
            return cut
    return limit


def _belongs_to_previous(character: str) -> bool:
    return (
        unicodedata.category(character) in ("Mn", "Me", "Mc")
        or character == _JOINER
        or "\U0001f3fb" <= character <= "\U0001f3ff"
    )
