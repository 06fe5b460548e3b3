"""How many conversations wait where: one grouped query over the active ones, kept for a moment."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Case, Count, When

from inbox.access import conversations_for
from inbox.listing import Filters
from inbox.models import Agent

# Pages ask again a little later than this after the last change (static/js/live.js), so that no
# page keeps a number that was already old when it came.
SECONDS = 1.0
# By whose they are: an agent, with the channels of an API key; None for those who see all.
_kept: dict[tuple[int, frozenset[int] | None] | None, tuple[float, list[Line]]] = {}


@dataclass(frozen=True)
class Line:
    channel: int
    status: str
    assignee: int | None
    has_unread: bool
    count: int


@dataclass(frozen=True)
class Counts:
    """`views` and `statuses` by their words in the address; `unread` over everything visible."""

    views: dict[str, int]
    statuses: dict[str, int]
    unread: int
    unread_here: int


def counts_for(agent: Agent, filters: Filters) -> Counts:
    lines = list(lines_for(agent))
    here = [line for line in lines if filters.channel in (None, line.channel)]
    views = {
        "all": here,
        "mine": [line for line in here if line.assignee == agent.pk],
        "unassigned": [line for line in here if line.assignee is None],
    }
    shown = views[filters.view]
    return Counts(
        views={name: _sum(found) for name, found in views.items()},
        statuses={
            status: _sum(line for line in shown if line.status == status)
            for status in ("open", "pending", "snoozed")
        },
        unread=_sum(line for line in lines if line.has_unread),
        unread_here=_sum(line for line in shown if line.has_unread and line.status == filters.status),
    )


def _sum(lines: Iterator[Line] | list[Line]) -> int:
    return sum(line.count for line in lines)


def lines_for(agent: Agent) -> list[Line]:
    """Leads see all channels and share one answer; an agent's is their own."""
    scope = None if agent.sees_all_channels else (agent.pk, agent.only_channels)
    asked_at, lines = _kept.get(scope, (0.0, []))
    if time.monotonic() - asked_at > SECONDS:
        _forget_old()
        lines = _ask(agent)
        _kept[scope] = (time.monotonic(), lines)
    return lines


def forget() -> None:
    _kept.clear()


def _forget_old() -> None:
    for scope, (asked_at, _lines) in list(_kept.items()):
        if time.monotonic() - asked_at > 60 * SECONDS:
            _kept.pop(scope, None)


def _ask(agent: Agent) -> list[Line]:
    has_unread = Case(When(unread_count__gt=0, then=True), default=False)
    # Nothing but columns of the index `conversation_counts`, so that no row is visited.
    rows = conversations_for(agent).active().values_list("channel", "status", "assignee", has_unread)
    return [Line(*row) for row in rows.annotate(count=Count("*")).order_by()]
