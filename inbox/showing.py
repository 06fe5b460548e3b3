"""What a phone shows of a template message, ready for `inbox/_shown.html`. Pure, and ready for nonsense.

Every text may be marked up already (a SafeString); plain text is escaped by the template.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from inbox import formatting
from inbox.contents import text, web_address

_ICONS = {"QUICK_REPLY": "reply", "URL": "external-link", "PHONE_NUMBER": "phone", "COPY_CODE": "copy"}
_PHOTOS = frozenset({"jpg", "jpeg", "png", "webp", "gif"})
_VIDEOS = frozenset({"mp4", "3gp"})


@dataclass(frozen=True)
class ShownFile:
    """A file at its address; `url` is empty when that is not one to open."""

    name: str
    extension: str
    url: str

    @classmethod
    def of(cls, address: str) -> ShownFile:
        name = _last_part(address)
        return cls(name or address, PurePosixPath(name).suffix[1:5].upper(), web_address(address))

    @property
    def icon(self) -> str:
        kind = self.extension.lower()
        return "image" if kind in _PHOTOS else "film" if kind in _VIDEOS else "file-text"


@dataclass(frozen=True)
class ShownButton:
    """`hint` is where it leads: an address, a number, a code."""

    title: str
    kind: str = "QUICK_REPLY"
    hint: str = ""

    @property
    def icon(self) -> str:
        return _ICONS.get(self.kind, "square-mouse-pointer")


@dataclass(frozen=True)
class ShownItem:
    title: str
    description: str = ""


@dataclass(frozen=True)
class ShownCard:
    title: str
    body: str
    files: tuple[ShownFile, ...] = ()
    buttons: tuple[ShownButton, ...] = ()


@dataclass(frozen=True)
class ShownPlace:
    label: str
    address: str
    coordinates: str


@dataclass(frozen=True)
class Showing:
    """`list_button` opens `items`, or a form."""

    header: str = ""
    body: str = ""
    footer: str = ""
    files: tuple[ShownFile, ...] = ()
    buttons: tuple[ShownButton, ...] = ()
    list_button: str = ""
    items: tuple[ShownItem, ...] = ()
    cards: tuple[ShownCard, ...] = ()
    place: ShownPlace | None = None


def kept(given: Mapping[str, Any]) -> Showing:
    """Read back from what a message keeps (`FilledTemplate.shown`)."""
    place = given.get("place")
    return Showing(
        header=_words(given, "header"),
        body=formatting.to_html(_words(given, "body")),
        footer=_words(given, "footer"),
        files=_files(given),
        buttons=_buttons(given),
        list_button=_words(given, "list_button"),
        items=tuple(ShownItem(_words(i, "title"), _words(i, "description")) for i in _each(given, "items")),
        cards=tuple(_card(card) for card in _each(given, "cards")),
        place=_place(place) if isinstance(place, Mapping) else None,
    )


def _card(given: Mapping[str, Any]) -> ShownCard:
    body = formatting.to_html(_words(given, "body"))
    return ShownCard(_words(given, "title"), body, _files(given), _buttons(given))


def _place(given: Mapping[str, Any]) -> ShownPlace:
    coordinates = ", ".join(_words(given, key) for key in ("latitude", "longitude"))
    return ShownPlace(_words(given, "label"), _words(given, "address"), coordinates)


def _files(given: Mapping[str, Any]) -> tuple[ShownFile, ...]:
    urls = given.get("media_urls")
    return (
        tuple(ShownFile.of(url) for url in urls if isinstance(url, str))
        if isinstance(urls, list | tuple)
        else ()
    )


def _buttons(given: Mapping[str, Any]) -> tuple[ShownButton, ...]:
    return tuple(_button(button) for button in _each(given, "buttons"))


def _button(given: Mapping[str, Any]) -> ShownButton:
    hint = next((said for key in ("url", "phone", "code") if (said := text(given, key))), "")
    return ShownButton(_words(given, "title"), text(given, "kind"), hint)


def _each(given: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    rows = given.get(key)
    yield from (row for row in rows if isinstance(row, Mapping)) if isinstance(rows, list | tuple) else ()


def _words(given: Mapping[str, Any], key: str) -> str:
    value = given.get(key)
    return value if isinstance(value, str) else ""


def _last_part(address: str) -> str:
    try:
        return unquote(PurePosixPath(urlsplit(address).path).name)
    except ValueError:
        return ""
