"""WhatsApp's quality rating and messaging limit of a number: compared, and in words. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

_QUALITIES = {"LOW": 1, "RED": 1, "MEDIUM": 2, "YELLOW": 2, "HIGH": 3, "GREEN": 3}
_IN_WORDS = {1: gettext_lazy("Low"), 2: gettext_lazy("Medium"), 3: gettext_lazy("High")}
_LIMIT = re.compile(r"([\d.,]+)\s*([KM]?)", re.IGNORECASE)
_FACTORS = {"": 1, "K": 1_000, "M": 1_000_000}
UNLIMITED = float("inf")


def quality_rank(text: str) -> int:
    """0 when nothing is known."""
    return _QUALITIES.get(text.strip().upper(), 0)


def quality_words(text: str) -> str:
    """What we do not know stays as it came."""
    return str(_IN_WORDS.get(quality_rank(text), text))


def limit_of(text: str) -> float:
    """Customers in 24 hours: 10000 for "10K Customers/24hr", infinity for "Unlimited", 0 when unknown."""
    if "unlimited" in text.lower():
        return UNLIMITED
    found = _LIMIT.search(text)
    return float(found[1].replace(",", "")) * _FACTORS[found[2].upper()] if found else 0


def limit_words(text: str) -> str:
    limit = limit_of(text)
    if limit == UNLIMITED:
        return _("Unlimited")
    if not limit:
        return text
    return _("%(count)s customers a day") % {"count": number_format(int(limit), force_grouping=True)}


def is_lowered(before: str, after: str, rank: Callable[[str], float]) -> bool:
    return bool(rank(before) and rank(after)) and rank(after) < rank(before)
