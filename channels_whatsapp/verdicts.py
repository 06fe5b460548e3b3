from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """What became of a receipt: a `Receipt.Outcome`, and why, in words for an admin."""

    outcome: str = "applied"
    detail: str = ""
