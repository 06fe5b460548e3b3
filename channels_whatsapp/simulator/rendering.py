"""What a phone shows of a content: every part in words, variables filled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from .content import RICHNESS, approved, fill, richest
from .records import Content

#: WhatsApp writes these itself.
CODE = "{{1}} is your verification code."
ADVICE = " For your security, do not share this code."
EXPIRY = "This code expires in {minutes} minutes."
#: Keys in the order in which their words are read, and those that hold no words.
READ_FIRST = ("header_text", "title", "body", "subtitle", "footer")
NO_WORDS = ("type", "phone", "webview_size", "flow_id", "flow_token", "flow_first_page_id", "dynamic_items")

Say = Callable[[Any], str]


def rendered(content: Content, variables: dict[str, str]) -> dict[str, Any]:
    """`body` and `media_urls`, and around them header, footer, buttons, choices, cards and place."""
    kind = richest(content.types)
    given = content.types.get(kind)
    shape = given if isinstance(given, dict) else {}
    filled = {**content.variables, **variables}

    def say(value: Any) -> str:
        return "" if value is None else fill(str(value), filled)

    shown: dict[str, Any] = {
        "template": content.friendly_name if approved(content) else "",
        "header": say(shape.get("header_text")) or say(shape.get("title")),
        "footer": say(shape.get("footer")) or say(shape.get("subtitle")),
        "media_urls": _media(shape, say),
        "buttons": _buttons(shape, say),
        "list_button": say(shape.get("button") or shape.get("button_text")),
        "body": say(shape.get("body") or ""),
    }
    if kind == "whatsapp/authentication":
        shown["body"] = shown["body"] or say(_code_words(shape))
    elif kind == "twilio/list-picker":
        shown["choices"] = [_choice(item, say) for item in _rows(shape, "items")]
    elif kind == "twilio/location":
        shown["place"] = {key: say(shape.get(key)) for key in ("latitude", "longitude", "label", "address")}
    elif kind not in RICHNESS and not (shown["body"] or shape.get("title") or shape.get("header_text")):
        shown["body"] = say(next(_words(shape), ""))
    return shown | {"cards": [_card(card, say) for card in _rows(shape, "cards")]}


def _rows(shape: dict[str, Any], key: str) -> list[dict[str, Any]]:
    rows = shape.get(key)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _media(shape: dict[str, Any], say: Say) -> list[str]:
    media = shape.get("media") or []
    urls = [media] if isinstance(media, str) else media
    return [say(url) for url in urls] if isinstance(urls, list) else []


def _buttons(shape: dict[str, Any], say: Say) -> list[dict[str, str]]:
    return [_button(action, say) for action in _rows(shape, "actions")]


def _button(action: dict[str, Any], say: Say) -> dict[str, str]:
    title = action.get("title") or action.get("copy_code_text") or ""
    return {
        "type": str(action.get("type") or "QUICK_REPLY"),
        "title": say(title),
        "id": say(action.get("id") or title),
        "url": say(action.get("url")),
        "phone": str(action.get("phone") or ""),
        "code": say(action.get("code")),
    }


def _choice(item: dict[str, Any], say: Say) -> dict[str, str]:
    return {key: say(item.get(key)) for key in ("id", "item", "description")}


def _card(card: dict[str, Any], say: Say) -> dict[str, Any]:
    words = {"title": say(card.get("title")), "body": say(card.get("body"))}
    return words | {"media_urls": _media(card, say), "buttons": _buttons(card, say)}


def _code_words(shape: dict[str, Any]) -> str:
    first = CODE + (ADVICE if shape.get("add_security_recommendation", True) else "")
    minutes = shape.get("code_expiration_minutes")
    return f"{first}\n{EXPIRY.format(minutes=minutes)}" if minutes else first


def _words(value: Any) -> Iterator[str]:
    """Every text deep inside a type that this phone does not know, most telling first."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        keys = [key for key in READ_FIRST if key in value] + [key for key in value if key not in READ_FIRST]
        for key in keys:
            yield from () if key in NO_WORDS else _words(value[key])
    elif isinstance(value, list):
        for each in value:
            yield from _words(each)
