"""One real tab, which remembers when each bubble appeared in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import quote

from playwright.sync_api import BrowserContext, TimeoutError, sync_playwright

from benchmarks.report import say
from tests.browser import chromium

WATCH = """() => {
  window.shown = {};
  const note = (element) => {
    const at = performance.timeOrigin + performance.now();
    if (element.id?.startsWith("message-")) window.shown[element.id] ??= at;
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const added of addedNodes)
        if (added.nodeType === 1) [added, ...added.querySelectorAll("[id^=message-]")].forEach(note);
  }).observe(document.body, { childList: true, subtree: true });
}"""


class Tab:
    def __init__(self, context: BrowserContext, cookie: str) -> None:
        self.context = context
        self.name, _, self.value = cookie.partition("=")
        self.page = None

    def open(self, port: int, path: str) -> None:
        if self.page:
            self.page.close()
        address = f"http://127.0.0.1:{port}"
        self.context.add_cookies([{"name": self.name, "value": quote(self.value), "url": address}])
        self.page = self.context.new_page()
        with self.page.expect_response("**/events/"):
            self.page.goto(address + path)
        self.page.locator("#thread").wait_for()
        self.page.evaluate(WATCH)

    def shown(self, wanted: set[str]) -> dict[str, float]:
        """Element id → time, in seconds since 1970, of every bubble that appeared since `open`.

        Waits for those that are wanted, but not for ever.
        """
        with suppress(TimeoutError):
            self.page.wait_for_function("ids => ids.every((id) => id in shown)", arg=sorted(wanted))
        return {name: at / 1000 for name, at in self.page.evaluate("window.shown").items()}


@contextmanager
def browser(cookie: str) -> Iterator[Tab | None]:
    """None, and a word about it, where no Chromium is."""
    if not (path := chromium.find()):
        say("  no Chromium here: what a browser shows is not measured")
        yield None
        return
    # Playwright keeps an event loop in this thread, in which Django would refuse the database.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=list(chromium.ARGUMENTS))
        context = started.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(20_000)
        try:
            yield Tab(context, cookie)
        finally:
            started.close()
