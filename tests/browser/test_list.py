"""The list pane in a real browser: live rows, keyboard, narrow screens, and what screen readers get."""

from __future__ import annotations

import itertools
import json
import re
import urllib.request
from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.stack import Stack

SignIn = Callable[..., Page]
_numbers = itertools.count(15550100)


def write(live: Stack, body: str, number: str = "", name: str = "Wanda Fleetfoot") -> str:
    """A customer writes; returns their number."""
    number = number or f"+2027{next(_numbers)}"
    ask(live, "customers", address=f"whatsapp:{number}", name=name)
    ask(live, "send", **{"from": f"whatsapp:{number}", "body": body})
    return number


def ask(live: Stack, what: str, **words: str) -> None:
    request = urllib.request.Request(
        f"{live.phone_url}/_sim/{what}", json.dumps(words).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status < 300


def row_of(page: Page, name: str) -> Locator:
    return page.locator("#conversation-list .row", has=page.locator(".row-name", has_text=name))


def test_a_new_customer_appears_by_themselves_and_takes_nothing_away(live: Stack, sign_in: SignIn) -> None:
    page = sign_in("lead")
    # Counts are kept for a second: what the test before this one read may still be in them.
    page.wait_for_timeout(2000)
    page.reload()
    page.locator("#list-search").focus()
    unread = int(page.locator("#nav-unread").get_attribute("data-unread") or 0)
    number = write(live, "Is the green one back?", name="Wanda Newcomer")
    row = row_of(page, "Wanda Newcomer")
    expect(row).to_have_count(1)
    expect(row.locator(".row-preview")).to_contain_text("Is the green one back?")
    expect(row.locator("xpath=ancestor::section[1]")).to_have_attribute("data-section", "open")
    expect(page.locator("#announcer")).to_contain_text("New message from Wanda Newcomer")
    expect(page.locator("#nav-unread")).to_have_attribute("data-unread", str(unread + 1))
    expect(page).to_have_title(f"({unread + 1}) Inbox · Fanlight")
    expect(page.locator("#list-search")).to_be_focused()
    write(live, "Hello?", number, name="Wanda Newcomer")
    expect(row.locator(".row-unread .count")).to_contain_text("2")
    expect(row).to_have_count(1)


def test_opening_a_row_keeps_the_list_and_marks_it_read(live: Stack, sign_in: SignIn) -> None:
    page = sign_in("lead")
    write(live, "Do you open on Sunday?", name="Wanda Opener")
    row = row_of(page, "Wanda Opener")
    row.locator("a").click()
    expect(page.locator("#thread-name")).to_have_text("Wanda Opener")
    expect(page.locator("#details")).to_be_visible()
    expect(row.locator("a")).to_have_attribute("aria-current", "true")
    expect(page.locator("#conversation-list [aria-current]")).to_have_count(1)
    expect(row.locator(".row-unread .count")).to_have_count(0)
    page.go_back()
    expect(page.locator("#thread")).to_contain_text("Pick a conversation")


def test_filters_and_search_change_list_and_address(sign_in: SignIn) -> None:
    page = sign_in("lead")
    page.locator("#view-unassigned").click()
    expect(page).to_have_url(re.compile(r"/\?view=unassigned$"))
    expect(page.locator("#view-unassigned")).to_have_attribute("aria-current", "page")
    page.keyboard.press("/")
    page.keyboard.type("haddad")
    expect(page.get_by_role("heading", name="People")).to_be_visible()
    expect(row_of(page, "Nour Haddadine")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"view=unassigned&q=haddad"))
    page.locator("#list-search").fill("zzzz")
    expect(page.locator("#conversation-list")).to_contain_text("No match for “zzzz”")
    page.locator("#list-search").fill("")
    expect(page.locator("#view-unassigned")).to_have_attribute("aria-current", "page")


def test_the_keyboard_moves_opens_and_comes_back(sign_in: SignIn) -> None:
    page = sign_in("lead")
    links = page.locator("#conversation-list .row-link")
    page.keyboard.press("j")
    expect(links.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("j")
    expect(links.nth(1)).to_be_focused()
    name = links.nth(1).locator(".row-name").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator("#thread-name")).to_have_text(name)
    page.keyboard.press("]")
    expect(page.locator("#view-mine")).to_have_attribute("aria-current", "page")
    page.keyboard.press("[")
    expect(page.locator("#view-all")).to_have_attribute("aria-current", "page")
    page.keyboard.press("g")
    page.keyboard.press("i")
    expect(page.locator("#thread")).to_contain_text("Pick a conversation")


