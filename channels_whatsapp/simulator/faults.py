"""Faults on demand: what goes wrong, where, how often. Seeded, so that a run can be repeated.

Kinds, and the options each one reads:

| applies to | kind | options |
|---|---|---|
| REST calls | `delay` | `seconds` |
| | `throttle` | `retry_after` (1), answers 429/20429 before anything happened |
| | `refuse` | `code`, `status`: any other refusal |
| | `error_before`, `error_after` | 500 before or after the call took effect |
| | `reset_before`, `reset_after` | TCP reset before or after |
| | `hang_after` | `seconds` (30): took effect, never answers |
| | `callback_first` | the first status callback goes out before the 201 |
| | `hide` | `seconds` (None: for ever): a created message stays out of the list |
| messages | `fail` | `code` (63024), `status`: a create ends undelivered |
| | `reorder` | `order`: "swap" (last two), "reverse" or "shuffle" |
| webhooks | `hold` (`seconds`), `drop`, `duplicate` (`gap` seconds), `wrong_signature` | |
| media | `media_404`, `media_huge` (`megabytes`, 200), `media_trickle`, `media_delay` (`seconds`) | |

`on` is a shell pattern over the subject: `POST /2010-04-01/Accounts/AC…/Messages.json` for calls,
`message SM…` or `status delivered SM…` or `event HX…` for webhooks, `ME…` for media.
"""

from __future__ import annotations

import itertools
import random
import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

CALL_KINDS = (
    "delay",
    "throttle",
    "refuse",
    "error_before",
    "error_after",
    "reset_before",
    "reset_after",
    "hang_after",
    "callback_first",
    "hide",
)
MESSAGE_KINDS = ("fail", "reorder")
WEBHOOK_KINDS = ("hold", "drop", "duplicate", "wrong_signature")
MEDIA_KINDS = ("media_404", "media_huge", "media_trickle", "media_delay")
KINDS = CALL_KINDS + MESSAGE_KINDS + WEBHOOK_KINDS + MEDIA_KINDS


@dataclass
class Fault:
    id: int
    kind: str
    on: str = "*"
    #: How many more times it strikes; None means until removed.
    times: int | None = 1
    chance: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)
    struck: int = 0

    def as_json(self) -> dict[str, Any]:
        return {
            name: getattr(self, name) for name in ("id", "kind", "on", "times", "chance", "options", "struck")
        }


class Faults:
    """The faults in force. `take` says which of them strike now, and counts them down."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._faults: list[Fault] = []
        self._plans: list[tuple[str, dict[str, float]]] = []

    def add(
        self, kind: str, *, on: str = "*", times: int | None = 1, chance: float = 1.0, **options: Any
    ) -> Fault:
        """Add a fault; raises ValueError for a kind that does not exist."""
        if kind not in KINDS:
            raise ValueError(f"No fault is called {kind!r}; there are {', '.join(KINDS)}.")
        fault = Fault(next(self._ids), kind, on, times, chance, options)
        with self._lock:
            self._faults.append(fault)
        return fault

    def plan(self, odds: dict[str, float], *, on: str = "*/Messages.json") -> None:
        """Strike each matching call with at most one fault of `odds`: {kind: probability}."""
        with self._lock:
            self._plans.append((on, odds))

    def take(self, subject: str, kinds: tuple[str, ...]) -> dict[str, Fault]:
        """The faults that strike this subject now, by kind."""
        with self._lock:
            struck = {f.kind: f for f in self._faults if f.kind in kinds and self._strikes(f, subject)}
            for on, odds in self._plans:
                if fnmatchcase(subject, on) and (kind := self._draw(odds)) in kinds:
                    struck.setdefault(kind, Fault(0, kind, on))
            return struck

    def active(self, kind: str) -> Fault | None:
        with self._lock:
            return next((f for f in self._faults if f.kind == kind and f.times != 0), None)

    def remove(self, kind: str | None = None) -> None:
        """Remove every fault, or every one of a kind."""
        with self._lock:
            self._faults = [f for f in self._faults if kind is not None and f.kind != kind]
            if kind is None:
                self._plans.clear()

    def as_json(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.as_json() for fault in self._faults]

    def shuffled(self, items: list[Any]) -> list[Any]:
        with self._lock:
            return self._rng.sample(items, len(items))

    def _strikes(self, fault: Fault, subject: str) -> bool:
        if fault.times == 0 or not fnmatchcase(subject, fault.on):
            return False
        if fault.chance < 1 and self._rng.random() >= fault.chance:
            return False
        fault.times = None if fault.times is None else fault.times - 1
        fault.struck += 1
        return True

    def _draw(self, odds: dict[str, float]) -> str:
        dice = self._rng.random()
        for kind, chance in odds.items():
            if dice < chance:
                return kind
            dice -= chance
        return ""
