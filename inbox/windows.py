"""The 24-hour reply window. Pure: times come in, words go out.

A customer's message opens it for 24 hours; outside it WhatsApp takes approved templates only
(Twilio, "Key concepts of WhatsApp"). The pill and the composer show five minutes less than
there are, so that nobody writes into a closing door; the server refuses at the true end.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LENGTH = timedelta(hours=24)
MARGIN = timedelta(minutes=5)
SOON = timedelta(hours=4)
URGENT = timedelta(hours=1)

OPEN, SOON_STATE, URGENT_STATE, CLOSED = "open", "soon", "urgent", "closed"


def closes_at(last_inbound_at: datetime) -> datetime:
    return last_inbound_at + LENGTH


@dataclass(frozen=True)
class Remaining:
    """What is left of a window at one moment, as shown to people."""

    left: timedelta
    closes_at: datetime | None

    @property
    def state(self) -> str:
        if self.left <= timedelta(0):
            return CLOSED
        if self.left <= URGENT:
            return URGENT_STATE
        return SOON_STATE if self.left <= SOON else OPEN

    @property
    def is_open(self) -> bool:
        return self.left > timedelta(0)

    @property
    def shown_closing(self) -> datetime | None:
        """When it ends for people: the margin before the true end."""
        return self.closes_at and self.closes_at - MARGIN

    @property
    def percent(self) -> float:
        """Of 24 hours, for the ring and the fuse: 0.0 to 100.0."""
        return round(max(0.0, min(1.0, self.left / LENGTH)) * 100, 1)

    @property
    def minutes(self) -> int:
        return max(0, int(self.left.total_seconds() // 60))

    @property
    def short(self) -> str:
        """Minutes under four hours, whole hours above: "38m", "1h 52m", "23h"."""
        hours, minutes = divmod(self.minutes, 60)
        if not hours:
            return f"{minutes}m"
        return f"{hours}h {minutes:02d}m" if self.left <= SOON else f"{hours}h"


def remaining(closes: datetime | None, now: datetime) -> Remaining:
    if closes is None:
        return Remaining(timedelta(0), None)
    return Remaining(closes - MARGIN - now, closes)