def test_single_keys_can_be_switched_off(sign_in: SignIn) -> None:
    page = sign_in("lead")
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    sheet.get_by_role("switch").uncheck()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    page.keyboard.press("?")
    page.keyboard.press("j")
    expect(sheet).to_be_hidden()
    expect(page.locator(".row-link:focus")).to_have_count(0)


def test_what_came_while_offline_is_there_once_afterwards(
    live: Stack, sign_in: SignIn, context: BrowserContext, page_errors: list[str]
) -> None:
    page = sign_in("lead")
    expect(page.locator("#offline")).to_be_hidden()
    context.set_offline(True)
    expect(page.locator("#offline")).to_be_visible()
    for n in range(3):
        write(live, f"Message {n}", name=f"Wanda Offline {n}")
    context.set_offline(False)
    for n in range(3):
        expect(row_of(page, f"Wanda Offline {n}")).to_have_count(1)
    expect(page.locator("#offline")).to_be_hidden()
    page_errors[:] = [error for error in page_errors if "ERR_INTERNET_DISCONNECTED" not in error]


def test_a_phone_shows_one_pane_at_a_time(sign_in: SignIn, page: Page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in("lead")
    expect(page.locator("#thread")).to_be_hidden()
    page.locator(".row-link").first.click()
    expect(page.locator("#thread-name")).to_be_visible()
    expect(page.locator("#list-pane")).to_be_hidden()
    page.get_by_role("link", name="Back").click()
    expect(page.locator("#list-pane")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_theme_is_kept(sign_in: SignIn) -> None:
    page = sign_in("lead")
    page.get_by_role("button", name="open your menu").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.get_by_role("button", name="open your menu").click()
    page.get_by_role("button", name="System").click()
    assert page.locator("html").get_attribute("data-theme") is None


def test_the_clock_moves_without_a_word_from_the_server(sign_in: SignIn) -> None:
    page = sign_in("lead")
    row = page.locator("#rows-open .row").first
    ring = row.locator(".ring-left")
    before = ring.get_attribute("stroke-dasharray")
    row.evaluate(
        "row => { row.dataset.closesAt = Number(row.dataset.closesAt) - 6 * 3600e3; fanlight.tick(); }"
    )
    assert ring.get_attribute("stroke-dasharray") != before


def test_reading_and_filtering_work_without_script(
    live: Stack, context: BrowserContext, sign_in: SignIn
) -> None:
    sign_in("lead")
    browser = context.browser
    assert browser
    plain = browser.new_context(
        base_url=live.url, java_script_enabled=False, storage_state=context.storage_state()
    )
    page = plain.new_page()
    page.goto("/")
    page.locator("#view-mine").click()
    expect(page.locator("#view-mine")).to_have_attribute("aria-current", "page")
    page.get_by_role("searchbox", name="Search conversations").fill("haddad")
    page.keyboard.press("Enter")
    row_of(page, "Nour Haddadine").locator("a").click()
    expect(page.locator("#thread-name")).to_have_text("Nour Haddadine")
    plain.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_in_the_way_of_anybody(
    sign_in: SignIn, page: Page, page_errors: list[str], scheme: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    page.goto("/login/")
    must_be_clean(page)
    sign_in("lead")
    must_be_clean(page, only="#list-pane, .rail")
    page.goto("/?q=la")
    must_be_clean(page, only="#list-pane, .rail")
    if width > 400:
        page.keyboard.press("?")
        must_be_clean(page, only="#shortcuts")
    # What the checker itself does to the page breaks our policy; the other tests hold the page to it.
    page_errors[:] = [error for error in page_errors if "Applying inline style" not in error]


def must_be_clean(page: Page, only: str = "body") -> None:
    context = [[part.strip()] for part in only.split(",")]
    found = Axe().run(page, context={"include": context}, options={"preload": False})
    assert not found.violations_count, found.generate_report()
