"""The columns of the list of templates, and sorting by one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from templates_mgmt import states

if TYPE_CHECKING:
    from templates_mgmt.listing import Filters, Row


@dataclass(frozen=True)
class Column:
    """`value` of a row, None where there is none; `falls`: the largest first."""

    key: str
    label: Promise
    value: Callable[[Row], Any]
    falls: bool = False
    is_number: bool = False
    is_use: bool = False


def _share_replied(row: Row) -> float | None:
    """As the list shows it, however few were sent."""
    return row.used.replied / row.used.sent if row.used.sent else None


COLUMNS = (
    Column("name", _("Template"), lambda row: row.first.name.casefold()),
    Column("status", _("Status"), lambda row: states.rank(row.state)),
    Column("category", _("Category"), lambda row: row.first.category or None),
    Column("languages", _("Languages"), lambda row: len(row.heads), falls=True),
    Column("sent", _("Sent, 30 days"), lambda row: row.used.sent, falls=True, is_number=True, is_use=True),
    Column("read", _("Read"), lambda row: row.used.read_rate, falls=True, is_number=True, is_use=True),
    Column("replied", _("Replied"), _share_replied, falls=True, is_number=True, is_use=True),
    Column("edited", _("Edited"), lambda row: row.edited_at, falls=True),
)
BY_KEY = {column.key: column for column in COLUMNS}
# As addresses say it: "name", and "-name" for the other way round.
SORTS = frozenset({*BY_KEY, *(f"-{key}" for key in BY_KEY)})


@dataclass(frozen=True)
class Heading:
    """`direction` is the value of aria-sort, or '' when the list is not sorted by this one."""

    column: Column
    filters: Filters

    @property
    def direction(self) -> str:
        words = {self.column.key: "ascending", f"-{self.column.key}": "descending"}
        return words.get(self.filters.sort, "")

    @property
    def query(self) -> str:
        """What a press asks for: sorted, then the other way round, then in groups again."""
        key = self.column.key
        steps = [f"-{key}", key, ""] if self.column.falls else [key, f"-{key}", ""]
        now = self.filters.sort
        sort = steps[steps.index(now) + 1] if now in steps[:2] else steps[0]
        return self.filters.but(sort=sort, after=0).query


def headings(filters: Filters) -> list[Heading]:
    return [Heading(column, filters) for column in COLUMNS]


def sorted_by(rows: list[Row], sort: str) -> list[Row]:
    """Rows without a value last, either way round."""
    value = BY_KEY[sort.removeprefix("-")].value
    known = [row for row in rows if value(row) is not None]
    return sorted(known, key=value, reverse=sort.startswith("-")) + [r for r in rows if value(r) is None]
