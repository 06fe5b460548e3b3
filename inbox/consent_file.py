"""Reads a CSV of consent: which lines make sense, and one sentence for each that does not. Pure.

Columns, in any order: phone, channel, action, category, source, text, proof, given_at; others are ignored.
UTF-8, or UTF-16 with a byte order mark; separated by commas, semicolons or tabs.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import partial
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _

from inbox.models.consent_entry import TAKEN_BACK
from inbox.refusals import Refused

MAX_BYTES = 5_000_000
MAX_LINES = 50_000
COLUMNS = ("phone", "channel", "action", "category", "source", "text", "proof", "given_at")
OPTIONAL = ("text", "proof")
CATEGORIES = ("all", "service", "utility", "marketing")
ACTIONS = {"opt_in": "opt_in", "optin": "opt_in", "opted_in": "opt_in", "in": "opt_in",
           "opt_out": "opt_out", "optout": "opt_out", "opted_out": "opt_out", "out": "opt_out"}  # fmt: skip
LONGEST = {"source": 40, "text": 4000, "proof": 300}
EARLIEST = 1990
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@dataclass(frozen=True)
class Row:
    """One line, read. `phone` is E.164; `channel` is as written."""

    line: int
    phone: str
    channel: str
    action: str
    category: str
    source: str
    text: str
    proof: str
    given_at: datetime


@dataclass(frozen=True)
class BadLine:
    line: int
    sentence: str


class _Bad(ValueError):
    """What is wrong with one cell, as a sentence."""


def read(data: bytes, now: datetime) -> Iterator[Row | BadLine]:
    """:raises Refused: it is no such file: ``too_large``, ``unreadable``, ``columns``, ``too_many_lines``."""
    if len(data) > MAX_BYTES:
        raise Refused(
            "too_large", _("The file is larger than 5 MB."), _("Split it into several and import each.")
        )
    text = _decoded(data)
    # Not strict, a quotation mark that is not closed would swallow the lines behind it without a word.
    sheet = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    positions = _positions(next(_lines(sheet), (0, []))[1])
    for count, (line, cells) in enumerate(_lines(sheet)):
        if count >= MAX_LINES:
            raise Refused(
                "too_many_lines",
                _("The file has more than 50,000 lines."),
                _("Split it into several and import each."),
            )
        named = {name: cells[at].strip() if at < len(cells) else "" for name, at in positions.items()}
        yield _row(line, named, now)


def _decoded(data: bytes) -> str:
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise Refused(
            "unreadable",
            _("The letters of this file cannot be read."),
            _("Save it as “CSV UTF-8” and upload it again."),
        ) from None


def _separator(text: str) -> str:
    head = text.lstrip().partition("\n")[0]
    return max(",;\t", key=head.count)


def _lines(sheet: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """With their numbers as an editor counts them, without the empty ones."""
    while True:
        line = sheet.line_num + 1  # type: ignore[attr-defined]
        try:
            cells = next(sheet)
        except StopIteration:
            return
        except csv.Error:
            raise Refused(
                "unreadable",
                _("Line %(line)d cannot be read as CSV.") % {"line": line},
                _("Look for a quotation mark that is not closed."),
            ) from None
        if any(cell.strip() for cell in cells):
            yield line, cells


def _positions(head: list[str]) -> dict[str, int]:
    known = {cell.strip().lower(): at for at, cell in reversed(list(enumerate(head)))}
    if missing := [name for name in COLUMNS if name not in known and name not in OPTIONAL]:
        raise Refused(
            "columns",
            _("The first line lacks these columns: %(names)s.") % {"names": ", ".join(missing)},
            _("It has to name the columns: %(names)s.") % {"names": ", ".join(COLUMNS)},
        )
    return {name: known[name] for name in COLUMNS if name in known}


# One line


def _row(line: int, cells: Mapping[str, str], now: datetime) -> Row | BadLine:
    """With all that is wrong with it."""
    if any("\0" in cell for cell in cells.values()):
        return BadLine(line, _("It holds a character that no text has. Save the file anew."))
    found: dict[str, Any] = {}
    wrong = []
    for name, read in (_READERS | {"given_at": partial(_moment, now=now)}).items():
        try:
            found[name] = read(cells.get(name, ""))
        except _Bad as bad:
            wrong.append(str(bad))
    return BadLine(line, " ".join(wrong)) if wrong else Row(line=line, **found)


def _phone(cell: str) -> str:
    # An export puts an apostrophe before the plus, so that no spreadsheet computes it.
    number = re.sub(r"[\s().\u00a0-]", "", cell.removeprefix("'").removeprefix("whatsapp:"))
    number = f"+{number[2:]}" if number.startswith("00") else number
    if not _NUMBER.fullmatch(number):
        raise _Bad(
            _("“%(cell)s” is no number with its country code, like +447700900318.") % {"cell": _short(cell)}
        )
    return number


def _action(cell: str) -> str:
    word = re.sub(r"[\s-]+", "_", cell.lower())
    if word not in ACTIONS:
        raise _Bad(_("“%(cell)s” is no action. Write opt_in or opt_out.") % {"cell": _short(cell)})
    return ACTIONS[word]


def _category(cell: str) -> str:
    if cell.lower() not in CATEGORIES:
        raise _Bad(
            _("“%(cell)s” is no category. Write all, service, utility or marketing.") % {"cell": _short(cell)}
        )
    return cell.lower()


def _source(cell: str) -> str:
    source = _words("source", is_required=True)(cell)
    if source == TAKEN_BACK:
        raise _Bad(
            _("Only an undo in the inbox has the source “%(cell)s”. Say where they said it.") % {"cell": cell}
        )
    return source


def _words(name: str, *, is_required: bool = False) -> Callable[[str], str]:
    def read(cell: str) -> str:
        cell = _plain(cell)
        if is_required and not cell:
            raise _Bad(_("The column %(name)s is empty. Say where they said it.") % {"name": name})
        if len(cell) > LONGEST[name]:
            raise _Bad(
                _("The column %(name)s has %(count)d characters, and %(most)d are kept. Shorten it.")
                % {"name": name, "count": len(cell), "most": LONGEST[name]}
            )
        return cell

    return read


def _plain(cell: str) -> str:
    """Without the apostrophe that an export puts before what looks like a formula."""
    return cell[1:] if re.match(r"'[=+\-@\t\r\n＝＋－＠]", cell) else cell


_READERS: dict[str, Callable[[str], str]] = {
    "phone": _phone,
    "channel": _plain,
    "action": _action,
    "category": _category,
    "source": _source,
    "text": _words("text"),
    "proof": _words("proof"),
}


def _moment(cell: str, now: datetime) -> datetime:
    try:
        day = parse_date(cell)
        found = datetime.combine(day, time()) if day else parse_datetime(cell)
        found = timezone.make_aware(found) if found and timezone.is_naive(found) else found
    except (ValueError, OverflowError):
        found = None
    if found is None or found.year < EARLIEST:
        raise _Bad(
            _("“%(cell)s” is no date. Write it as 2026-02-14 or 2026-02-14T09:30:00Z.")
            % {"cell": _short(cell)}
        )
    if found > now:
        raise _Bad(_("“%(cell)s” has not come yet. Write when they said it.") % {"cell": _short(cell)})
    return found


def _short(cell: str) -> str:
    return cell if len(cell) <= 40 else f"{cell[:39]}…"
