"""What strangers write stays text on every page: nothing runs, nothing is asked for, nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Dialog, Page

from tests.browser.hostile import Flood, texts
from tests.browser.stack import Stack

# Where in a bubble each kind shows the text.
PLACES = {
    "text": (".bubble-text",), "button": (".bubble-text",), "list": (".bubble-text", ".template-foot"),
    "place": (".place-name", ".place-address", ".bubble-text"), "form": ("dt", "dd"), "file": (".msg",),
    "ad": (".bubble-text",),
}  # fmt: skip
# Elements and attributes that no page of ours has; all that is markup in the texts.
STRANGE = """() => [...document.querySelectorAll('*')].filter(e =>
    ['IFRAME', 'OBJECT', 'EMBED', 'BASE', 'MARQUEE', 'MATH', 'PLAINTEXT', 'X', 'STYLE', 'FRAME'].includes(e.tagName)
    || e.tagName === 'SCRIPT' && !(e.getAttribute('src') || '').startsWith('/static/')
    || e.tagName === 'A' && ['javascript:', 'data:', 'vbscript:', 'blob:'].includes(e.protocol)
    || [...e.attributes].some(a => /^on|^hx-on|^data-hx|srcdoc/.test(a.name) || /pwned|evil/.test(a.value)
        && !['value', 'aria-label', 'alt', 'title', 'href', 'data-copy', 'placeholder'].includes(a.name))
    || e.closest('#messages') && e.tagName === 'IMG' && !/^\\/(media|static)\\//.test(e.getAttribute('src'))
).map(e => e.outerHTML.slice(0, 200))"""


@pytest.fixture(scope="module")
def flood(live: Stack) -> Flood:
    return Flood(live)


@pytest.fixture
def watched(page: Page, sign_in: Callable[..., Page], live: Stack) -> Iterator[Page]:
    """Signed in; fails on a dialog, a request to elsewhere, or a text that ran. CSP reports fail it anyway."""
    dialogs: list[str] = []
    asked: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    page.on("request", lambda request: asked.append(request.url))
    sign_in("admin")
    yield page
    assert dialogs == []
    assert [url for url in asked if not url.startswith((live.url, "data:", "blob:"))] == []


def must_be_text(page: Page) -> None:
    assert page.evaluate("typeof pwned") == "undefined"
    assert page.evaluate(STRANGE) == []


def bare(text: str) -> str:
    """Without WhatsApp's marks, which are shown and not written, and without what is no letter."""
    return re.sub(r"[*_~`>\-\s\u2066-\u2069\x00-\x1f]+", "", text)


# The link loads by itself when it is seen. Pressed before the script is ready, it leads to another page.
SEE_OLDER = """() => {
    const older = document.querySelector('#older');
    older?.scrollIntoView();
    return !older;
}"""


def load_all(page: Page) -> None:
    page.wait_for_function(SEE_OLDER, polling=100)


def test_there_are_a_hundred_and_twenty_of_them() -> None:
    assert len(set(texts())) >= 120


@pytest.mark.parametrize("kind", list(PLACES))
def test_in_a_thread_they_are_text(watched: Page, flood: Flood, kind: str) -> None:
    watched.goto(f"/conversations/{flood.talks[kind]}/")
    load_all(watched)
    must_be_text(watched)
    for place in PLACES[kind]:
        shown = watched.eval_on_selector_all(f"#messages {place}", "all => all.map(e => e.textContent)")
        together = bare(" ".join(shown))
        lost = [text for text in texts() if bare(text)[:100] not in together]
        # A file's name is cleaned; it is asked for by its letters alone.
        assert kind == "file" or lost == [], place


def test_names_tags_and_notes_are_text_in_lists_and_panes(watched: Page, flood: Flood) -> None:
    watched.goto("/?sort=newest")
    must_be_text(watched)
    rows = "all => all.map(a => [a.getAttribute('href'), a.textContent])"
    names = dict(watched.eval_on_selector_all("#conversation-list .row-link", rows))
    assert sum("pwned" in name for name in names.values()) >= 20
    for href in [href for href, name in names.items() if "pwned" in name][:12]:
        watched.goto(href)
        must_be_text(watched)
        watched.locator("[data-key=n]").click()
        watched.wait_for_selector(".composer--note")
        must_be_text(watched)


def test_searching_for_one_shows_it_as_text(watched: Page, flood: Flood) -> None:
    for text in texts()[:120:10]:
        watched.goto("/")
        watched.get_by_role("searchbox", name="Search conversations").fill(text[:100])
        watched.wait_for_timeout(600)
        must_be_text(watched)
        watched.reload()
        must_be_text(watched)


def test_the_back_office_shows_them_as_text(watched: Page, flood: Flood) -> None:
    for path in (
        "inbox/contact/",
        "inbox/tag/",
        "inbox/message/",
        "channels_whatsapp/receipt/",
        "inbox/event/",
    ):
        watched.goto(f"/admin/{path}")
        assert watched.evaluate("typeof pwned") == "undefined"
        link = watched.locator("#result_list th a").first
        if link.count():
            link.click()
            assert watched.evaluate("typeof pwned") == "undefined"
            assert watched.locator("iframe, object, embed, img[src=x], svg[onload]").count() == 0


def test_a_draft_that_is_one_comes_back_into_the_box_as_it_was(watched: Page, flood: Flood) -> None:
    text = "</textarea><script>pwned=1</script>"
    watched.goto(f"/conversations/{flood.talks['text']}/")
    watched.get_by_role("textbox", name="Reply").fill(text)
    watched.wait_for_timeout(1500)
    watched.reload()
    assert watched.get_by_role("textbox", name="Reply").input_value() == text
    must_be_text(watched)
