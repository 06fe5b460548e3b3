"""A template in the plain words of the editor's form, and from there into Twilio's `types`. Pure.

What the chosen kind lacks is kept, so that trying another kind loses nothing; only what the kind has goes
into `types`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any

from templates_mgmt import content as kinds
from templates_mgmt import policy
from templates_mgmt.content import Button, Card, Content, Item
from templates_mgmt.policy.drafts import LONGEST_REPLY, LONGEST_TITLE

MOST_ROWS = 30
NONE, TEXT, IMAGE, DOCUMENT = "none", "text", "image", "document"
HEADERS = (NONE, TEXT, IMAGE, DOCUMENT)

# What the form shows for each kind of content.
PARTS: dict[str, frozenset[str]] = {
    kinds.TEXT: frozenset({"body"}),
    kinds.MEDIA: frozenset({"media", "body"}),
    kinds.QUICK_REPLY: frozenset({"body", "buttons"}),
    kinds.CALL_TO_ACTION: frozenset({"body", "buttons"}),
    kinds.LIST_PICKER: frozenset({"body", "items"}),
    kinds.CARD: frozenset({"title", "media", "subtitle", "buttons"}),
    kinds.WHATSAPP_CARD: frozenset({"header", "body", "footer", "buttons"}),
    kinds.LOCATION: frozenset({"place"}),
    kinds.CAROUSEL: frozenset({"body", "cards"}),
    kinds.AUTHENTICATION: frozenset({"code"}),
}
BUTTON_KINDS: dict[str, tuple[str, ...]] = {
    kinds.QUICK_REPLY: (kinds.REPLY,),
    kinds.CALL_TO_ACTION: (kinds.URL, kinds.PHONE, kinds.COPY_CODE),
    kinds.CARD: (kinds.REPLY, kinds.URL, kinds.PHONE),
    kinds.WHATSAPP_CARD: (kinds.REPLY, kinds.URL, kinds.PHONE, kinds.COPY_CODE),
    kinds.CAROUSEL: (kinds.REPLY, kinds.URL, kinds.PHONE),
}


@dataclass(frozen=True)
class ButtonRow:
    """`value` is the address, number or code; `id` what a program gets, when it differs from the words."""

    kind: str = kinds.REPLY
    title: str = ""
    value: str = ""
    id: str = ""

    @classmethod
    def of(cls, button: Button) -> ButtonRow:
        own_id = button.id if button.id != button.title else ""
        return cls(button.kind, button.title, button.url or button.phone or button.code, own_id)

    @property
    def limit(self) -> int:
        """Characters of the words."""
        return LONGEST_REPLY if self.kind == kinds.REPLY else LONGEST_TITLE

    @property
    def button(self) -> Button:
        if self.kind == kinds.URL:
            return kinds.link(self.title, self.value.strip())
        if self.kind == kinds.PHONE:
            return kinds.call(self.title, self.value.strip())
        if self.kind == kinds.COPY_CODE:
            return kinds.coupon(self.title, self.value.strip())
        return kinds.reply(self.title, self.id)


@dataclass(frozen=True)
class ItemRow:
    title: str = ""
    description: str = ""
    id: str = ""


@dataclass(frozen=True)
class CardRow:
    """Two places for buttons; an empty one is none."""

    title: str = ""
    body: str = ""
    media: str = ""
    buttons: tuple[ButtonRow, ButtonRow] = (ButtonRow(), ButtonRow())

    @property
    def card(self) -> Card:
        buttons = tuple(row.button for row in self.buttons if row.title.strip() or row.value.strip())
        urls = (self.media.strip(),) if self.media.strip() else ()
        return Card(self.title, self.body, urls, buttons)


@dataclass(frozen=True)
class VariableRow:
    """`source` is a word of filling.SOURCES."""

    name: str
    means: str = ""
    sample: str = ""
    source: str = "typed"


@dataclass(frozen=True)
class Written:
    """The whole form. `variables` also remembers those that no text uses at the moment."""

    name: str = ""
    language: str = "en"
    category: str = policy.UTILITY
    kind: str = kinds.TEXT
    header_kind: str = NONE
    header: str = ""
    body: str = ""
    footer: str = ""
    media: str = ""
    buttons: tuple[ButtonRow, ...] = ()
    list_button: str = ""
    items: tuple[ItemRow, ...] = ()
    cards: tuple[CardRow, ...] = ()
    latitude: str = ""
    longitude: str = ""
    label: str = ""
    address: str = ""
    code_title: str = ""
    minutes: str = ""
    advice: bool = True
    variables: tuple[VariableRow, ...] = field(default=())

    @property
    def parts(self) -> frozenset[str]:
        return PARTS.get(self.kind, frozenset())

    @property
    def button_kinds(self) -> tuple[str, ...]:
        return BUTTON_KINDS.get(self.kind, ())

    @property
    def types(self) -> dict[str, Any]:
        return _MAKERS[self.kind](self)

    @property
    def content(self) -> Content:
        types = self.types
        names = Content(types).names
        return Content(types, {row.name: row.sample for row in self.variables if row.name in names})

    @property
    def draft(self) -> policy.Draft:
        return policy.Draft(self.name, self.language, self.category, self.content)

    @property
    def used(self) -> list[VariableRow]:
        """A row for each variable in use, in reading order."""
        known = {row.name: row for row in self.variables}
        return [known.get(name) or VariableRow(name) for name in self.content.names]

    @property
    def unused(self) -> list[VariableRow]:
        names = self.content.names
        return [row for row in self.variables if row.name not in names]

    @property
    def is_blank(self) -> bool:
        """Only choices were made, such as a kind or a language."""
        words = [self.name, self.header, self.body, self.footer, self.media, self.list_button, self.latitude,
                 self.longitude, self.label, self.address, self.code_title, self.minutes]  # fmt: skip
        words += [word for row in self.items for word in (row.title, row.description)]
        words += [word for row in self.cards for word in (row.title, row.body, row.media)]
        buttons = (*self.buttons, *(button for row in self.cards for button in row.buttons))
        words += [word for row in buttons for word in (row.title, row.value)]
        return not any(word.strip() for word in words)

    @property
    def fields(self) -> dict[str, dict[str, str]]:
        return {row.name: {"means": row.means, "source": row.source} for row in self.used}

    @property
    def columns(self) -> dict[str, Any]:
        """As a template keeps them."""
        content = self.content
        return {
            "language": self.language,
            "category": self.category,
            "types": dict(content.types),
            "variables": dict(content.variables),
            "fields": self.fields,
        }

    def but(self, **changes: Any) -> Written:
        return replace(self, **changes)


# Into `types`


def _buttons(written: Written) -> list[Button]:
    return [row.button for row in written.buttons if row.kind in written.button_kinds]


def _media(written: Written) -> list[str]:
    return [url] if (url := written.media.strip()) else []


def _whatsapp_card(written: Written) -> dict[str, Any]:
    has_file = written.header_kind in (IMAGE, DOCUMENT)
    return kinds.whatsapp_card(
        written.body,
        header=written.header if written.header_kind == TEXT else "",
        footer=written.footer,
        urls=_media(written) if has_file else (),
        buttons=_buttons(written),
    )


def _degrees(text: str) -> Any:
    """A number, or for a variable or nonsense the words."""
    try:
        number = float(text)
    except ValueError:
        return text
    return number if isfinite(number) else text


def _location(written: Written) -> dict[str, Any]:
    latitude, longitude = _degrees(written.latitude), _degrees(written.longitude)
    return kinds.location(latitude, longitude, written.label, written.address)


def _authentication(written: Written) -> dict[str, Any]:
    digits = written.minutes.strip()
    minutes = int(digits) if digits.isascii() and digits.isdigit() else (0 if digits else None)
    types = kinds.authentication(written.code_title, minutes=minutes, advice=written.advice)
    if not written.code_title.strip():
        types[kinds.AUTHENTICATION]["actions"] = []
    return types


def _items(written: Written) -> list[Item]:
    return [Item(row.id or row.title, row.title, row.description) for row in written.items]


_MAKERS: dict[str, Callable[[Written], dict[str, Any]]] = {
    kinds.TEXT: lambda w: kinds.text(w.body),
    kinds.MEDIA: lambda w: kinds.media(w.body, _media(w)),
    kinds.QUICK_REPLY: lambda w: kinds.quick_reply(w.body, [(b.title, b.id) for b in _buttons(w)]),
    kinds.CALL_TO_ACTION: lambda w: kinds.call_to_action(w.body, _buttons(w)),
    kinds.LIST_PICKER: lambda w: kinds.list_picker(w.body, w.list_button, _items(w)),
    kinds.CARD: lambda w: kinds.card(w.header, w.footer, urls=_media(w), buttons=_buttons(w)),
    kinds.WHATSAPP_CARD: _whatsapp_card,
    kinds.LOCATION: _location,
    kinds.CAROUSEL: lambda w: kinds.carousel(w.body, [row.card for row in w.cards]),
    kinds.AUTHENTICATION: _authentication,
}
