"""From an empty database to a customer's answer: an admin connects Twilio, writes a template, has it
approved, and reopens a conversation with it. Nobody opens Twilio's Console."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from channels_whatsapp.simulator import Simulator, running_simulator
from config import postgres
from tests.browser.conftest import PATIENCE, watched
from tests.browser.stack import Stack

TOKEN = "f0e1d2c3b4a5" * 2 + "6789abcd"
SHOP = "whatsapp:+447700900142"
SECRET = "correct horse battery staple"


@pytest.fixture
def nothing(tmp_path: object) -> Iterator[tuple[Stack, Simulator]]:
    """A fresh installation without demo or settings, and a Twilio account beside it."""
    stack = Stack(tmp_path / "data")  # type: ignore[operator]
    with running_simulator(stack.url, auth_token=TOKEN, senders=()) as sim:
        # Its webhooks go to where an earlier product listened.
        old = {"callback_url": "https://old-desk.example/wa", "callback_method": "POST"}
        sim.twilio.add_sender(SHOP, "Bramblecart", webhook=old)
        sim.rest.content.approvals = "manual"
        stack.environment = {
            "DEMO": "0",
            "PUBLIC_BASE_URL": stack.url,
            "TWILIO_API_BASE_URL": sim.url,
        }
        stack.start()
        yield stack, sim
        stack.stop()
        postgres.stop(stack.data_dir)


def test_from_nothing_to_an_answer(nothing: tuple[Stack, Simulator], browser: Browser) -> None:
    stack, sim = nothing
    context = browser.new_context(base_url=stack.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    errors: list[str] = []
    page = watched(context.new_page(), errors)
    become_admin(page, stack)
    connect(page, sim)
    say_hello(page, sim)
    assert not errors, errors
    context.close()


def become_admin(page: Page, stack: Stack) -> None:
    page.goto(re.search(r"http\S+/setup/\S+/", stack.wait_for("Create the first admin"))[0])
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Email").fill("ada@bramblecart.example")
    for field in page.get_by_label(re.compile("Password")).all():
        field.fill(SECRET)
    page.get_by_role("button").last.click()
    page.wait_for_url(re.compile(r"/(connect/)?$"))


def connect(page: Page, sim: Simulator) -> None:
    page.goto("/connect/")
    page.get_by_label("Account SID").fill(sim.twilio.account.sid)
    page.get_by_label("Auth token").fill(TOKEN)
    page.get_by_role("button", name="Check and connect").click()
    page.get_by_label("Label in the inbox").fill("Shop UK")
    page.get_by_role("button", name="Answer this number").click()
    page.get_by_role("button", name="Set them for me").click()
    expect(page.get_by_text("Messages come here")).to_be_visible()
    assert sim.twilio.senders[SHOP].webhook["callback_url"].endswith("/twilio#rc=5&rp=5xx,ct,rt")


def say_hello(page: Page, sim: Simulator) -> None:
    page.get_by_role("button", name="I am ready to write").click()
    expect(page.get_by_text("Now write hello from your phone")).to_be_visible()
    sim.customer("+447700900318", "Nour Haddadine").send_text("hello", to=SHOP)
    expect(page.get_by_text("It works, there and back.")).to_be_visible()
    page.get_by_role("link", name="Open the conversation").click()
    expect(page.locator("#thread")).to_contain_text("hello")
