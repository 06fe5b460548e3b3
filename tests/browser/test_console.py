"""No page reports an error to the console: an exception, something missing, or a breach of the policy."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.callers import forget
from tests.browser.stack import Stack

SignIn = Callable[..., Page]
FILTERS = ("/?status=pending", "/?status=snoozed", "/?status=resolved", "/?view=mine&unread=1", "/?q=lamp")


def test_conversations_of_every_sort_open_in_silence(sign_in: SignIn) -> None:
    page = sign_in("lead")
    for path in ("/", *FILTERS):
        page.goto(path)
        links = page.locator(".row-link")
        for place in range(0, min(links.count(), 12), 3):
            name = links.nth(place).locator(".row-name").inner_text()
            links.nth(place).click()
            expect(page.locator("#thread-name")).to_have_text(name)
            expect(page.locator("#composer")).to_be_visible()


def test_the_phone_is_silent_for_everybody(live: Stack, page: Page) -> None:
    page.goto(live.phone_url)
    people = page.get_by_label("Play as").locator("option").evaluate_all("all => all.map(o => o.value)")
    for person in [*people[:8], "new"]:
        page.goto(f"{live.phone_url}/?as={person.replace('+', '%2B')}")
        expect(page.get_by_label("The customer’s phone")).to_be_visible()


@pytest.mark.parametrize("path", ["/login/", "/account/password/reset/", "/account/password/reset/done/"])
def test_pages_for_strangers_are_silent(page: Page, path: str) -> None:
    answer = page.goto(path)
    assert answer
    assert answer.ok
    expect(page.get_by_role("heading").first).to_be_visible()


@pytest.mark.parametrize(("path", "status"), [("/nothing/here/", 404), ("/conversations/999999999/", 404)])
def test_pages_for_what_is_not_there_speak_plainly(
    sign_in: SignIn, path: str, status: int, page_errors: list[str]
) -> None:
    page = sign_in("lead")
    answer = page.goto(path)
    assert answer
    assert answer.status == status
    expect(page.get_by_role("heading").first).to_be_visible()
    page.get_by_role("link").first.click()
    expect(page.locator("#conversation-list")).to_be_visible()
    forget(page_errors, "404 (Not Found)")
