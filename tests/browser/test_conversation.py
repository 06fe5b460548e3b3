"""The customer's phone and the agent's inbox side by side, both ways."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.callers import Caller, box, bubble, forget, kinds, say, within
from tests.browser.stack import Stack


@pytest.fixture
def caller(live: Stack) -> Caller:
    caller = Caller(live)
    caller.joins()
    return caller


@pytest.fixture
def agent(sign_in: Callable[..., Page]) -> Page:
    return sign_in("lead")


@pytest.fixture
def phone(new_page: Callable[[], Page], caller: Caller) -> Page:
    page = new_page()
    page.goto(caller.phone_url)
    return page


def write(phone: Page, text: str) -> None:
    phone.get_by_role("textbox", name="Message").fill(text)
    phone.get_by_role("button", name="Send", exact=True).click()


def test_both_sides_talk_and_the_ticks_rise_to_read(agent: Page, phone: Page, caller: Caller) -> None:
    write(phone, "Is the desk lamp back?")
    caller.opened_by(agent)
    expect(bubble(agent, "Is the desk lamp back?")).to_have_count(1)
    answer = say(agent, "It is, shall I keep one?")
    expect(phone.locator("#phone-log")).to_contain_text("It is, shall I keep one?")
    # The phone is in front of the customer's eyes.
    expect(answer).to_have_attribute("data-status", "read")
    expect(answer.locator(".tick--read")).to_be_visible()
    write(phone, "Yes please")
    expect(bubble(agent, "Yes please")).to_have_count(1)
    expect(phone.locator("#phone-log .msg", has_text="Yes please").locator(".tick")).to_be_visible()
    expect(caller.row(agent).locator(".row-preview")).to_contain_text("Yes please")


def test_everything_a_phone_can_attach_is_shown(agent: Page, phone: Page, caller: Caller) -> None:
    write(phone, "Look at this")
    caller.opened_by(agent)
    phone.get_by_role("button", name="Attach").click()
    for name in ("Photo", "Voice", "Video", "Document", "Location", "Contact", "Sticker"):
        phone.get_by_role("button", name=name, exact=True).click()
    # Asked by name each time: a bubble is drawn anew when its file has come.
    loaded = """part => {
        const found = document.querySelector(part);
        found?.scrollIntoView({ block: "center" });
        return found?.naturalWidth > 0;
    }"""
    for kind, part in (("image", "a.photo img"), ("sticker", "img.sticker")):
        agent.wait_for_function(loaded, arg=within(kind, part))
        expect(kinds(agent, kind).locator(part)).to_be_visible()
    playable = """part => {
        const found = document.querySelector(part);
        return found?.duration > 0 && !found.error;
    }"""
    for kind in ("audio", "video"):
        agent.wait_for_function(playable, arg=within(kind, kind))
        expect(kinds(agent, kind).locator(kind)).to_be_visible()
    expect(kinds(agent, "document").locator(".file")).to_contain_text("Invoice 2041.pdf")
    place = kinds(agent, "location").get_by_role("link")
    expect(place).to_contain_text("London Bridge")
    expect(place).to_have_attribute("rel", "noopener noreferrer nofollow")
    expect(kinds(agent, "contacts")).to_contain_text("Bench workshop")
    expect(kinds(agent, "contacts").locator(".num")).to_have_text("+44 7700 900300")


def test_buttons_lists_forms_and_what_nobody_knows_are_shown(agent: Page, caller: Caller) -> None:
    caller.writes("Morning", kind="button", params={"ButtonText": "Morning", "ButtonPayload": "am"})
    choice = {"ListId": "oak", "ListTitle": "Oak", "ListDescription": "Oiled, not lacquered"}
    caller.writes("Oak", kind="list", params=choice)
    caller.writes("", kind="flow", params={"InteractiveData": '{"room": "Hallway"}'})
    caller.writes("", kind="unknown")
    caller.opened_by(agent)
    expect(kinds(agent, "button")).to_contain_text("Pressed a button")
    expect(kinds(agent, "list")).to_contain_text("Oiled, not lacquered")
    expect(agent.locator("#messages")).to_contain_text("Hallway")
    expect(kinds(agent, "unsupported")).to_contain_text("Ask the customer to send it as text")


def test_a_quote_leads_to_what_it_quotes(agent: Page, phone: Page, caller: Caller) -> None:
    write(phone, "When do you open?")
    caller.opened_by(agent)
    asked = say(agent, "At ten. Morning or afternoon?").get_attribute("id")
    said = phone.locator("#phone-log .msg", has_text="At ten.")
    said.hover()
    said.get_by_role("link", name="Quote this message").click()
    write(phone, "The former")
    quote = bubble(agent, "The former").locator("a.quote")
    expect(quote).to_contain_text("At ten. Morning or afternoon?")
    expect(quote).to_have_attribute("href", f"#{asked}")


def test_a_message_that_fails_says_why_and_retry_sends_it(agent: Page, caller: Caller) -> None:
    caller.writes("Where is my parcel?")
    caller.opened_by(agent)
    caller.fails_next(63024)
    sent = say(agent, "On its way")
    alert = sent.get_by_role("alert")
    expect(alert).to_contain_text("WhatsApp cannot deliver to this customer")
    expect(alert).to_contain_text("63024")
    expect(caller.row(agent).locator(".row-preview")).to_contain_text("Not delivered")
    sent.get_by_role("button", name="Retry").click()
    expect(bubble(agent, "On its way")).to_have_attribute("data-status", "delivered")
    expect(bubble(agent, "On its way").get_by_role("alert")).to_have_count(0)
    assert caller.heard().count("On its way") == 2  # the one that failed, and the one that did not


def test_the_box_locks_when_the_window_closes_and_keeps_the_draft(
    agent: Page, phone: Page, caller: Caller
) -> None:
    write(phone, "Hello")
    caller.opened_by(agent)
    phone.get_by_role("button", name="To 50 min left").click()
    expect(agent.locator("#window-pill")).to_have_attribute("data-window", "urgent")
    box(agent).fill("half a thought")
    phone.get_by_role("button", name="To closed").click()
    expect(agent.get_by_text(f"Free text is locked until {caller.name} writes again")).to_be_visible()
    expect(box(agent)).to_be_disabled()
    expect(agent.get_by_role("button", name="Send", exact=True)).to_have_count(0)
    write(phone, "Still there?")
    expect(box(agent)).to_be_enabled()
    expect(box(agent)).to_have_value("half a thought")
    expect(agent.locator("#window-pill")).to_have_attribute("data-window", "open")


def test_stop_silences_us_until_they_write_again(agent: Page, phone: Page, caller: Caller) -> None:
    write(phone, "Hello")
    caller.opened_by(agent)
    write(phone, "STOP")
    expect(agent.get_by_text(f"{caller.name} asked us to stop on")).to_be_visible()
    expect(agent.locator(".consent--out")).to_be_visible()
    expect(box(agent)).to_be_disabled()
    write(phone, "START")
    expect(box(agent)).to_be_enabled()
    expect(agent.locator(".consent--out")).to_have_count(0)


def test_a_note_stays_here(agent: Page, caller: Caller) -> None:
    caller.writes("Hello")
    caller.opened_by(agent)
    agent.get_by_role("tab", name="Note").click()
    agent.get_by_role("textbox", name="Note", exact=True).fill("Careful, this one is a lawyer")
    agent.get_by_role("button", name="Add note").click()
    expect(bubble(agent, "Careful")).to_have_class(re.compile("msg--note"))
    agent.get_by_role("tab", name="Reply").click()
    # What is sent afterwards has arrived, and the note before it has not.
    expect(say(agent, "Good morning")).to_have_attribute("data-status", "delivered")
    assert caller.heard() == ["Good morning"]


def test_fifty_presses_send_once_and_neither_reload_nor_back_sends_again(agent: Page, caller: Caller) -> None:
    caller.writes("Hello")
    caller.opened_by(agent)
    box(agent).fill("Only once")
    agent.get_by_role("button", name="Send", exact=True).evaluate(
        "button => { for (let n = 0; n < 50; n += 1) button.click(); }"
    )
    expect(bubble(agent, "Only once")).to_have_attribute("data-status", "delivered")
    agent.reload()
    expect(bubble(agent, "Only once")).to_have_count(1)
    agent.go_back()
    expect(agent.locator("#thread")).to_contain_text("Pick a conversation")
    agent.go_forward()
    expect(bubble(agent, "Only once")).to_have_count(1)
    expect(say(agent, "Afterwards")).to_have_attribute("data-status", "delivered")
    assert caller.heard() == ["Only once", "Afterwards"]


ATTACH = """([how, blob]) => {
    const files = new DataTransfer();
    files.items.add(new File([blob], `${how}.png`, { type: "image/png" }));
    const words = { bubbles: true, cancelable: true };
    const text = document.getElementById("composer-text");
    text.focus();
    if (how === "pasted") text.dispatchEvent(new ClipboardEvent("paste", { ...words, clipboardData: files }));
    else for (const step of ["dragover", "drop"]) {
        document.getElementById("log").dispatchEvent(new DragEvent(step, { ...words, dataTransfer: files }));
    }
}"""


@pytest.mark.parametrize("how", ["pasted", "dropped"])
def test_a_picture_is_attached_by_hand(agent: Page, phone: Page, caller: Caller, how: str) -> None:
    write(phone, "Show me")
    caller.opened_by(agent)
    picture = agent.evaluate_handle(
        """() => {
            const canvas = Object.assign(document.createElement("canvas"), { width: 300, height: 200 });
            canvas.getContext("2d").fillRect(20, 20, 100, 100);
            return new Promise((done) => canvas.toBlob((blob) => done(blob)));
        }"""
    )
    agent.evaluate(ATTACH, [how, picture])
    expect(agent.locator(".tray-item img")).to_be_visible()
    agent.get_by_role("button", name="Send", exact=True).click()
    expect(kinds(agent, "image")).to_have_attribute("data-status", "read")
    expect(phone.locator("#phone-log .msg--in img")).to_be_visible()


def test_a_reply_to_what_one_has_not_seen_is_held_back(
    agent: Page, colleague: Page, caller: Caller, page_errors: list[str]
) -> None:
    caller.writes("Do you still have the green one?")
    caller.opened_by(agent)
    # A connection that brings nothing new.
    colleague.route("**/events/", lambda route: route.abort())
    colleague.goto(agent.url)
    box(colleague).fill("No, sold out")
    expect(say(agent, "Yes, one left")).to_have_attribute("data-status", "delivered")
    colleague.get_by_role("button", name="Send", exact=True).click()
    alert = colleague.locator("#composer").get_by_role("alert")
    expect(alert).to_contain_text("Someone wrote here since you started")
    expect(box(colleague)).to_have_value("No, sold out")
    expect(bubble(colleague, "Yes, one left")).to_have_count(1)
    colleague.get_by_role("button", name="Send anyway").click()
    expect(bubble(agent, "No, sold out")).to_have_attribute("data-status", "delivered")
    assert caller.heard() == ["Yes, one left", "No, sold out"]
    forget(page_errors, "422", "ERR_FAILED", "[object Event]")
