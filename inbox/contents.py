"""What a message carries beyond its text, read from its payload. Pure, and ready for nonsense.

The raw parameters are the carrier's (Twilio, "Messaging webhooks"): Latitude, Longitude, Address,
Label, ListTitle, ListDescription. ``referral``, ``forwarded`` and ``answers`` are the inbox's own words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

MOST_ANSWERS = 30


@dataclass(frozen=True)
class Place:
    latitude: float
    longitude: float
    label: str
    address: str

    @property
    def coordinates(self) -> str:
        return f"{self.latitude:.5f}, {self.longitude:.5f}"

    @property
    def link(self) -> str:
        """To a map of somebody else's, opened only when a person asks for it."""
        mark = {"mlat": self.latitude, "mlon": self.longitude}
        return f"https://www.openstreetmap.org/?{urlencode(mark)}#map=16/{self.latitude}/{self.longitude}"


def place(payload: Mapping[str, Any]) -> Place | None:
    try:
        latitude, longitude = float(payload["Latitude"]), float(payload["Longitude"])
    except (KeyError, TypeError, ValueError):
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        return None
    return Place(latitude, longitude, text(payload, "Label"), text(payload, "Address"))


def text(payload: Mapping[str, Any], name: str) -> str:
    value = payload.get(name, "")
    return value.strip()[:300] if isinstance(value, str) else ""


@dataclass(frozen=True)
class Referral:
    """The advertisement that brought the customer here."""

    headline: str
    body: str
    link: str


def referral(payload: Mapping[str, Any]) -> Referral | None:
    given = payload.get("referral")
    if not isinstance(given, Mapping):
        return None
    return Referral(text(given, "Headline"), text(given, "Body"), web_address(text(given, "SourceUrl")))


def web_address(address: str) -> str:
    """The address when it leads to the web, else nothing: no `javascript:` ever becomes a link."""
    try:
        return address if urlsplit(address).scheme in ("http", "https") else ""
    except ValueError:
        return ""


def answers(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A filled form as pairs of question and answer."""
    given = payload.get("answers")
    pairs = _flat(given, "") if isinstance(given, Mapping | list) else iter(())
    return [pair for pair, _ in zip(pairs, range(MOST_ANSWERS), strict=False)]


def _flat(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    if depth > 5 or not isinstance(value, Mapping | list):
        yield path[:80], str(value)[:300]
        return
    items = value.items() if isinstance(value, Mapping) else ((n, v) for n, v in enumerate(value, 1))
    for name, inner in items:
        yield from _flat(inner, f"{path} · {name}" if path else str(name), depth + 1)


def kept(payload: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What else came with a message that we cannot show: its words, without the carrier's numbers."""
    quiet = (
        "Sid",
        "Version",
        "Num",
        "From",
        "To",
        "WaId",
        "ExternalUserId",
        "ProfileName",
        "Status",
        "Metadata",
    )
    pairs = ((name, value) for name, value in payload.items() if isinstance(value, str) and value.strip())
    found = [(n, v[:300]) for n, v in pairs if not any(part in n for part in quiet) and n != "act"]
    return found[:MOST_ANSWERS]
