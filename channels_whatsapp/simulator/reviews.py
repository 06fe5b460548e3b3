"""WhatsApp's decisions about templates, made by whoever looks at the phone page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .records import Content
    from .running import Simulator

REASON = "Promotional content is not allowed in this category."
DECISIONS: dict[str, Callable[[Simulator, str], object]] = {
    "approve": lambda sim, sid: sim.decide(sid, "approved"),
    "reject": lambda sim, sid: sim.decide(sid, "rejected", REASON),
    "pause": lambda sim, sid: sim.pause(sid),
    "marketing": lambda sim, sid: sim.recategorise(sid, "MARKETING"),
}
LONGEST = 50


def submitted(sim: Simulator) -> list[Content]:
    """What WhatsApp was asked about, the newest first."""
    with sim.twilio.lock:
        found = [content for content in sim.twilio.contents.values() if content.approval]
    return sorted(found, key=lambda content: content.created, reverse=True)[:LONGEST]


def decide(sim: Simulator, sid: str, decision: str) -> None:
    """Does nothing for what is not there any more."""
    if decision in DECISIONS and sid in {content.sid for content in submitted(sim)}:
        DECISIONS[decision](sim, sid)
