"""`live` is the running product, `page` a browser tab that fails the test on any error it reports."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.browser import chromium
from tests.browser.stack import PASSWORD, Stack

# Milliseconds; a busy machine is slow, and a test that passes does not wait.
PATIENCE = 15_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/tests/browser/" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not (path := chromium.find()):
        if chromium.is_required():
            pytest.fail("REQUIRE_BROWSER=1 and there is no Chromium")
        pytest.skip("no Chromium here")
    # Playwright keeps an event loop in this thread, in which Django would refuse the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(chromium.ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The product with demo data, for the whole run."""
    stack = Stack(tmp_path_factory.mktemp("live") / "data")
    stack.start()
    yield stack
    stack.stop()


@pytest.fixture
def context(browser: Browser, live: Stack) -> Iterator[BrowserContext]:
    context = browser.new_context(base_url=live.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page_errors() -> list[str]:
    """What the pages of this test reported. A test that provokes an error clears the list."""
    return []


def watched(page: Page, errors: list[str]) -> Page:
    """Its console errors (among them every CSP violation) and exceptions go into the list."""

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location.get('url')})")

    page.on("console", heard)
    page.on("pageerror", lambda error: errors.append(str(error)))
    return page


@pytest.fixture
def new_page(context: BrowserContext, page_errors: list[str]) -> Iterator[Callable[[], Page]]:
    """Makes watched tabs: what they report fails the test."""
    yield lambda: watched(context.new_page(), page_errors)
    assert not page_errors, "\n".join(page_errors)


@pytest.fixture
def page(new_page: Callable[[], Page]) -> Page:
    return new_page()


@pytest.fixture
def sign_in(page: Page) -> Callable[..., Page]:
    """`sign_in("lead")`: the tab, signed in and on the inbox."""

    def enter(username: str = "agent", *, tab: Page | None = None) -> Page:
        tab = tab or page
        tab.goto("/login/")
        tab.get_by_label("Username or email").fill(username)
        tab.get_by_label("Password", exact=True).fill(PASSWORD)
        tab.get_by_role("button", name="Sign in").click()
        tab.wait_for_url(lambda url: "/login/" not in url)
        return tab

    return enter


@pytest.fixture
def colleague(
    browser: Browser, live: Stack, sign_in: Callable[..., Page], page_errors: list[str]
) -> Iterator[Page]:
    """Somebody else, in a browser of their own, signed in as agent."""
    context = browser.new_context(base_url=live.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE)
    yield sign_in("agent", tab=watched(context.new_page(), page_errors))
    context.close()
