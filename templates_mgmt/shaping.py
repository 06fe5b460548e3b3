"""What the buttons of the editor do to the form: add, remove, move, mend. Pure: a form in, a form out.

An act is a word with what it is about: `button.add`, `button.remove:2`, `item.up:3`, `header:image`,
`variable.add`, `fix:adjacent:body`. Rows count from 1. What is not known changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from templates_mgmt import content as kinds
from templates_mgmt import policy
from templates_mgmt.content import Content
from templates_mgmt.written import HEADERS, MOST_ROWS, ButtonRow, CardRow, ItemRow, VariableRow, Written

ROWS: dict[str, str] = {"button": "buttons", "item": "items", "card": "cards"}


def shaped(written: Written, act: str, *, for_approval: bool = True) -> Written:
    word, _, rest = act.partition(":")
    if word == "fix":
        return mended(written, *rest.partition(":")[::2], for_approval=for_approval)
    if word == "header" and rest in HEADERS:
        return written.but(header_kind=rest)
    if word == "variable.add":
        return _with_variable(written)
    if word == "kind":
        return _of_its_kind(written)
    noun, _, verb = word.partition(".")
    if noun in ROWS and verb in _VERBS:
        rows = list(getattr(written, ROWS[noun]))
        at = int(rest) - 1 if rest.isascii() and rest.isdigit() and len(rest) < 4 else -1
        if verb == "add":
            rows.append(_new_row(noun, written))
        elif 0 <= at < len(rows):
            _VERBS[verb](rows, at)
        return written.but(**{ROWS[noun]: tuple(rows[:MOST_ROWS])})
    return written


def _of_its_kind(written: Written) -> Written:
    """A one-time code has a category to itself."""
    is_code, is_filed = written.kind == kinds.AUTHENTICATION, written.category == policy.AUTHENTICATION
    if is_code == is_filed:
        return written
    return written.but(category=policy.AUTHENTICATION if is_code else policy.UTILITY)


def with_first_rows(written: Written) -> Written:
    """A kind that needs rows starts with them, so that nobody faces an empty section."""
    changes: dict[str, Any] = {}
    if "buttons" in written.parts and not any(b.kind in written.button_kinds for b in written.buttons):
        changes["buttons"] = (*written.buttons, _new_row("button", written))
    if "items" in written.parts and not written.items:
        changes["items"] = (ItemRow(), ItemRow())
    if "cards" in written.parts and not written.cards:
        changes["cards"] = (CardRow(), CardRow())
    return written.but(**changes) if changes else written


def _new_row(noun: str, written: Written) -> Any:
    if noun == "button":
        return ButtonRow(kind=written.button_kinds[0] if written.button_kinds else kinds.REPLY)
    return ItemRow() if noun == "item" else CardRow()


def _remove(rows: list[Any], at: int) -> None:
    del rows[at]


def _up(rows: list[Any], at: int) -> None:
    if at:
        rows[at - 1], rows[at] = rows[at], rows[at - 1]


def _down(rows: list[Any], at: int) -> None:
    if at + 1 < len(rows):
        rows[at + 1], rows[at] = rows[at], rows[at + 1]


_VERBS: dict[str, Callable[[list[Any], int], None]] = {
    "add": lambda rows, at: None, "remove": _remove, "up": _up, "down": _down,
}  # fmt: skip


def next_variable(written: Written) -> str:
    """The lowest number that no text uses yet."""
    names = written.content.names
    return next(str(number) for number in range(1, 200) if str(number) not in names)


def _with_variable(written: Written) -> Written:
    gap = " " if written.body and not written.body[-1].isspace() else ""
    return written.but(body=f"{written.body}{gap}{{{{{next_variable(written)}}}}}")


# Mending


def mended(written: Written, rule: str, field: str, *, for_approval: bool = True) -> Written:
    """With the change that the rule's finding about this field holds."""
    findings = policy.check(written.draft, for_approval=for_approval)
    found = next((f for f in findings if (f.rule, f.field) == (rule, field) and f.edit), None)
    if not found:
        return written
    if rule == "numbering":
        return _renumbered(written)
    if field.startswith("variables."):
        return _with_sample(written, field.removeprefix("variables."), found.edit)
    return written.but(**{field: found.edit}) if field in ("name", "header", "body", "footer") else written


def _renumbered(written: Written) -> Written:
    """Meanings and sources move along with their samples."""
    old = written.content
    order = {name: str(number) for number, name in enumerate(old.names, 1)}
    rows = tuple(
        VariableRow(order[row.name], row.means, row.sample, row.source)
        for row in written.variables
        if row.name in order
    )
    new: Content = policy.renumbered(old)
    return written.but(body=new.body, variables=rows)


def _with_sample(written: Written, name: str, sample: str) -> Written:
    rows = tuple(
        VariableRow(row.name, row.means, sample, row.source) if row.name == name else row
        for row in written.variables
    )
    return written.but(variables=rows)
