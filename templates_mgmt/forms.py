"""The editor's form as it was sent: rows of buttons, items and cards are fields of one name, in order."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict

from templates_mgmt import content as kinds
from templates_mgmt import policy
from templates_mgmt.written import HEADERS, MOST_ROWS, ButtonRow, CardRow, ItemRow, VariableRow, Written

LONGEST = 4000  # characters of any one field; far beyond what WhatsApp takes, so that the rule can say so
MOST_VARIABLES = 120


class _Posted:
    """Texts as typed: browsers send CR LF, which would count double, and PostgreSQL keeps no NUL."""

    def __init__(self, data: QueryDict) -> None:
        self.data = data

    def one(self, name: str, otherwise: str = "") -> str:
        return _clean(self.data.get(name, otherwise))

    def chosen(self, name: str, among: Any, otherwise: str) -> str:
        return value if (value := self.one(name)) in among else otherwise

    def rows(self, *names: str) -> list[tuple[str, ...]]:
        columns = [[_clean(value) for value in self.data.getlist(name)[:MOST_ROWS]] for name in names]
        longest = max(len(column) for column in columns)
        return list(zip(*(column + [""] * (longest - len(column)) for column in columns), strict=True))


def _clean(value: str) -> str:
    return value.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")[:LONGEST]


def posted(data: QueryDict, sources: Any, *, fallback: Written) -> Written:
    """The form as it was sent; what is missing is taken from `fallback`, what is nonsense left out."""
    form = _Posted(data)
    words = {
        name: form.one(name, getattr(fallback, name))
        for name in ("header", "body", "footer", "media", "list_button", "latitude", "longitude", "label",
                     "address", "code_title", "minutes")
    }  # fmt: skip
    return Written(
        name=form.one("name", fallback.name).strip()[:512],
        language=form.one("language", fallback.language)[:16],
        category=form.chosen("category", policy.CATEGORIES, fallback.category),
        kind=form.chosen("kind", kinds.BUILT, fallback.kind),
        header_kind=form.chosen("header_kind", HEADERS, fallback.header_kind),
        buttons=_posted_buttons(form, "button"),
        items=tuple(ItemRow(*row) for row in form.rows("item_title", "item_description", "item_id")),
        cards=_posted_cards(form),
        advice=form.one("advice", "1") != "0" if "advice" in data else False,
        variables=_posted_variables(data, sources),
        **words,
    )


def _posted_buttons(form: _Posted, prefix: str) -> tuple[ButtonRow, ...]:
    known = (kinds.REPLY, kinds.URL, kinds.PHONE, kinds.COPY_CODE)
    rows = form.rows(*(f"{prefix}_{name}" for name in ("kind", "title", "value", "id")))
    return tuple(
        ButtonRow(kind if kind in known else kinds.REPLY, title, value, own_id)
        for kind, title, value, own_id in rows
    )


def _posted_cards(form: _Posted) -> tuple[CardRow, ...]:
    buttons = [*_posted_buttons(form, "card_button"), *[ButtonRow()] * (2 * MOST_ROWS)]
    rows = form.rows("card_title", "card_body", "card_media")
    return tuple(
        CardRow(title, body, media, (buttons[2 * n], buttons[2 * n + 1]))
        for n, (title, body, media) in enumerate(rows)
    )


def _posted_variables(data: QueryDict, sources: Any) -> tuple[VariableRow, ...]:
    names, means, samples, chosen = (
        [_clean(value) for value in data.getlist(f"variable_{column}")[:MOST_VARIABLES]]
        for column in ("name", "means", "sample", "source")
    )
    rows = zip(names, means, samples, chosen, strict=False)
    return tuple(
        VariableRow(name, meaning[:80], sample, source if source in sources else "typed")
        for name, meaning, sample, source in rows
        if name
    )
