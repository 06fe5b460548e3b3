"""The back office and the API's documentation in a real browser, under the strict content policy."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from channels_whatsapp import handmade

SignIn = Callable[..., Page]


def test_every_page_of_the_back_office_keeps_to_the_policy(sign_in: SignIn) -> None:
    """The tab reports each violation as an error, and any error fails the test."""
    page = sign_in("admin")
    page.goto("/admin/")
    expect(page.get_by_role("link", name="Inbox", exact=True).first).to_be_visible()
    links = page.locator("#content-main th a").evaluate_all("links => links.map(a => a.getAttribute('href'))")
    assert len(links) >= 12
    for path in links:
        page.goto(path)
        first = page.locator("#result_list tbody th a").first
        if first.count():
            page.goto(first.get_attribute("href") or "")
            expect(page.locator("#content-main")).to_be_visible()
        response = page.request.get(f"{path}add/")
        if response.ok:
            page.goto(f"{path}add/")
            expect(page.locator("#content-main")).to_be_visible()


def test_an_admin_makes_a_key_and_sends_a_test(sign_in: SignIn) -> None:
    page = sign_in("admin")
    page.goto("/admin/inbox/apikey/add/")
    page.get_by_label("Agent").select_option(index=1)
    page.get_by_label("Name").fill("From the browser")
    page.get_by_role("button", name="Save", exact=True).click()
    text = page.locator(".issued-key").inner_text()
    answer = page.request.get("/api/v1/channels/", headers={"Authorization": f"Bearer {text}"})
    assert answer.ok
    page.goto("/admin/channels_whatsapp/sender/")
    page.locator("#result_list tbody th a").first.click()
    expect(page.locator(".paste").first).to_contain_text("/api/webhooks/whatsapp/twilio")
    page.get_by_role("link", name="Send a test").click()
    page.get_by_label("To:").fill("+447700900999")
    page.get_by_role("button", name="Send a test").click()
    expect(page.get_by_role("status")).to_contain_text("The 24-hour window is closed")


def test_the_documentation_opens_without_a_network(sign_in: SignIn) -> None:
    page = sign_in("lead")
    page.goto("/api/docs/")
    expect(page.locator(".opblock").first).to_be_visible()
    expect(page.get_by_text("/api/whatsapp/send").first).to_be_visible()


@pytest.mark.parametrize("seconds", [23, 41])
def test_a_voice_note_of_the_demo_plays(page: Page, seconds: int) -> None:
    sound = base64.b64encode(handmade.voice(seconds)).decode()
    page.goto("about:blank")
    duration = page.evaluate(
        """source => new Promise((known, failed) => {
            const audio = new Audio(source);
            audio.onloadedmetadata = () => known(audio.duration);
            audio.onerror = () => failed(new Error(audio.error.message));
        })""",
        f"data:audio/ogg;base64,{sound}",
    )
    assert abs(duration - seconds) < 0.1
