"""Slow and broken connections: what was pressed goes out once, and nobody is told what is not so."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conversations import Customer
from tests.browser.stack import Stack
from tests.browser.test_composer import box, bubbles
from tests.browser.test_thread import open_thread


@pytest.fixture
def thread(sign_in: object, live: Stack) -> Page:
    page = sign_in("lead")  # type: ignore[operator]
    open_thread(page, Customer(live))
    return page


def test_drafts_on_a_slow_line_do_not_keep_send_from_being_heard(thread: Page) -> None:
    def slowly(route: Route) -> None:
        time.sleep(1.5)
        route.continue_()

    thread.route("**/draft/", slowly)
    box(thread).press_sequentially("Is it", delay=20)
    thread.wait_for_timeout(900)
    box(thread).press_sequentially(" here", delay=20)
    thread.wait_for_timeout(800)
    thread.get_by_role("button", name="Send", exact=True).click()
    expect(bubbles(thread, "Is it here")).to_have_count(1)
    # The draft that was still on its way does not come back into the box.
    thread.wait_for_timeout(3500)
    thread.unroute("**/draft/")
    thread.reload()
    expect(bubbles(thread, "Is it here")).to_have_count(1)
    expect(box(thread)).to_have_value("")


def test_one_broken_request_is_made_good_though_the_stream_never_broke(
    thread: Page, page_errors: list[str]
) -> None:
    broken: list[Route] = []

    def break_once(route: Route) -> None:
        if route.request.method == "POST" and not broken:
            broken.append(route)
            route.abort("connectionreset")
        else:
            route.continue_()

    thread.route("**/messages/", break_once)
    box(thread).fill("Only a hiccup")
    thread.get_by_role("button", name="Send", exact=True).click()
    expect(thread.locator("#composer-waiting")).to_be_visible()
    expect(bubbles(thread, "Only a hiccup")).to_have_count(1)
    expect(thread.locator("#composer-waiting")).to_be_hidden()
    page_errors.clear()


def test_whoever_is_signed_out_elsewhere_is_asked_to_sign_in(
    thread: Page, page_errors: list[str], live: Stack
) -> None:
    thread.context.clear_cookies(name="sessionid")
    # The stream of a session that is over ends by itself; here it is cut at once.
    thread.evaluate("document.dispatchEvent(new CustomEvent('htmx:sseError'))")
    thread.wait_for_url("**/login/**")
    page_errors.clear()
