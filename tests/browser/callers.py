"""Customers of the simulator: each has a number and a name of their own, so that tests do not meet."""

from __future__ import annotations

import itertools
import json
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Locator, Page, expect

from tests.browser.stack import Stack

# Answered by everybody: it has no team.
SENDER = "whatsapp:+12025550134"
_numbers = itertools.count(1_000)
_NAMES = ["Robin", "Ada", "Kit", "Noor", "Sasha", "Remy", "Lou", "Alex", "Toni", "Jules", "Mika", "Charlie"]


@dataclass
class Caller:
    live: Stack
    number: int = field(default_factory=lambda: next(_numbers))

    @property
    def name(self) -> str:
        return f"{_NAMES[self.number % len(_NAMES)]} Caller {self.number}"

    @property
    def address(self) -> str:
        return f"whatsapp:+4477009{self.number:05d}"

    @property
    def phone_url(self) -> str:
        return f"{self.live.phone_url}/?{urlencode({'as': self.address, 'to': SENDER})}"

    def joins(self) -> None:
        self._ask("customers", address=self.address, name=self.name)

    def writes(self, body: str = "", **words: Any) -> str:
        """Its MessageSid. `kind`, `params` and so on as the simulator's control takes them."""
        self.joins()
        return self._ask("send", **{"from": self.address, "to": SENDER, "body": body, **words})["sid"]

    def reads_everything(self, does: bool) -> None:
        self._ask("read", auto=does)

    def fails_next(self, code: int) -> None:
        self._ask("faults", kind="fail", on="POST */Messages.json", code=code)

    def heard(self) -> list[str]:
        """What came to the phone, oldest first."""
        query = urlencode({"customer": self.address})
        with urllib.request.urlopen(f"{self.live.phone_url}/_sim/messages?{query}", timeout=10) as answer:
            messages = json.load(answer)["messages"]
        return [message["body"] for message in messages if message["direction"] != "inbound"]

    def row(self, page: Page) -> Locator:
        return page.locator("#conversation-list .row", has=page.get_by_text(self.name, exact=True))

    def opened_by(self, page: Page) -> Page:
        """The agent picks the customer in the list."""
        self.row(page).get_by_role("link").click()
        expect(page.locator("#thread-name")).to_have_text(self.name)
        return page

    def _ask(self, what: str, **words: Any) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(
            f"{self.live.phone_url}/_sim/{what}", json.dumps(words).encode(), headers
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.load(answer)


def box(page: Page) -> Locator:
    return page.get_by_role("textbox", name="Reply", exact=True)


def say(page: Page, text: str) -> Locator:
    """Write and press Send; the bubble."""
    box(page).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(box(page)).to_have_value("")
    return bubble(page, text)


def bubble(page: Page, text: str) -> Locator:
    return page.locator("#messages .msg", has_text=text)


def within(kind: str, part: str) -> str:
    """The selector of a part of every bubble of that kind."""
    return f"#messages .msg[data-kind='{kind}'] {part}"


def kinds(page: Page, kind: str) -> Locator:
    return page.locator(f"#messages .msg[data-kind='{kind}']")


def forget(errors: list[str], *expected: str) -> None:
    """Chromium reports refusals and lost connections as errors; here they are what was asked for."""
    errors[:] = [error for error in errors if not any(words in error for words in expected)]
