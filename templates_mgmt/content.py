"""What a template holds, over Twilio's `types`, and what a phone shows of it. Pure.

Shapes: schema `types` in twilio_content_v1.json of Twilio's OpenAPI files. Types that are not known here
are kept as they came and shown by whatever words they have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.utils.translation import gettext_lazy as _

from templates_mgmt import placeholders

TEXT, MEDIA, LOCATION = "twilio/text", "twilio/media", "twilio/location"
QUICK_REPLY, CALL_TO_ACTION = "twilio/quick-reply", "twilio/call-to-action"
LIST_PICKER, CATALOG = "twilio/list-picker", "twilio/catalog"
CARD, WHATSAPP_CARD, CAROUSEL = "twilio/card", "whatsapp/card", "twilio/carousel"
AUTHENTICATION = "whatsapp/authentication"
FLOWS, WHATSAPP_FLOWS = "twilio/flows", "whatsapp/flows"

# Richest first: WhatsApp gets the first of these that a content has.
RICHNESS = (
    WHATSAPP_CARD, CAROUSEL, CARD, WHATSAPP_FLOWS, FLOWS, LIST_PICKER, CALL_TO_ACTION, QUICK_REPLY,
    AUTHENTICATION, CATALOG, LOCATION, MEDIA, TEXT,
)  # fmt: skip
# What the editor makes; the others are kept and sent as Twilio has them.
BUILT = (
    TEXT, MEDIA, QUICK_REPLY, CALL_TO_ACTION, LIST_PICKER, CARD, WHATSAPP_CARD, LOCATION, CAROUSEL,
    AUTHENTICATION,
)  # fmt: skip
SESSION_ONLY = frozenset({LIST_PICKER, LOCATION})  # Twilio, error 63016
APPROVED_ONLY = frozenset({CAROUSEL, FLOWS, WHATSAPP_FLOWS, AUTHENTICATION})
LABELS = {
    TEXT: _("Text"),
    MEDIA: _("Photo or file"),
    QUICK_REPLY: _("Quick replies"),
    CALL_TO_ACTION: _("Link and phone buttons"),
    LIST_PICKER: _("List"),
    CARD: _("Card"),
    WHATSAPP_CARD: _("Card with header and footer"),
    LOCATION: _("Location"),
    CAROUSEL: _("Carousel"),
    AUTHENTICATION: _("One-time code"),
    CATALOG: _("Catalog"),
    FLOWS: _("Form"),
    WHATSAPP_FLOWS: _("Form"),
}

REPLY, URL, PHONE, COPY_CODE = "QUICK_REPLY", "URL", "PHONE_NUMBER", "COPY_CODE"

# WhatsApp writes these itself, in the language of the template (Twilio, "whatsapp/authentication").
CODE_WORDING = "{{1}} is your verification code."
CODE_ADVICE = "For your security, do not share this code."
CODE_EXPIRY = "This code expires in %s minutes."

# The order in which a person reads the parts, which is the order in which they meet the variables.
_READING = ("header_text", "title", "body", "subtitle", "footer")
_NEVER_FILLED = frozenset(
    {"type", "phone", "webview_size", "flow_id", "flow_token", "flow_first_page_id", "dynamic_items"}
)

Types = dict[str, Any]
Say = Callable[[Any], str]


@dataclass(frozen=True)
class Button:
    """`kind` is Twilio's word: QUICK_REPLY, URL, PHONE_NUMBER, COPY_CODE or a newer one."""

    kind: str
    title: str
    id: str = ""
    url: str = ""
    phone: str = ""
    code: str = ""


@dataclass(frozen=True)
class Item:
    """One line of a list picker."""

    id: str
    title: str
    description: str = ""


@dataclass(frozen=True)
class Card:
    """One card of a carousel."""

    title: str
    body: str
    media_urls: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True)
class Place:
    """Degrees as text, since a variable may stand for them."""

    latitude: str
    longitude: str
    label: str = ""
    address: str = ""

    @property
    def coordinates(self) -> str:
        return f"{self.latitude}, {self.longitude}" if self.latitude or self.longitude else ""


@dataclass(frozen=True)
class Shown:
    """What a phone shows; `list_button` opens a list or a form, `preset` is WhatsApp's own wording."""

    kind: str
    header: str = ""
    body: str = ""
    footer: str = ""
    media_urls: tuple[str, ...] = ()
    buttons: tuple[Button, ...] = ()
    list_button: str = ""
    items: tuple[Item, ...] = ()
    cards: tuple[Card, ...] = ()
    place: Place | None = None
    preset: str = ""

    @property
    def text(self) -> str:
        """The most telling words of it, for lists, search and notifications."""
        place = self.place and (self.place.label or self.place.coordinates)
        return self.body or self.preset or self.header or place or str(LABELS.get(self.kind, self.kind))


