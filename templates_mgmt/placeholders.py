"""The variables of a template, `{{1}}` or `{{name}}`: found, filled, checked. Pure.

Source: Twilio, "Using variables with Content API".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from django.utils.translation import gettext as _

VARIABLE = re.compile(r"\{\{(\w{1,16})\}\}")
LONGEST_VALUE = 1600  # code points
MOST_SPACES = 4  # in a row
# Letters and a pattern that look like nothing.
_HOLES = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_UNSEEN = frozenset({"Zs", "Zl", "Zp", "Cc", "Cf"})
_LINE_ENDS = frozenset("\n\r\v\f\x85\u2028\u2029")


def names(text: str) -> list[str]:
    """Each variable once, in the order of first use."""
    return list(dict.fromkeys(VARIABLE.findall(text)))


def names_of(texts: Iterable[str]) -> list[str]:
    """As `names`, over several texts."""
    return list(dict.fromkeys(name for text in texts for name in VARIABLE.findall(text)))


def fill(text: str, values: Mapping[str, str]) -> str:
    """Unknown variables stay as they are, and a value that looks like a variable is only a value."""
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def segments(text: str, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """The filled text in pieces of (text, name of the variable it came from, or ''), to mark on a page."""
    pieces, end = [], 0
    for found in VARIABLE.finditer(text):
        if found.start() > end:
            pieces.append((text[end : found.start()], ""))
        pieces.append((values.get(found[1], found[0]), found[1]))
        end = found.end()
    return [*pieces, (text[end:], "")] if end < len(text) else pieces


def missing(wanted: Iterable[str], values: Mapping[str, str]) -> list[str]:
    """The variables without a value: Twilio would send the sample instead, or the customer see a hole."""
    return [name for name in wanted if not any(map(_shows, values.get(name, "")))]


def _shows(char: str) -> bool:
    return char not in _HOLES and unicodedata.category(char) not in _UNSEEN


def problem(value: str) -> str:
    """Why this value cannot go out, as a sentence, or ''."""
    if _LINE_ENDS.intersection(value):
        return _("A value cannot have line breaks. Write it on one line.")
    if "\t" in value:
        return _("A value cannot have tabs. Use a space instead.")
    if " " * (MOST_SPACES + 1) in value:
        return _("A value cannot have more than 4 spaces in a row. Remove some.")
    if len(value) > LONGEST_VALUE:
        return _("This value has %(count)d characters, and 1600 are allowed. Shorten it.") % {
            "count": len(value)
        }
    return ""
