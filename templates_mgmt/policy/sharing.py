"""What the rules share."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from templates_mgmt.content import Button, Content
from templates_mgmt.policy.drafts import Finding, Findings

_ADDRESS = re.compile(r"https?://[^\s{}]+(\{\{\w{1,16}\}\})?")
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
