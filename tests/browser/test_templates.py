"""Templates in a browser: written with the checks beside them, mended by one press, kept while one types."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.callers import forget
from tests.browser.test_accessibility import must_be_clean, must_fit


@pytest.fixture
def editor(sign_in: Callable[..., Page]) -> Page:
    page = sign_in("lead")
    page.goto("/templates/new/")
    return page


def body(page: Page) -> Locator:
    return page.get_by_role("textbox", name=re.compile("^Body"))


def preview(page: Page) -> Locator:
    return page.locator("#template-preview .bubble")


def wait_until_saved(page: Page, act: Callable[[], object]) -> None:
    """Until the server has what stands in the form after the act."""
    with page.expect_response(
        lambda r: r.request.method == "POST" and "act=auto" in (r.request.post_data or "")
    ):
        act()
    expect(page).to_have_url(re.compile(r"/templates/\d+/$"))


def test_preview_and_checks_follow_while_one_writes(editor: Page) -> None:
    editor.get_by_label("Kind of content").select_option("twilio/quick-reply")
    expect(editor.get_by_label("Text of button 1")).to_be_visible()
    body(editor).click()
    editor.keyboard.type("Hi ")
    editor.get_by_role("button", name="Add variable").click()
    editor.keyboard.type(", your lamp is *ready* to collect.")
    expect(body(editor)).to_have_value("Hi {{1}}, your lamp is *ready* to collect.")
    expect(preview(editor)).to_contain_text("your lamp is ready to collect.")
    editor.get_by_label("Sample for variable 1").fill("Nour")
    expect(preview(editor).locator(".var")).to_have_text("Nour")
    editor.get_by_label("Text of button 1").fill("I’ll come by")
    expect(preview(editor)).to_contain_text("I’ll come by")
    expect(editor.locator("#template-checks .card-note")).to_have_text("Ready")
    editor.get_by_role("button", name="Variables", exact=True).click()
    expect(preview(editor).locator(".var")).to_have_text("{{1}}")


def test_a_finding_is_mended_by_one_press(editor: Page) -> None:
    body(editor).fill("{{1}}, your lamp is ready to collect.")
    expect(body(editor)).to_have_attribute("aria-invalid", "true")
    editor.locator("#error-body").get_by_role("button", name="Put “Hi” before it").click()
    expect(body(editor)).to_have_value("Hi {{1}}, your lamp is ready to collect.")
    expect(body(editor)).to_be_focused()
    expect(editor.locator("#error-body")).to_be_empty()
    editor.keyboard.type(" See you")
    expect(body(editor)).to_have_value("Hi {{1}}, your lamp is ready to collect. See you")
    editor.get_by_role("button", name="Undo").click()
    expect(body(editor)).to_have_value("{{1}}, your lamp is ready to collect.")


def test_a_variable_goes_to_the_end_where_nobody_wrote_yet(editor: Page) -> None:
    wait_until_saved(editor, lambda: body(editor).fill("Your lamp is ready, "))
    editor.reload()
    editor.get_by_role("button", name="Add variable").click()
    expect(body(editor)).to_have_value("Your lamp is ready, {{1}}")


def test_what_is_typed_survives_a_reload(editor: Page) -> None:
    editor.get_by_label("Name", exact=True).fill("kept_while_typing")
    wait_until_saved(editor, lambda: body(editor).press_sequentially("Nothing of this is lost."))
    expect(editor.locator("#editor-saved")).to_have_text(re.compile(r"^Saved \d\d:\d\d$"))
    expect(editor).to_have_url(re.compile(r"/templates/\d+/$"))
    expect(body(editor)).to_be_focused()
    editor.reload()
    expect(body(editor)).to_have_value("Nothing of this is lost.")
    expect(editor.get_by_role("heading", level=1)).to_have_text("kept_while_typing")


def test_buttons_are_moved_removed_and_brought_back_by_keyboard(editor: Page) -> None:
    editor.get_by_label("Kind of content").select_option("twilio/quick-reply")
    editor.get_by_label("Text of button 1").fill("First")
    editor.get_by_role("button", name="Add button").click()
    second = editor.get_by_label("Text of button 2")
    expect(second).to_be_focused()
    second.fill("Second")
    editor.get_by_role("button", name="Move 2 up").focus()
    editor.keyboard.press("Enter")
    expect(editor.get_by_label("Text of button 1")).to_have_value("Second")
    editor.get_by_role("button", name="Remove 1").click()
    expect(editor.get_by_label("Text of button 2")).to_have_count(0)
    expect(editor.get_by_label("Text of button 1")).to_have_value("First")
    editor.get_by_role("button", name="Undo").click()
    expect(editor.get_by_label("Text of button 1")).to_have_value("Second")
    expect(editor.get_by_label("Text of button 2")).to_have_value("First")


def hold(page: Page, address: str | re.Pattern[str], act: str, *, answer: bool = False) -> list[Route]:
    """The first such post waits; with `answer` the server has it, and only its answer waits."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        if held or f"act={act}" not in (route.request.post_data or ""):
            return route.fallback()
        if answer:
            route.fetch()
        held.append(route)
        return None

    page.route(address, keep)
    return held


def wait_for(page: Page, held: list[Route]) -> None:
    while not held:
        page.wait_for_timeout(20)


