"""Templates sent by keyboard: from a closed conversation, and to somebody who was never written to."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.callers import forget
from tests.browser.conversations import Customer
from tests.browser.stack import Stack
from tests.browser.test_accessibility import must_be_clean, must_fit
from tests.browser.test_composer import bubbles
from tests.browser.test_thread import open_thread


def field(page: Page, name: str) -> Locator:
    return page.get_by_role("textbox", name=re.compile(f"^{name}"))


def choose(page: Page, name: str) -> None:
    """By its name, from wherever the keyboard is in the picker."""
    page.locator("#picker-words").focus()
    page.keyboard.type(name)
    found = page.locator("#picker-list [role=option]")
    expect(found).to_have_count(1)
    page.keyboard.press("Enter")
    expect(found).to_have_attribute("aria-selected", "true")


def fill_and_send(page: Page) -> None:
    """A blank is refused where it is; when it is filled, Enter sends."""
    blank = field(page, "Repair number")
    expect(blank).to_be_focused()
    page.keyboard.press("Enter")
    expect(blank).to_be_focused()
    expect(blank).to_have_attribute("aria-invalid", "true")
    page.keyboard.type("R-0815")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("repair R-0815 is ready")
    page.keyboard.press("Enter")


@pytest.mark.parametrize(("hours", "then"), [(-2, "#messages"), (20, "#composer-text")])
def test_a_template_is_sent_by_keyboard(
    sign_in: Callable[..., Page], live: Stack, page_errors: list[str], hours: int, then: str
) -> None:
    page = sign_in("lead")
    open_thread(page, Customer(live, hours=hours, name="Grace Tamblyn"))
    page.locator("#thread-name").click()
    page.keyboard.press("Shift+T")
    expect(page.locator("#picker :focus")).to_have_count(1)
    choose(page, "repair_ready")
    expect(field(page, "Repair number")).to_be_focused()
    expect(field(page, "First name")).to_have_value("Grace")
    must_be_clean(page)
    forget(page_errors, "Applying inline style")
    fill_and_send(page)
    expect(bubbles(page, "Hi Grace, repair R-0815 is ready.")).to_have_count(1)
    # Closed, arrows scroll to what was sent and the next letter is a shortcut; open, one writes on.
    expect(page.locator(then)).to_be_focused()


def test_what_is_being_filled_stays_when_the_window_opens(sign_in: Callable[..., Page], live: Stack) -> None:
    page = sign_in("lead")
    grace = Customer(live, hours=-2, name="Grace Tamblyn")
    open_thread(page, grace)
    page.locator("#thread-name").click()
    page.keyboard.press("r")
    expect(page.locator("#picker :focus")).to_have_count(1)
    choose(page, "repair_ready")
    number = field(page, "Repair number")
    number.press_sequentially("R-08")
    grace.writes("Hello again")
    expect(page.locator("#composer[data-window=open]")).to_be_visible()
    expect(number).to_be_focused()
    page.keyboard.type("15")
    expect(number).to_have_value("R-0815")
    expect(page.get_by_role("region", name="Preview")).to_contain_text("repair R-0815 is ready")
    page.keyboard.press("Control+Enter")
    expect(bubbles(page, "Hi Grace, repair R-0815 is ready.")).to_have_count(1)
    expect(page.locator("#composer-text")).to_be_focused()


def test_somebody_new_is_written_to_by_keyboard(
    sign_in: Callable[..., Page], live: Stack, page_errors: list[str]
) -> None:
    page = sign_in("lead")
    page.keyboard.press("c")
    expect(page.get_by_role("searchbox", name="Customer")).to_be_focused()
    page.keyboard.type("+44 7700 900978")
    number = page.get_by_role("link", name=re.compile("900978"))
    expect(number).to_be_visible()
    must_be_clean(page)
    number.focus()
    page.keyboard.press("Enter")
    choose(page, "repair_ready")
    expect(field(page, "First name")).to_be_focused()
    page.keyboard.type("Ann")
    for width in (320, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        must_fit(page)
        must_be_clean(page)
    forget(page_errors, "Applying inline style")
    field(page, "Repair number").focus()
    fill_and_send(page)
    page.wait_for_url(re.compile(r"/conversations/\d+/"))
    expect(bubbles(page, "Hi Ann, repair R-0815 is ready.")).to_have_count(1)
