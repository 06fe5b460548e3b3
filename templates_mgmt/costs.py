"""What was sent in a month and what Twilio says it cost, by channel and category.

Prices are those that Twilio reports for each message, in callbacks and in its list, some time after it
was sent. A price that never came is counted as not known, and not guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from django.db.models import Count, Q, Sum
from django.db.models.fields.json import KT
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from inbox import numbers
from inbox.access import messages_for
from inbox.models import Agent, Message
from templates_mgmt.economics import Rate

FREE_TEXT, SESSION = "free", "session"
LABELS: dict[str, str | Promise] = {
    FREE_TEXT: _("Free text and files"),
    SESSION: _("Content for open windows"),
    "utility": _("Utility templates"),
    "marketing": _("Marketing templates"),
    "authentication": _("Authentication templates"),
    "": _("Templates of a category that is not known here"),
}


@dataclass
class Line:
    """One channel and category. `amounts` are sums by currency; `unknown` counts messages without a price."""

    channel: str
    category: str
    address: str = ""
    count: int = 0
    unknown: int = 0
    amounts: Counter[str] = field(default_factory=Counter)

    @property
    def label(self) -> str:
        return str(LABELS.get(self.category, self.category))

    @property
    def sums(self) -> list[str]:
        return [str(Rate(amount, currency)) for currency, amount in sorted(self.amounts.items())]

    @property
    def number(self) -> str:
        return numbers.readable(self.address.partition(":")[2])

    def place(self) -> tuple[str, str, int]:
        return (self.channel, self.address, list(LABELS).index(self.category))

    def add(self, count: int, unknown: int, amount: Decimal | None, currency: str) -> None:
        self.count += count
        self.unknown += unknown
        if amount is not None:
            self.amounts[currency or "USD"] += amount


@dataclass(frozen=True)
class Month:
    """A month in the zone of whoever looks."""

    first: date

    @classmethod
    def of(cls, text: str, today: date) -> Month:
        """:param text: ``2026-11``; this month for anything that is none of this century."""
        written = re.fullmatch(r"(20\d\d)-(0[1-9]|1[0-2])", text)
        return cls(date(int(written[1]), int(written[2]), 1) if written else today.replace(day=1))

    @property
    def before(self) -> Month:
        return Month(self._moved(-1))

    @property
    def after(self) -> Month:
        return Month(self._moved(1))

    def _moved(self, months: int) -> date:
        years, month = divmod(self.first.year * 12 + self.first.month - 1 + months, 12)
        return date(years, month + 1, 1)

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        ends = (self.first, self.after.first)
        first, last = (timezone.make_aware(datetime(end.year, end.month, 1)) for end in ends)
        return first, last

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass
class Costs:
    """Of what Twilio took: messages that never left cost nothing and are not counted."""

    agent: Agent
    month: Month

    @cached_property
    def lines(self) -> list[Line]:
        found: dict[tuple[str, str], Line] = {}
        for row in self._rows():
            category = category_of(row)
            address = str(row["conversation__channel__address"])
            named = Line(str(row["conversation__channel__name"]), category, address)
            line = found.setdefault((address, category), named)
            line.add(row["count"], row["unknown"], row["amount"], row["price_unit"])
        return sorted(found.values(), key=Line.place)

    @property
    def total(self) -> Line:
        total = Line("", "")
        for line in self.lines:
            total.count += line.count
            total.unknown += line.unknown
            total.amounts.update(line.amounts)
        return total

    def _rows(self) -> Iterable[dict[str, object]]:
        first, last = self.month.bounds
        rows = messages_for(self.agent).filter(
            direction=Message.Direction.OUTBOUND,
            sid__isnull=False,
            created_at__gte=first,
            created_at__lt=last,
        )
        rows = rows.annotate(category=KT("payload__category"), approved=KT("payload__approved"))
        told = (
            "conversation__channel__name",
            "conversation__channel__address",
            "kind",
            "category",
            "approved",
            "price_unit",
        )
        return (
            rows.order_by()
            .values(*told)
            .annotate(
                count=Count("pk"), unknown=Count("pk", filter=Q(price__isnull=True)), amount=Sum("price")
            )
        )


def category_of(row: dict[str, object]) -> str:
    if row["kind"] != Message.Kind.TEMPLATE:
        return FREE_TEXT
    if row["approved"] == "false":
        return SESSION
    category = str(row["category"] or "")
    return category if category in LABELS else ""