@dataclass(frozen=True)
class Content:
    """Twilio's `types` as they are, and `variables`: the samples by name."""

    types: Mapping[str, Any]
    variables: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def kind(self) -> str:
        """The richest known type, else the first unknown one."""
        known = (name for name in RICHNESS if name in self.types)
        return next(known, next(iter(self.types), TEXT))

    @property
    def kinds(self) -> tuple[str, ...]:
        """All types, the one that WhatsApp gets first."""
        return (self.kind, *(name for name in self.types if name != self.kind))

    @property
    def shape(self) -> Mapping[str, Any]:
        """The fields of the richest type."""
        return _mapping(self.types.get(self.kind))

    @property
    def is_built(self) -> bool:
        return self.kind in BUILT

    @property
    def is_session_only(self) -> bool:
        return self.kind in SESSION_ONLY

    @property
    def needs_approval(self) -> bool:
        """Whether it is refused unapproved even in an open window; coupon codes are."""
        return self.kind in APPROVED_ONLY or any(button.kind == COPY_CODE for button in self.buttons)

    @cached_property
    def as_written(self) -> Shown:
        """With the variables as `{{1}}`."""
        return self.shown({})

    @property
    def header(self) -> str:
        return self.as_written.header

    @property
    def body(self) -> str:
        return self.as_written.body

    @property
    def footer(self) -> str:
        return self.as_written.footer

    @property
    def media_urls(self) -> tuple[str, ...]:
        return self.as_written.media_urls

    @property
    def buttons(self) -> tuple[Button, ...]:
        return self.as_written.buttons

    @property
    def items(self) -> tuple[Item, ...]:
        return self.as_written.items

    @property
    def cards(self) -> tuple[Card, ...]:
        return self.as_written.cards

    def texts(self) -> list[str]:
        """Every string in which variables may occur, of all types, in reading order."""
        preset = [CODE_WORDING] if AUTHENTICATION in self.types else []
        return preset + [text for kind in self.kinds for text in _strings(self.types.get(kind))]

    @cached_property
    def names(self) -> list[str]:
        """All variables in use, in reading order."""
        return placeholders.names_of(self.texts())

    def shown(self, values: Mapping[str, str], *, samples: bool = False) -> Shown:
        """Filled with `values`, and with the samples where `samples` says so and there is no value."""
        filled = {**self.variables, **values} if samples else values

        def say(value: Any) -> str:
            return placeholders.fill("" if value is None else str(value), filled)

        shape, kind = self.shape, self.kind
        return Shown(
            kind=kind,
            header=say(shape.get("header_text")) or say(shape.get("title")),
            body=say(shape.get("body") or self._first_words()),
            footer=say(shape.get("footer")) or say(shape.get("subtitle")),
            media_urls=_media(shape, say),
            buttons=_buttons(shape, say),
            list_button=say(shape.get("button") or shape.get("button_text")),
            items=tuple(_item(each, say) for each in _list(shape, "items")) if kind == LIST_PICKER else (),
            cards=tuple(_card(each, say) for each in _list(shape, "cards")),
            place=_place(shape, say) if kind == LOCATION else None,
            preset=_preset(shape, say) if kind == AUTHENTICATION else "",
        )

    def _first_words(self) -> str:
        # Of a type that is not known here, so that it shows as more than an empty bubble.
        is_told = self.kind in RICHNESS or self.shape.get("title") or self.shape.get("header_text")
        return "" if is_told else next(_strings(self.shape), "")


