"""Twilio's connection overrides: the fragment of a webhook URL, never sent and never signed."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urldefrag

MOST = 15.0


@dataclass(frozen=True)
class Overrides:
    """Timeouts in seconds; `retries` after the first try; `retry_on` of 4xx, 5xx, ct, rt, all."""

    connect: float = 5.0
    read: float = MOST
    total: float = MOST
    retries: int = 1
    retry_on: frozenset[str] = frozenset({"ct"})

    def retries_after(self, outcome: int | str) -> bool:
        """Whether a status code, or the failure `ct` or `rt`, is tried again."""
        name = f"{outcome // 100}xx" if isinstance(outcome, int) else outcome
        return name in self.retry_on or ("all" in self.retry_on and name in {"4xx", "5xx", "ct", "rt"})


def split(url: str) -> tuple[str, Overrides]:
    """The URL to call and sign, and how to call it: `https://a.b/c#rc=5&rp=5xx,ct,rt`."""
    bare, fragment = urldefrag(url)
    given = dict(parse_qsl(fragment))
    return bare, Overrides(
        connect=_milliseconds(given.get("ct"), 5.0),
        read=_milliseconds(given.get("rt"), MOST),
        total=_milliseconds(given.get("tt"), MOST),
        retries=min(5, int(given["rc"])) if given.get("rc", "").isdigit() else 1,
        retry_on=frozenset(given.get("rp", "ct").split(",")),
    )


def _milliseconds(text: str | None, default: float) -> float:
    return min(MOST, max(0.1, int(text) / 1000)) if text and text.isdigit() else default
