from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.stack import Stack

SignIn = Callable[..., Page]


def test_an_agent_signs_in_and_sees_the_inbox(sign_in: SignIn) -> None:
    page = sign_in("agent")
    expect(page.locator("#conversation-list")).to_be_visible()


def test_the_phone_page_opens_without_an_error(live: Stack, page: Page) -> None:
    page.goto(live.phone_url)
    expect(page.get_by_role("textbox", name="Message")).to_be_visible()
