"""What the rules share."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from templates_mgmt.content import Button, Content
from templates_mgmt.policy.drafts import Finding, Findings

_ADDRESS = re.compile(r"https?://[^\s{}]+(\{\{\w{1,16}\}\})?")
_FILES = frozenset({".jpg", ".jpeg", ".png", ".mp4", ".pdf"})
_INSIDE = ("localhost", "local", "internal", "lan", "home", "test", "invalid")  # last parts of a host's name
_VARIABLE_INSIDE = re.compile(r"\{\{\w{1,16}\}\}.")


def parts(content: Content) -> Iterator[tuple[str, str]]:
    """Every field in which words stand, with its words."""
    yield from (("header", content.header), ("body", content.body), ("footer", content.footer))
    yield "list_button", content.as_written.list_button
    yield from ((f"items.{n}", f"{i.title}\n{i.description}") for n, i in enumerate(content.items, 1))
    yield from ((f"cards.{n}", f"{c.title}\n{c.body}") for n, c in enumerate(content.cards, 1))
    yield from ((field, f"{button.title}\n{button.url}") for field, button in every_button(content))


def every_button(content: Content) -> Iterator[tuple[str, Button]]:
    yield from ((f"buttons.{number}", button) for number, button in enumerate(content.buttons, 1))
    for number, card in enumerate(content.cards, 1):
        yield from ((f"cards.{number}", button) for button in card.buttons)


def too_long(rule: str, text: str, most: int, field: str, *, is_error: bool = True) -> Findings:
    if len(text) > most:
        numbers = {"count": len(text), "most": most, "over": len(text) - most}
        sentence = _("This has %(count)d characters, and %(most)d are allowed.") % numbers
        yield Finding(rule, sentence, _("Shorten it by %(over)d.") % numbers, field, is_error)


def too_many(rule: str, count: int, most: int, field: str) -> Finding:
    numbers = {"count": count, "most": most}
    sentence = _("There are %(count)d buttons; %(most)d are allowed.") % numbers
    return Finding(rule, sentence, _("Remove some."), field)


def address_problem(rule: str, url: str, field: str) -> Findings:
    if _VARIABLE_INSIDE.search(url):
        sentence = _("In an address a variable can stand only at the very end.")
        yield Finding(rule, sentence, _("Write it like https://example.com/orders/{{1}}."), field)
    elif not _ADDRESS.fullmatch(url):
        sentence = _("This is not a full web address.")
        yield Finding(rule, sentence, _("Start it with https:// and your own site."), field)


def file_problem(rule: str, url: str, field: str) -> Findings:
    """Of a file that WhatsApp fetches. What only a variable tells, or no ending does, is not judged."""
    if found := next(address_problem(rule, url, field), None):
        yield found
    elif not _is_public(url):
        sentence = _("WhatsApp cannot fetch a file from this address.")
        yield Finding(rule, sentence, _("Put it on a public site whose address starts with https://."), field)
    elif (ending := _ending(url)) and ending not in _FILES:
        sentence = _("WhatsApp does not take files that end with %(ending)s.") % {"ending": ending}
        yield Finding(rule, sentence, _("Use a JPEG, PNG, MP4 or PDF."), field)


def _is_public(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    try:
        return parts.scheme == "https" and ip_address(host).is_global
    except ValueError:
        return parts.scheme == "https" and "." in host and host.rpartition(".")[2] not in _INSIDE


def _ending(url: str) -> str:
    path = urlsplit(url).path
    return "" if path.endswith("}}") else PurePosixPath(path).suffix.lower()
