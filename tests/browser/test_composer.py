from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conversations import Customer
from tests.browser.stack import Stack
from tests.browser.test_thread import open_thread


@pytest.fixture
def signed_in(sign_in: Callable[..., Page]) -> Page:
    return sign_in("lead")


def box(page: Page) -> object:
    return page.get_by_role("textbox", name="Reply", exact=True)


def bubbles(page: Page, text: str) -> object:
    return page.locator("#messages .msg", has_text=text)


def forget_refusals(errors: list[str]) -> None:
    """Chromium reports every 422 as an error; here they are the answers that were asked for."""
    errors[:] = [error for error in errors if "422" not in error]


def test_a_double_click_sends_one_message(signed_in: Page, live: Stack) -> None:
    open_thread(signed_in, Customer(live))
    for n in range(5):
        box(signed_in).fill(f"double {n}")
        signed_in.get_by_role("button", name="Send", exact=True).dblclick()
        expect(bubbles(signed_in, f"double {n}")).to_have_count(1)
        expect(box(signed_in)).to_have_value("")
    signed_in.reload()
    expect(bubbles(signed_in, "double")).to_have_count(5)


def test_it_goes_out_and_its_ticks_rise(signed_in: Page, live: Stack) -> None:
    open_thread(signed_in, Customer(live))
    box(signed_in).fill("on its way")
    signed_in.keyboard.press("Control+Enter")
    sent = bubbles(signed_in, "on its way")
    expect(sent).to_have_count(1)
    expect(sent).not_to_have_attribute("data-status", "queued", timeout=10_000)
    expect(box(signed_in)).to_be_focused()


def test_enter_makes_a_line_and_keys_find_the_box(signed_in: Page, live: Stack) -> None:
    open_thread(signed_in, Customer(live))
    signed_in.locator("#thread-name").click()
    signed_in.keyboard.press("r")
    signed_in.keyboard.type("one")
    signed_in.keyboard.press("Enter")
    signed_in.keyboard.type("two")
    expect(box(signed_in)).to_have_value("one\ntwo")
    expect(signed_in.locator("#composer-count")).to_have_text("7 / 1600")


def test_a_draft_survives_a_reload(signed_in: Page, live: Stack) -> None:
    customer = Customer(live)
    open_thread(signed_in, customer)
    with signed_in.expect_response(re.compile("/draft/")):
        box(signed_in).fill("half a thought")
    signed_in.reload()
    expect(box(signed_in)).to_have_value("half a thought")


def test_what_was_begun_as_a_note_comes_back_as_a_note(signed_in: Page, live: Stack) -> None:
    customer = Customer(live)
    open_thread(signed_in, customer)
    signed_in.get_by_role("tab", name="Note").click()
    note = signed_in.get_by_role("textbox", name="Note", exact=True)
    with signed_in.expect_response(re.compile("/draft/")):
        note.press_sequentially("not for the customer", delay=10)
    signed_in.reload()
    expect(note).to_have_value("not for the customer")
    expect(box(signed_in)).to_have_count(0)


def test_arrows_go_between_reply_and_note(signed_in: Page, live: Stack) -> None:
    open_thread(signed_in, Customer(live))
    signed_in.get_by_role("tab", name="Reply").focus()
    signed_in.keyboard.press("ArrowRight")
    expect(signed_in.get_by_role("tab", name="Note")).to_be_focused()
    signed_in.keyboard.press("Enter")
    expect(signed_in.get_by_role("textbox", name="Note", exact=True)).to_be_focused()


def test_letters_typed_into_an_open_menu_do_nothing_to_the_conversation(signed_in: Page, live: Stack) -> None:
    open_thread(signed_in, Customer(live))
    signed_in.locator("#thread-name").click()
    signed_in.keyboard.press("t")
    expect(signed_in.get_by_role("combobox", name="Tag")).to_be_focused()
    signed_in.keyboard.type("exchange")
    signed_in.keyboard.press("Enter")
    expect(signed_in.locator("#details .tag", has_text="exchange")).to_be_visible()
    expect(signed_in.get_by_role("button", name="Resolve", exact=True)).to_be_visible()


def test_what_is_read_is_marked_unread_with_one_key(signed_in: Page, live: Stack) -> None:
    customer = Customer(live)
    customer.writes("Hello")
    open_thread(signed_in, customer)
    row = signed_in.locator(f"#conversation-{customer.pk}")
    expect(row.locator(".row-unread .count")).to_have_count(0)
    signed_in.locator("#thread-name").click()
    signed_in.keyboard.press("u")
    expect(row.locator(".row-unread .count")).to_have_count(1)