def test_what_is_typed_while_the_form_changes_its_shape_stays(editor: Page) -> None:
    wait_until_saved(editor, lambda: body(editor).fill("Hi there"))
    held = hold(editor, "**/templates/form/", "kind")
    editor.get_by_label("Kind of content").focus()
    editor.get_by_label("Kind of content").select_option("twilio/quick-reply")
    wait_for(editor, held)
    body(editor).press_sequentially(", all of this stays")
    held[0].continue_()
    expect(editor.get_by_label("Text of button 1")).to_be_visible()
    expect(body(editor)).to_be_focused()
    editor.keyboard.type(".")
    expect(body(editor)).to_have_value("Hi there, all of this stays.")


def test_the_kind_that_was_chosen_last_is_the_one(editor: Page) -> None:
    held = hold(editor, "**/templates/form/", "kind")
    editor.get_by_label("Kind of content").select_option("twilio/quick-reply")
    wait_for(editor, held)
    editor.get_by_label("Kind of content").select_option("twilio/list-picker")
    held[0].continue_()
    expect(editor.get_by_label("Line 1", exact=True)).to_be_visible()
    expect(editor.get_by_label("Kind of content")).to_have_value("twilio/list-picker")


@pytest.mark.parametrize("is_new", [True, False])
def test_leaving_after_a_save_without_an_answer_loses_nothing(
    editor: Page, page_errors: list[str], is_new: bool
) -> None:
    begun = f"It goes on, {is_new}"
    if not is_new:
        wait_until_saved(editor, lambda: body(editor).fill("It begins"))
    held = hold(editor, re.compile(r"/templates/(new|\d+)/$"), "auto", answer=True)
    body(editor).fill(begun)
    wait_for(editor, held)
    held[0].abort()
    expect(editor.locator("#editor-saved")).to_have_text("Not saved yet")
    editor.unroute_all(behavior="ignoreErrors")
    body(editor).press_sequentially(" to the end of it.")
    with editor.expect_request_finished(lambda r: r.resource_type == "ping" and r.method == "POST"):
        editor.evaluate("dispatchEvent(new Event('pagehide'))")
    editor.goto("/templates/")
    row = editor.locator("[data-row]", has_text=begun)
    expect(row).to_have_count(1)
    row.get_by_role("link").first.click()
    expect(body(editor)).to_have_value(f"{begun} to the end of it.")
    forget(page_errors, "htmx:afterRequest", "htmx:sendError", "net::ERR_FAILED")


def test_another_language_starts_with_the_text_that_is_there(editor: Page) -> None:
    wait_until_saved(editor, lambda: body(editor).fill("Hi {{1}}, your lamp is ready now."))
    expect(editor.locator("#editor-languages .tab")).to_have_count(1)
    body(editor).fill("Hi {{1}}, your lamp waits for you now.")
    editor.locator("#editor-languages summary").click()
    editor.locator("#editor-languages select").select_option("ar")
    editor.get_by_role("button", name="Add", exact=True).click()
    tab = editor.locator("#editor-languages .tab[aria-current]")
    expect(tab).to_contain_text("العربية")
    expect(body(editor)).to_have_value("Hi {{1}}, your lamp waits for you now.")
    body(editor).fill("مرحباً {{1}}، مصباحك جاهز الآن.")
    assert body(editor).evaluate("n => getComputedStyle(n).direction") == "rtl"
    editor.locator("#editor-languages .tab", has_text="English").click()
    expect(body(editor)).to_have_value("Hi {{1}}, your lamp waits for you now.")
    editor.locator("#editor-languages .tab", has_text="العربية").click()
    expect(body(editor)).to_have_value("مرحباً {{1}}، مصباحك جاهز الآن.")


def test_discard_goes_back_to_how_it_was_opened(editor: Page) -> None:
    wait_until_saved(editor, lambda: body(editor).fill("As it was opened."))
    editor.reload()
    wait_until_saved(editor, lambda: body(editor).fill("Something else."))
    wait_until_saved(editor, lambda: editor.get_by_role("link", name="Discard").click())
    expect(body(editor)).to_have_value("As it was opened.")
    editor.reload()
    expect(body(editor)).to_have_value("As it was opened.")


def test_discarding_what_was_begun_here_archives_it(editor: Page) -> None:
    wait_until_saved(editor, lambda: body(editor).fill("Begun and given up."))
    editor.get_by_role("link", name="Discard").click()
    expect(editor.get_by_role("button", name="Restore")).to_be_visible()


def test_archiving_from_the_list_is_undone(editor: Page) -> None:
    editor.get_by_label("Name", exact=True).fill("to_be_archived")
    wait_until_saved(editor, lambda: body(editor).fill("Gone for a moment."))
    editor.locator("h1").click()
    editor.keyboard.press("g")
    editor.keyboard.press("t")
    row = editor.locator("[data-row]", has_text="to_be_archived")
    row.locator("summary").click()
    row.get_by_role("button", name="Archive").click()
    expect(row).to_have_count(0)
    editor.get_by_role("button", name="Undo").click()
    expect(row).to_have_count(1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_and_small_screens_fit(
    editor: Page, page_errors: list[str], scheme: str
) -> None:
    editor.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    editor.get_by_label("Kind of content").select_option("whatsapp/card")
    expect(editor.get_by_label("Text of button 1")).to_be_visible()
    wait_until_saved(editor, lambda: body(editor).fill("{{1}}, your lamp is ready. See {{2}}."))
    address = editor.url
    for path in (address, "/templates/"):
        editor.goto(path)
        must_be_clean(editor)
        for direction in ("ltr", "rtl"):
            editor.set_viewport_size({"width": 320, "height": 640})
            editor.evaluate(f"document.documentElement.dir = '{direction}'")
            must_fit(editor)
        editor.set_viewport_size({"width": 1280, "height": 800})
    # What the checker itself does to the page breaks our policy.
    forget(page_errors, "Applying inline style")
