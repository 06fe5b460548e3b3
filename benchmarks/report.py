"""Figures and the table they make."""

from __future__ import annotations

import os
import platform
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass

HEAD = "| what | median | required | aim | spread | verdict | note |\n|---|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Bound:
    """What a figure must reach: at least, or at most, so much."""

    number: float
    is_floor: bool

    def holds(self, value: float) -> bool:
        return value >= self.number if self.is_floor else value <= self.number

    def __str__(self) -> str:
        return f"{'≥' if self.is_floor else '≤'} {self.number:g}"


def at_least(number: float) -> Bound:
    return Bound(number, True)


def at_most(number: float) -> Bound:
    return Bound(number, False)


@dataclass(frozen=True)
class Figure:
    """One line of the table. `values` are one per round, in `unit`; without bounds it only informs."""

    name: str
    values: Sequence[float]
    unit: str = "×"
    required: Bound | None = None
    aim: Bound | None = None
    note: str = ""

    @property
    def value(self) -> float:
        return statistics.median(self.values)

    @property
    def verdict(self) -> str:
        if self.required is None:
            return ""
        if not self.required.holds(self.value):
            return "missed"
        return "aim" if self.aim and self.aim.holds(self.value) else "reached"

    def row(self) -> str:
        spread = f"{_short(min(self.values))} to {_short(max(self.values))}" if len(self.values) > 1 else ""
        cells = (
            self.name,
            f"{_short(self.value)} {self.unit}",
            self.required,
            self.aim,
            spread,
            self.verdict,
            self.note,
        )
        return "| " + " | ".join(str(cell or "") for cell in cells) + " |"


def text(figures: Sequence[Figure], *, seconds: float) -> str:
    load = f"load {os.getloadavg()[0]:.1f} at the end"
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}, {load}; took {seconds:.0f} s."
    return "\n".join([HEAD, *(figure.row() for figure in figures), "", machine])


def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """Round by round, so that a slow moment of the machine is on both sides."""
    return [a / b for a, b in zip(over, under, strict=True)]


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that so many percent are not above."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100).__int__() - 1)]


def say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _short(number: float) -> str:
    return f"{number:.2f}" if abs(number) < 10 else f"{number:.0f}"
