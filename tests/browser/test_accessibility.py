"""Screens for everybody: what axe finds, large text, small screens, and both reading directions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from inbox.views.help import SUBJECTS
from tests.browser.callers import forget
from tests.browser.stack import Stack

SignIn = Callable[..., Page]
#: Conversations of the demo that show much: a failure, a closed window, an opt-out, every language.
RICH = ("Nour Haddadine", "Ngozi Umeadi", "Siobhan", "Ludmila", "Tariq", "Fatou", "Penelope")

HELP = ("/help/", *(f"/help/{subject.slug}/" for subject in SUBJECTS))

#: The back office's search is labelled by a picture with a text, which this rule does not count.
SPARED = {"label-title-only": {"enabled": False}}


def path_of(page: Page, name: str) -> str:
    page.goto(f"/?q={name}")
    return page.locator(".row-link").first.get_attribute("href") or ""


def visit(page: Page, path: str, status: int = 200) -> None:
    answer = page.goto(path)
    assert answer
    assert answer.status == status, path


def must_be_clean(page: Page, impacts: tuple[str, ...] = ("serious", "critical")) -> None:
    options = {"preload": False, "rules": SPARED}
    found = Axe().run(page, options=options).response["violations"]
    found = [rule for rule in found if rule["impact"] in impacts]
    assert not [(rule["id"], [node["target"] for node in rule["nodes"]]) for rule in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    live: Stack, sign_in: SignIn, page: Page, scheme: str, page_errors: list[str]
) -> None:
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
    visit(page, live.phone_url)
    must_be_clean(page)
    sign_in("admin")
    for name in RICH[:4]:
        visit(page, path_of(page, name))
        expect(page.locator("#details")).to_be_visible()
        page.locator("#consent > summary").click()
        expect(page.locator(".consent-form")).to_be_visible()
        must_be_clean(page)
    for path in ("/admin/", "/admin/inbox/message/", "/admin/inbox/contact/", "/consent/import/", *HELP):
        visit(page, path)
        must_be_clean(page)
    visit(page, "/nothing/", 404)
    must_be_clean(page)
    # What the checker itself does to the page breaks our policy.
    forget(page_errors, "Applying inline style", "404 (Not Found)")


def must_fit(page: Page) -> None:
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, f"{page.url} is {width} px too wide"


#: Parts beyond the edges that neither lie in a strip made for scrolling nor end in an ellipsis.
CUT_OFF = """() => {
  const strips = '.chips, .tabs, .picker-list, .template-cards, pre, .visually-hidden, .skip-link, [popover]'
  const isOut = ({left, right}) => right > innerWidth + 1 || left < -1
  const isShortened = part =>
    part && (getComputedStyle(part).textOverflow === 'ellipsis' || isShortened(part.parentElement))
  return [...document.body.querySelectorAll('*')].filter(part =>
    isOut(part.getBoundingClientRect()) && part.checkVisibility({checkVisibilityCSS: true}) &&
    !part.closest(`${strips}, details:not([open])`) && !isShortened(part)
  ).map(part => part.outerHTML.slice(0, 120))
}"""


def must_show_all(page: Page) -> None:
    must_fit(page)
    assert not page.evaluate(CUT_OFF), page.url


def panes(page: Page) -> list[str]:
    return [
        "/", "/?q=lamp", *[path_of(page, name) for name in RICH], f"{path_of(page, RICH[0])}&pane=details",
    ]  # fmt: skip


def pages_of(page: Page) -> list[str]:
    """Everything else that an admin has, with the tables, the editor and the sheet of proof."""
    consent = path_of(page, "Siobhan").partition("?")[0] + "consent/"
    page.goto("/templates/")
    one = page.locator(".table-link").first.get_attribute("href") or ""
    page.goto("/connect/senders/")
    sender = page.locator("tbody a").first.get_attribute("href") or ""
    return [
        "/templates/", one, "/templates/new/", "/templates/costs/", "/start/", "/consent/import/", consent,
        f"{consent}proof/", "/connect/", "/connect/?new=1", "/connect/senders/", sender, f"{sender}profile/",
        "/account/password/change/", *HELP,
    ]  # fmt: skip


def test_nothing_is_wider_than_the_smallest_screen_and_no_page_is_a_dead_end(
    live: Stack, sign_in: SignIn, page: Page
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    sign_in("admin")
    away = page.locator(".rail a:visible, .stage a.icon-button:visible, .sheet-back, .sign-in-brand")
    for path in [*panes(page), *pages_of(page), live.phone_url]:
        visit(page, path)
        for direction in ("ltr", "rtl"):
            page.evaluate(f"document.documentElement.dir = '{direction}'")
            must_show_all(page)
        assert path == live.phone_url or away.count(), path


def test_text_twice_as_large_fits(live: Stack, sign_in: SignIn, page: Page) -> None:
    """Text alone in the inbox, and everything on the phone's page, as a browser's zoom does it."""
    sign_in("lead")
    for path in panes(page):
        page.goto(path)
        page.evaluate("document.documentElement.style.fontSize = '200%'")
        must_fit(page)
        if path.startswith("/conversations"):
            send = page.locator("#composer-send, .closed-title, .lock-line").first
            send.scroll_into_view_if_needed()
            expect(send).to_be_in_viewport()
    page.set_viewport_size({"width": 640, "height": 400})
    page.goto(live.phone_url)
    must_fit(page)


def test_the_page_is_mirrored_for_those_who_read_from_the_right(sign_in: SignIn) -> None:
    page = sign_in("lead")
    page.goto(path_of(page, "Nour"))
    page.evaluate("document.documentElement.dir = 'rtl'")
    left = "document.querySelector('{}').getBoundingClientRect().left"
    order = [page.evaluate(left.format(part)) for part in ("#details", "#thread", "#list-pane", ".rail")]
    assert order == sorted(order)
    out, into = (
        page.locator(f"#messages .msg--{side} .bubble").last.bounding_box() for side in ("out", "in")
    )
    assert out
    assert into
    assert out["x"] < into["x"] + into["width"] - out["width"]
    # A number keeps its order in either direction.
    assert page.locator(".thread-sub .num").evaluate("n => getComputedStyle(n).direction") == "ltr"