# Reading what Twilio has, which may be of any shape


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(shape: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = shape.get(key)
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key in sorted(value, key=lambda key: _READING.index(key) if key in _READING else len(_READING)):
            if key not in _NEVER_FILLED:
                yield from _strings(value[key])
    elif isinstance(value, list):
        for each in value:
            yield from _strings(each)


def _media(shape: Mapping[str, Any], say: Say) -> tuple[str, ...]:
    media = shape.get("media") or []
    urls = [media] if isinstance(media, str) else media
    return tuple(say(url) for url in urls) if isinstance(urls, list) else ()


def _buttons(shape: Mapping[str, Any], say: Say) -> tuple[Button, ...]:
    return tuple(_button(action, say) for action in _list(shape, "actions"))


def _button(action: Mapping[str, Any], say: Say) -> Button:
    title = action.get("title") or action.get("copy_code_text") or ""
    return Button(
        kind=str(action.get("type") or REPLY),
        title=say(title),
        id=say(action.get("id") or title),
        url=say(action.get("url")),
        phone=str(action.get("phone") or ""),
        code=say(action.get("code")),
    )


def _item(item: Mapping[str, Any], say: Say) -> Item:
    return Item(say(item.get("id")), say(item.get("item")), say(item.get("description")))


def _card(card: Mapping[str, Any], say: Say) -> Card:
    return Card(say(card.get("title")), say(card.get("body")), _media(card, say), _buttons(card, say))


def _place(shape: Mapping[str, Any], say: Say) -> Place:
    return Place(*(say(shape.get(key)) for key in ("latitude", "longitude", "label", "address")))


def _preset(shape: Mapping[str, Any], say: Say) -> str:
    minutes = shape.get("code_expiration_minutes")
    advice = shape.get("add_security_recommendation", True)
    lines = [CODE_WORDING + (f" {CODE_ADVICE}" if advice else ""), CODE_EXPIRY % minutes if minutes else ""]
    return say("\n".join(line for line in lines if line))


# Making `types` from plain words


def text(body: str) -> Types:
    return {TEXT: {"body": body}}


def media(body: str, urls: Sequence[str]) -> Types:
    shape = {"body": body} if body else {}
    return {MEDIA: {**shape, "media": list(urls)}} | _fallback(body)


def quick_reply(body: str, replies: Iterable[tuple[str, str]]) -> Types:
    """`replies` are (title, ID)."""
    actions = _actions(reply(title, id) for title, id in replies)
    return {QUICK_REPLY: {"body": body, "actions": actions}} | _fallback(body)


def call_to_action(body: str, buttons: Iterable[Button]) -> Types:
    return {CALL_TO_ACTION: {"body": body, "actions": _actions(buttons)}} | _fallback(body)


def list_picker(body: str, button: str, items: Iterable[Item]) -> Types:
    lines = [_without_blanks({"id": i.id, "item": i.title, "description": i.description}) for i in items]
    return {LIST_PICKER: {"body": body, "button": button, "items": lines}} | _fallback(body)


def card(
    title: str, subtitle: str = "", *, urls: Sequence[str] = (), buttons: Iterable[Button] = ()
) -> Types:
    shape = {"title": title, "subtitle": subtitle, "media": list(urls), "actions": _actions(buttons)}
    return {CARD: _without_blanks(shape)} | _fallback(title, subtitle)


def whatsapp_card(
    body: str,
    *,
    header: str = "",
    footer: str = "",
    urls: Sequence[str] = (),
    buttons: Iterable[Button] = (),
) -> Types:
    rest = {"header_text": header, "footer": footer, "media": list(urls), "actions": _actions(buttons)}
    return {WHATSAPP_CARD: {"body": body, **_without_blanks(rest)}} | _fallback(header, body, footer)


def location(latitude: float, longitude: float, label: str = "", address: str = "") -> Types:
    """In degrees, north and east positive."""
    words = _without_blanks({"label": label, "address": address})
    return {LOCATION: {"latitude": latitude, "longitude": longitude, **words}} | _fallback(label, address)


def authentication(copy_title: str, *, minutes: int | None = None, advice: bool = True) -> Types:
    """A one-time code as variable 1; without a fallback, since WhatsApp alone writes the words."""
    actions = [{"type": COPY_CODE, "copy_code_text": copy_title}]
    expiry = {"code_expiration_minutes": minutes} if minutes is not None else {}
    return {AUTHENTICATION: {"add_security_recommendation": advice, **expiry, "actions": actions}}


def carousel(body: str, cards: Iterable[Card]) -> Types:
    return {CAROUSEL: {"body": body, "cards": [_carousel_card(each) for each in cards]}} | _fallback(body)


def reply(title: str, id: str = "") -> Button:
    return Button(REPLY, title, id=id or title)


def link(title: str, url: str) -> Button:
    return Button(URL, title, url=url)


def call(title: str, phone: str) -> Button:
    return Button(PHONE, title, phone=phone)


def coupon(title: str, code: str) -> Button:
    return Button(COPY_CODE, title, code=code)


def _fallback(*lines: str) -> Types:
    # Twilio advises a plain text beside every richer type, for where the richer one cannot be shown.
    body = "\n".join(line for line in lines if line)
    return text(body) if body else {}


def _without_blanks(shape: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in shape.items() if value}


def _actions(buttons: Iterable[Button]) -> list[dict[str, Any]]:
    return [_action(button) for button in buttons]


def _action(button: Button) -> dict[str, Any]:
    own_id = button.id if button.kind == REPLY else ""
    rest = {"id": own_id, "url": button.url, "phone": button.phone, "code": button.code}
    return {"type": button.kind, "title": button.title, **_without_blanks(rest)}


def _carousel_card(card: Card) -> dict[str, Any]:
    shape = {"body": card.body, "media": "".join(card.media_urls[:1]), "actions": _actions(card.buttons)}
    return {"title": card.title, **shape} if card.title else shape
