"""What the rules look at and what they find."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from templates_mgmt import content as kinds
from templates_mgmt.content import Content

UTILITY, MARKETING, AUTHENTICATION = "UTILITY", "MARKETING", "AUTHENTICATION"
CATEGORIES = (UTILITY, MARKETING, AUTHENTICATION)

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}([_-][A-Za-z]{2,4})?")
MOST_VARIABLES = 100
MOST_EMOJI, MANY_EMOJI = 10, 9
APPROVED_BODY = 1024
BODY = {
    kinds.TEXT: 1600,
    kinds.MEDIA: 1600,
    kinds.CALL_TO_ACTION: 640,
    kinds.QUICK_REPLY: 1024,
    kinds.LIST_PICKER: 1024,
    kinds.CARD: 1024,
    kinds.WHATSAPP_CARD: 1024,
    kinds.CAROUSEL: 1024,
}
LONGEST_EDGE = 60  # header and footer
LONGEST_TITLE, LONGEST_REPLY = 20, 25
LONGEST_ID, SAFE_ID = 200, 128
BUTTONS, SESSION_BUTTONS, CARD_BUTTONS = 10, 3, 2
MOST_OF_A_KIND = {kinds.URL: 2, kinds.PHONE: 1, kinds.COPY_CODE: 1}
ITEMS, CARDS = range(1, 11), range(2, 11)
CODE_MINUTES = range(1, 91)


@dataclass(frozen=True)
class Draft:
    """A template as it is being written; `language` is WhatsApp's code, such as en or pt_BR."""

    name: str
    language: str
    category: str
    content: Content

    @property
    def main(self) -> tuple[str, str]:
        """The text that reviewers read and its field; a card's title is its text."""
        has_body = self.content.body or self.content.kind != kinds.CARD
        return (self.content.body, "body") if has_body else (self.content.header, "header")

    @property
    def base_language(self) -> str:
        return re.split("[_-]", self.language)[0].lower()


@dataclass(frozen=True)
class Finding:
    """`field` counts from 1 (buttons.2) or names a variable (variables.2); `edit` replaces its whole text."""

    rule: str
    sentence: str
    fix: str
    field: str
    is_error: bool = True
    edit: str = ""


Findings = Iterator[Finding]
Rule = Callable[[Draft], Findings]
