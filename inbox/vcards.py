"""Reads contact cards. Pure, forgiving, and bounded: a card comes from a stranger.

Source: RFC 6350 (vCard 4) and what phones still send of versions 2.1 and 3.
"""

from __future__ import annotations

import quopri
import re
from dataclasses import dataclass, field

MOST_BYTES = 64_000
MOST_CARDS = 10
MOST_NUMBERS = 5
_FOLD = re.compile(r"\r?\n[ \t]")
_ESCAPE = re.compile(r"\\([\\,;nN])")


@dataclass
class Card:
    name: str = ""
    organisation: str = ""
    phones: list[str] = field(default_factory=list)
    emails: list[str] = field(default_factory=list)

    @property
    def initials(self) -> str:
        words = [word for word in self.name.split() if word[0].isalnum()]
        return "".join(word[0] for word in words[:1] + words[1:][-1:]).upper()


def parse(content: bytes) -> list[Card]:
    """The cards in a .vcf file; an empty list when there is none."""
    text = _FOLD.sub("", content[:MOST_BYTES].decode("utf-8", "replace"))
    cards: list[Card] = []
    for line in text.splitlines():
        head, _, value = line.partition(":")
        name, *parameters = head.upper().split(";")
        name = name.rpartition(".")[2].strip()
        if name == "BEGIN" and len(cards) < MOST_CARDS:
            cards.append(Card())
        elif cards:
            _take(cards[-1], name, _decode(value, parameters))
    return [card for card in cards if card.name or card.phones]


def _take(card: Card, name: str, value: str) -> None:
    if not value:
        return
    if name == "FN":
        card.name = value
    elif name == "N":
        card.name = card.name or " ".join(reversed([part.strip() for part in value.split(";")[:2]])).strip()
    elif name == "ORG":
        card.organisation = value.partition(";")[0]
    elif name == "TEL" and len(card.phones) < MOST_NUMBERS:
        card.phones.append(value.removeprefix("tel:"))
    elif name == "EMAIL" and len(card.emails) < MOST_NUMBERS:
        card.emails.append(value)


def _decode(value: str, parameters: list[str]) -> str:
    if any("QUOTED-PRINTABLE" in parameter for parameter in parameters):
        value = quopri.decodestring(value.encode("utf-8", "replace")).decode("utf-8", "replace")
    value = _ESCAPE.sub(lambda m: "\n" if m[1] in "nN" else m[1], value)
    return " ".join(value.split())[:200]
