"""Whether this customer may be written to now, and if not, why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Now

from inbox import clock, windows
from inbox.models import Conversation, Window

OPEN, CLOSED, OPTED_OUT, OFF = "open", "closed", "opted_out", "off"


@dataclass(frozen=True)
class Standing:
    """Judged once, at `now`, for everything on one page."""

    now: datetime
    closes_at: datetime | None
    opted_out_at: datetime | None
    is_active: bool

    @classmethod
    def of(cls, conversation: Conversation) -> Standing:
        """Any address of the customer counts: the last to close, and one that opted out."""
        rows = Window.objects.filter(
            address__contact=conversation.contact_id, channel=conversation.channel_id
        )
        found = list(rows.values_list("closes_at", "opted_out_at", Now()))
        return cls(
            now=found[0][2] if found else clock.now(),
            closes_at=max((closes for closes, _, _ in found if closes), default=None),
            opted_out_at=max((out for _, out, _ in found if out), default=None),
            is_active=conversation.channel.is_active,
        )

    @property
    def window(self) -> windows.Remaining:
        return windows.remaining(self.closes_at, self.now)

    @property
    def state(self) -> str:
        if not self.is_active:
            return OFF
        if self.opted_out_at:
            return OPTED_OUT
        return OPEN if self.window.is_open else CLOSED

    @property
    def is_open(self) -> bool:
        return self.state == OPEN
