"""The list pane's tabs and chips: where each leads, and how much waits there."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from inbox.counts import Counts
from inbox.listing import Filters
from inbox.models import Conversation


@dataclass(frozen=True)
class Choice:
    id: str
    label: str
    query: str
    is_current: bool
    count: int | None = None


def tabs(filters: Filters, counts: Counts) -> list[Choice]:
    labels = {"all": _("All"), "mine": _("Mine"), "unassigned": _("Unassigned")}
    return [
        Choice(
            id=f"view-{word}",
            label=label,
            query=filters.but(view=word, q="").query,
            is_current=filters.view == word and not filters.q,
            count=counts.views[word],
        )
        for word, label in labels.items()
    ]


def chips(filters: Filters, counts: Counts) -> list[Choice]:
    """Statuses; snoozed only when something is."""
    status = Conversation.Status
    shown = [s for s in status if s != status.SNOOZED or counts.statuses[s] or filters.status == s]
    return [
        Choice(
            id=f"status-{word}",
            label=str(word.label),
            query=filters.but(status=str(word), q="").query,
            is_current=filters.status == word and not filters.q,
            # Everything ever resolved is too much to count, and nobody's work.
            count=counts.statuses.get(word),
        )
        for word in shown
    ]


def unread(filters: Filters, counts: Counts) -> Choice:
    query = filters.but(unread=not filters.unread, q="").query
    label = _("Show read ones too") if filters.unread else _("Show only unread")
    return Choice("only-unread", label, query, filters.unread, counts.unread_here)