def test_the_other_keys_of_the_sheet_do_what_it_says(signed_in: Page, live: Stack) -> None:
    open_thread(signed_in, Customer(live))
    signed_in.locator("#thread-name").click()
    signed_in.keyboard.press("Shift+A")
    expect(signed_in.locator("#details-assignee")).not_to_have_value("")
    signed_in.keyboard.press("]")
    expect(signed_in.locator("#views .tab[aria-current]")).to_contain_text("Mine")
    signed_in.keyboard.press("[")
    expect(signed_in.locator("#views .tab[aria-current]")).to_contain_text("All")
    signed_in.keyboard.press("w")
    expect(signed_in).to_have_url(re.compile("sort=newest"))
    signed_in.keyboard.press("g")
    signed_in.keyboard.press("i")
    expect(signed_in.locator("#thread")).to_contain_text("Pick a conversation")


def test_a_menu_is_worked_by_keys_alone(signed_in: Page, live: Stack) -> None:
    open_thread(signed_in, Customer(live))
    signed_in.locator("#thread-name").click()
    signed_in.keyboard.press("a")
    people = signed_in.locator("#thread-header .dropdown[open] .menu-item")
    expect(people.first).to_be_focused()
    signed_in.keyboard.press("ArrowUp")
    expect(people.last).to_be_focused()
    signed_in.keyboard.press("ArrowDown")
    expect(people.first).to_be_focused()
    signed_in.keyboard.press("Escape")
    expect(people).to_have_count(0)
    signed_in.keyboard.press("a")
    signed_in.keyboard.press("Enter")
    expect(signed_in.locator("#details-assignee")).not_to_have_value("")


def test_the_locked_box_opens_when_the_customer_writes(signed_in: Page, live: Stack) -> None:
    customer = Customer(live, hours=-2)
    open_thread(signed_in, customer)
    expect(box(signed_in)).to_be_disabled()
    expect(signed_in.get_by_text("Free text is locked until")).to_be_visible()
    customer.writes("Are you there?")
    expect(box(signed_in)).to_be_enabled()
    expect(signed_in.locator("#window-pill")).to_have_attribute("data-window", "open")
    expect(signed_in.locator("#window-marker")).to_be_hidden()


def test_a_text_that_is_too_long_is_split_on_request(
    signed_in: Page, live: Stack, page_errors: list[str]
) -> None:
    open_thread(signed_in, Customer(live))
    box(signed_in).fill("sentence " * 200)
    expect(signed_in.locator("#composer-count")).to_have_text("199 too many")
    signed_in.get_by_role("button", name="Send", exact=True).click()
    signed_in.get_by_role("button", name="Send as 2 messages").click()
    expect(bubbles(signed_in, "sentence")).to_have_count(2)
    forget_refusals(page_errors)


def test_a_note_is_kept_from_the_customer(signed_in: Page, live: Stack) -> None:
    open_thread(signed_in, Customer(live))
    box(signed_in).fill("careful")
    signed_in.get_by_role("tab", name="Note").click()
    note = signed_in.get_by_role("textbox", name="Note", exact=True)
    # What was typed moves along.
    expect(note).to_have_value("careful")
    signed_in.get_by_role("button", name="Add note").click()
    expect(signed_in.locator("#messages .msg--note")).to_contain_text("careful")


def test_files_wait_in_the_tray_and_what_is_not_taken_says_why(
    signed_in: Page, live: Stack, tmp_path: Path, page_errors: list[str]
) -> None:
    Image.new("RGB", (900, 700), "teal").save(tmp_path / "lamp.png")
    (tmp_path / "page.html").write_text("<script>1</script>")
    (tmp_path / "fake.pdf").write_text("<svg onload=alert(1)>")
    open_thread(signed_in, Customer(live))
    signed_in.set_input_files(
        "#composer-file", [tmp_path / name for name in ("lamp.png", "page.html", "fake.pdf")]
    )
    expect(signed_in.locator(".tray-item img")).to_be_visible()
    expect(signed_in.locator(".tray-item--bad")).to_have_count(2)
    for chip in ("page.html", "fake.pdf"):
        bad = signed_in.locator(".tray-item--bad", has_text=chip)
        expect(bad).to_contain_text("WhatsApp does not take")
        bad.get_by_role("button").click()
    box(signed_in).fill("The teal one")
    signed_in.get_by_role("button", name="Send", exact=True).click()
    sent = bubbles(signed_in, "The teal one")
    expect(sent).to_have_attribute("data-kind", "image")
    expect(signed_in.locator(".tray-item")).to_have_count(0)
    sent.locator("a.photo").click()
    expect(signed_in.locator("#lightbox img")).to_be_visible()
    assert signed_in.evaluate("document.querySelector('#lightbox img').naturalWidth") == 900
    signed_in.keyboard.press("Escape")
    forget_refusals(page_errors)


def test_emoji_are_chosen_with_the_keyboard(signed_in: Page, live: Stack) -> None:
    open_thread(signed_in, Customer(live))
    box(signed_in).fill("Thanks ")
    signed_in.get_by_role("button", name="Emoji").focus()
    for key in ("Enter", "ArrowRight", "ArrowDown", "Enter"):
        signed_in.keyboard.press(key)
    expect(box(signed_in)).to_have_value("Thanks 👏")
    expect(signed_in.locator("#emoji")).to_be_hidden()
