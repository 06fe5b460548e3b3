from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conversations import Customer
from tests.browser.stack import Stack


@pytest.fixture
def signed_in(sign_in: Callable[..., Page]) -> Page:
    return sign_in("lead")


def open_thread(page: Page, customer: Customer) -> None:
    page.goto(customer.path)
    expect(page.locator("#thread-watch")).to_be_attached()
    page.wait_for_function("document.getElementById('offline').hidden")
    page.wait_for_timeout(500)  # the stream opens after the page


def shown(page: Page) -> list[str]:
    return page.eval_on_selector_all("#messages > .msg", "all => all.map(m => m.id)")


def test_a_message_appears_by_itself(signed_in: Page, live: Stack) -> None:
    customer = Customer(live)
    open_thread(signed_in, customer)
    customer.writes("Here I am")
    expect(signed_in.locator("#messages .msg", has_text="Here I am")).to_be_visible()
    assert len(shown(signed_in)) == len(set(shown(signed_in))) == 4
    # In front of somebody's eyes it is not unread.
    expect(signed_in.locator(f"#conversation-{customer.pk} .count")).to_have_count(0)


def test_whoever_reads_further_up_is_told_and_not_moved(signed_in: Page, live: Stack) -> None:
    customer = Customer(live, messages=45)
    open_thread(signed_in, customer)
    at_end = "document.getElementById('log')"
    at_end = f"{at_end}.scrollHeight - {at_end}.scrollTop - {at_end}.clientHeight"
    assert signed_in.evaluate(at_end) < 5
    signed_in.evaluate("document.getElementById('log').scrollTop = 300")
    signed_in.wait_for_timeout(200)
    customer.writes("one", "two")
    pill = signed_in.locator("#jump")
    expect(pill).to_have_text("2 new messages")
    assert signed_in.evaluate("document.getElementById('log').scrollTop") == 300
    pill.click()
    expect(pill).to_be_hidden()
    assert signed_in.evaluate(at_end) < 5


def test_older_messages_come_when_one_scrolls_up_and_the_place_is_kept(signed_in: Page, live: Stack) -> None:
    open_thread(signed_in, Customer(live, messages=120))
    assert len(shown(signed_in)) == 50
    signed_in.evaluate("document.getElementById('log').scrollTop = 0")
    expect(signed_in.locator("#messages > .msg")).to_have_count(100)
    assert signed_in.evaluate("document.getElementById('log').scrollTop") > 500
    signed_in.evaluate("document.getElementById('log').scrollTop = 0")
    expect(signed_in.locator("#messages > .msg")).to_have_count(120)
    expect(signed_in.locator("#older")).to_have_count(0)
    bodies = signed_in.eval_on_selector_all(".bubble-text", "all => all.map(m => m.textContent)")
    assert bodies == [f"Message {n}" for n in range(120)]


def test_after_a_cut_nothing_is_missing_and_nothing_twice(
    signed_in: Page, context: BrowserContext, live: Stack, page_errors: list[str]
) -> None:
    customer = Customer(live)
    open_thread(signed_in, customer)
    box = signed_in.get_by_role("textbox", name="Reply", exact=True)
    box.fill("half a thought")
    context.set_offline(True)
    customer.writes(*[f"while away {n}" for n in range(20)])
    box.fill("written without a connection")
    signed_in.get_by_role("button", name="Send", exact=True).click()
    expect(signed_in.locator("#composer-waiting")).to_be_visible()
    expect(box).to_have_value("written without a connection")
    context.set_offline(False)
    expect(signed_in.locator("#messages .msg", has_text="while away")).to_have_count(20, timeout=5000)
    expect(signed_in.locator("#messages .msg", has_text="written without")).to_have_count(1, timeout=5000)
    expect(signed_in.get_by_role("textbox", name="Reply", exact=True)).to_have_value("")
    signed_in.wait_for_timeout(1500)
    assert len(shown(signed_in)) == len(set(shown(signed_in))) == 24
    page_errors.clear()  # Chromium reports every request that had no connection


def test_strangers_words_run_nothing(signed_in: Page, live: Stack) -> None:
    dialogs: list[str] = []
    signed_in.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    words = [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<b hx-get=/ hx-trigger=load>",
        "javascript:alert(1)", "\u202egpj.exe", "*<svg onload=alert(1)>*", "</article></section>",
    ]  # fmt: skip
    customer = Customer(live, name="<img src=x onerror=alert(2)>", messages=1)
    open_thread(signed_in, customer)
    customer.writes(*words)
    expect(signed_in.locator("#messages > .msg")).to_have_count(len(words) + 1)
    bodies = signed_in.eval_on_selector_all(".bubble-text", "all => all.map(m => m.textContent)")
    assert [body.strip("*") for body in bodies[1:]] == [word.strip("*") for word in words]
    signed_in.reload()
    signed_in.wait_for_timeout(500)
    assert not dialogs


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_thread(
    signed_in: Page, live: Stack, scheme: str, page_errors: list[str]
) -> None:
    signed_in.emulate_media(color_scheme=scheme)
    open_thread(signed_in, Customer(live))
    found = Axe().run(signed_in, options={"preload": False}).response["violations"]
    assert [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found] == []
    page_errors.clear()  # axe tries styles of its own, which the page forbids


def test_on_a_phone_one_pane_shows_at_a_time(signed_in: Page, live: Stack) -> None:
    signed_in.set_viewport_size({"width": 390, "height": 844})
    open_thread(signed_in, Customer(live))
    expect(signed_in.locator("#details")).to_be_hidden()
    signed_in.get_by_role("link", name="Contact details").click()
    expect(signed_in.locator("#details")).to_be_visible()
    expect(signed_in.locator("#thread")).to_be_hidden()
    signed_in.get_by_role("link", name="Back to messages").click()
    expect(signed_in.locator("#composer")).to_be_visible()
    assert signed_in.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_is_done_in_one_window_is_seen_in_the_other(
    signed_in: Page, new_page: Callable[[], Page], live: Stack
) -> None:
    customer = Customer(live)
    open_thread(signed_in, customer)
    other = new_page()
    open_thread(other, customer)
    signed_in.locator("#details-status").select_option("pending")
    expect(other.locator("#details-status")).to_have_value("pending")
    expect(other.locator("#messages .event")).to_contain_text("set this to pending")
    signed_in.get_by_role("button", name="Resolve").click()
    expect(other.get_by_role("button", name="Reopen")).to_be_visible()
