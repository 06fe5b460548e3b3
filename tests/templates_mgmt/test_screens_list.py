"""The list of templates through HTTP."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client

from channels_whatsapp.models import Account
from inbox import clock
from inbox.models import Agent, Team
from templates_mgmt import listing
from templates_mgmt.models import Sync, Template
from tests import world
from tests.inbox.pages import HTMX, words
from tests.templates_mgmt.conftest import a_template

pytestmark = pytest.mark.django_db


def page(client: Client, query: str = "") -> str:
    answer = client.get(f"/templates/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def names(markup: str) -> list[str]:
    return re.findall(r'class="table-link" href="[^"]+"><bdi>([^<]+)<', markup)


def test_it_groups_by_what_a_template_needs(client: Client, lead: Agent) -> None:
    a_template("shipped")
    a_template("draft", status="")
    a_template("waiting", status="pending")
    a_template("refused", "{{1}} is ready for you.", "rejected")
    a_template("strange", status="under_appeal")
    html = page(client)
    assert names(html) == ["refused", "waiting", "shipped", "draft", "strange"]
    groups = re.findall(r'scope="rowgroup">([^<]+)<', html)
    assert groups == ["Needs you", "In review", "Approved", "Draft", "Other"]
    assert "under_appeal" in words(html)


def test_a_family_is_one_row_with_a_dot_for_each_language(client: Client, lead: Agent) -> None:
    a_template("shipped")
    a_template("shipped", "مرحباً {{1}}، طلبك في الطريق.", "", language="ar")
    html = page(client)
    assert names(html) == ["shipped"]
    assert re.search(r'lang="ar"><span class="dot dot--hollow"></span><bdi>العربية</bdi>', html)
    assert "English , Approved" in words(html)


def test_a_new_version_shows_beside_the_one_that_counts(client: Client, lead: Agent) -> None:
    old = a_template("refused", "{{1}} is ready for you.", "rejected")
    new = old.new_version(by=lead)
    html = page(client)
    assert "The text cannot start with a variable. Go on with the new version" in words(html)
    assert f'href="/templates/{new.pk}/">Go on' in html


def test_it_says_what_is_wrong(client: Client, lead: Agent) -> None:
    back = clock.now() + timedelta(hours=3)
    a_template("a", "{{1}} is ready for you.", "rejected", rejection_reason="INVALID_FORMAT: dangling")
    a_template("b", status="rejected", rejection_reason="Something <b>nobody</b> knows")
    a_template("c", status="paused", paused_until=back)
    a_template("d", status="disabled")
    a_template("e", status="", submission="failed", submission_error="Twilio refused: bad types")
    a_template("f", status="", submission="unknown")
    moved = {"previous_category": "UTILITY", "recategorised_at": clock.now()}
    a_template("g", category="MARKETING", **moved)
    told = words(page(client))
    for sentence in ("cannot start with a variable. Fix it", "Something <b>nobody</b> knows Fix it",
                     "WhatsApp paused this template until", "What to send instead", "WhatsApp disabled this",
                     "now bills as marketing, no longer as utility. See what it costs now",
                     "Twilio refused: bad types", "Twilio gave no answer"):  # fmt: skip
        assert sentence in told


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"sale", "shipped", "draft"}),
        ("?status=approved", {"sale", "shipped"}),
        ("?status=draft", {"draft"}),
        ("?status=rejected", set()),
        ("?category=MARKETING", {"sale"}),
        ("?language=pt_BR", {"sale"}),
        ("?q=SALE", {"sale"}),
        ("?q=workshop", {"shipped"}),
        ("?q=Olá", {"sale"}),
        ("?q=100%25", set()),
        ("?status=%00&category=x&language=%00&after=z", {"sale", "shipped", "draft"}),
    ],
)
def test_it_filters_and_finds(client: Client, lead: Agent, query: str, expected: set[str]) -> None:
    a_template("sale", "Olá {{1}}, temos ofertas. Até já.", language="pt_BR", category="MARKETING")
    a_template("shipped")
    a_template("draft", "Something else.", "")
    assert set(names(page(client, query))) == expected


def test_what_needs_no_approval_is_not_called_approved(client: Client, lead: Agent) -> None:
    a_template("shipped")
    a_template("choose", status="unsubmitted", wants_approval=False)
    html = page(client)
    assert re.findall(r'scope="rowgroup">([^<]+)<', html) == ["Approved", "Open conversations"]
    assert "Approved 1 Open conversations 1" in words(html)
    assert names(page(client, "?status=session")) == ["choose"]
    assert names(page(client, "?status=approved")) == ["shipped"]


@pytest.mark.parametrize("status", ["pending", "rejected", "paused"])
def test_an_approved_version_is_found_while_a_newer_one_is_not_approved(
    client: Client, lead: Agent, status: str
) -> None:
    old = a_template("shipped")
    a_template("shipped", status=status)
    html = page(client, "?status=approved")
    assert names(html) == ["shipped"]
    assert "Approved 1" in words(html)
    assert f'/templates/{old.pk}/">The version before is approved and still sent, English' in html
    a_template("shipped")
    assert "still sent" not in page(client)


def a_shelf() -> None:
    row, other = a_template("much", category="MARKETING"), a_template("Little")
    a_template("none", status="", language="de")
    a_template("much", language="de", category="MARKETING")
    talk = world.conversation()
    for status, template in (("delivered", row), ("delivered", row), ("read", other)):
        payload = {"content_sid": template.content_sid}
        world.message(talk, "x", "outbound", status=status, kind="template", payload=payload)
        if template == row:
            world.message(talk, "Thank you")


@pytest.mark.parametrize(("sort", "expected"), [
    ("name", ["Little", "much", "none"]),
    ("-name", ["none", "much", "Little"]),
    ("-sent", ["much", "Little", "none"]),
    ("sent", ["none", "Little", "much"]),
    ("read", ["much", "Little", "none"]),
    ("-read", ["Little", "much", "none"]),
    ("replied", ["Little", "much", "none"]),
    ("-languages", ["much", "none", "Little"]),
    ("category", ["much", "none", "Little"]),
    ("edited", ["Little", "none", "much"]),
])  # fmt: skip
def test_columns_sort(client: Client, lead: Agent, sort: str, expected: list[str]) -> None:
    a_shelf()
    html = page(client, f"?sort={sort}&language=")
    found = names(html)
    if sort in ("-languages", "category"):  # the rest is a tie
        found, expected = found[:1], expected[:1]
    assert found == expected
    assert "rowgroup" not in html
    assert f'<input type="hidden" name="sort" value="{sort}">' in html
    direction = "descending" if sort.startswith("-") else "ascending"
    assert re.findall(r'aria-sort="(\w+)"', html) == [direction]
    # On a phone the headings are away, and these stand above the rows.
    chips = html[
        html.index('aria-label="Sort by"') : html.index("</nav>", html.index('aria-label="Sort by"'))
    ]
    assert chips.count('class="chip"') == 8
    chosen = re.findall(r'id="sorted-(\w+)"[^>]*aria-current="true"', chips)
    assert chosen == [sort.removeprefix("-")] and direction in words(chips)


def test_a_heading_sorts_turns_round_and_lets_go(client: Client, lead: Agent) -> None:
    a_shelf()
    address, seen = "?status=approved", []
    for _press in range(3):
        html = page(client, address)
        address = re.search(r'id="sort-sent" href="/templates/([^"]*)"', html)[1].replace("&amp;", "&")
        seen.append(address)
    assert seen == ["?status=approved&sort=-sent", "?status=approved&sort=sent", "?status=approved"]
    for nonsense in ("?sort=x", "?sort=--name", "?sort=%00"):
        assert "rowgroup" in page(client, nonsense)


def test_sorted_pages_follow_each_other_without_gap(
    client: Client, lead: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE_LENGTH", 2)
    for n in (3, 1, 4, 0, 2):
        a_template(f"t{n}")
    seen, address = [], "/templates/?sort=name"
    while address:
        html = client.get(address).content.decode()
        seen += names(html)
        found = re.search(r'href="([^"]*after=\d+)"', html)
        address = found[1].replace("&amp;", "&") if found else ""
    assert seen == [f"t{n}" for n in range(5)]


def test_it_finds_by_content_sid(client: Client, lead: Agent) -> None:
    wanted = a_template("wanted")
    a_template("other")
    assert names(page(client, f"?q={wanted.content_sid}")) == ["wanted"]


def test_chips_count_within_the_other_filters(client: Client, lead: Agent) -> None:
    a_template("a")
    a_template("b", status="")
    a_template("c", category="MARKETING")
    counts = re.findall(r'id="chip-(\w+)".*?<span class="num">(\d+)<', page(client, "?category=UTILITY"))
    assert dict(counts) == {
        "all": "2", "approved": "1", "session": "0", "review": "0", "rejected": "0", "paused": "0",
        "draft": "1",
    }  # fmt: skip


def test_htmx_gets_the_list_and_its_chips(client: Client, lead: Agent) -> None:
    a_template("a")
    answer = client.get("/templates/?status=draft", headers={**HTMX, "HX-Target": "template-list"})
    html = answer.content.decode()
    assert "<html" not in html
    assert 'id="template-chips" aria-label="Status" hx-swap-oob="true"' in html
    assert "Show all templates" in html


def test_pages_follow_each_other_without_gap(
    client: Client, lead: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "PAGE_LENGTH", 2)
    for n in range(5):
        a_template(f"t{n}")
    seen, address = [], "/templates/"
    while address:
        html = client.get(address).content.decode()
        seen += names(html)
        found = re.search(r'href="([^"]*after=\d+)"', html)
        address = found[1] if found else ""
    assert sorted(seen) == [f"t{n}" for n in range(5)]


def test_archived_templates_have_a_chip_of_their_own(client: Client, lead: Agent) -> None:
    a_template("gone").archive(by=lead)
    html = page(client)
    assert "Write the first template" in words(html)
    assert "Archived 1" in words(html)
    html = page(client, "?status=archived")
    assert names(html) == ["gone"]
    assert "Restore" in words(html)


def test_it_shows_how_templates_fare(client: Client, lead: Agent) -> None:
    row, other = a_template("much"), a_template("little")
    talk = world.conversation()
    for status, template in (("read", row), ("delivered", row), ("sent", row), ("read", other)):
        payload = {"content_sid": template.content_sid}
        world.message(talk, "x", "outbound", status=status, kind="template", payload=payload)
    html = page(client)
    much = html[html.index(">much<") : html.index("</tr>", html.index(">much<"))]
    assert re.search(r'class="cell-bar">3<.*class="bar-fill" width="100.0"', much, re.S)
    assert ">50%<" in much
    assert 'class="bar-fill" width="33.3"' in html


def test_what_is_gone_from_twilio_needs_somebody(client: Client, lead: Agent) -> None:
    row = a_template("vanished", gone_at=clock.now())
    html = page(client)
    assert "Gone from Twilio" in html
    assert re.findall(r'scope="rowgroup">([^<]+)<', html) == ["Needs you"]
    assert "Twilio does not have this template any more. What to send instead" in words(html)
    assert "Twilio does not have this template any more" in page(client, f"{row.pk}/")


def test_syncing_is_asked_for_and_followed(client: Client, lead: Agent) -> None:
    a_template()
    assert "Not synced with Twilio yet" in words(page(client))
    answer = client.post("/templates/sync/", headers=HTMX)
    assert "Being compared" in answer.content.decode()
    followed = re.search(r'hx-get="([^"]+)"', answer.content.decode())[1]
    sync = Sync.begin(Account.objects.get())
    assert "Being compared" in client.get(followed).content.decode()
    sync.finish(12)
    answer = client.get(followed)
    assert "Synced with Twilio" in answer.content.decode()
    assert "fanlight:list" in answer["HX-Trigger"]
    sync.fail("Twilio refused the <b>token</b>.")
    assert "Twilio refused the &lt;b&gt;token&lt;/b&gt;." in page(client)
    assert client.post("/templates/sync/").status_code == 302
    client.force_login(world.agent("tomasz"))
    assert client.post("/templates/sync/", headers=HTMX)["X-Refused"] == "not_allowed"


def test_without_an_account_it_says_what_to_do(client: Client, lead: Agent) -> None:
    assert "No Twilio account yet" in words(page(client))
    assert "An admin does that." in words(page(client))
    client.force_login(world.agent("ada", "admin"))
    assert "appear here. Connect WhatsApp" in words(page(client))


def test_agents_see_the_templates_of_their_channels(client: Client, lead: Agent) -> None:
    a_template("ours")
    team = Team.objects.create(name="Repairs")
    client.force_login(world.agent("tomasz"))
    assert names(page(client)) == ["ours"]
    world.channel("x", "whatsapp:+447700900999", team)
    from inbox.models import Channel

    for channel in Channel.objects.all():
        channel.teams.set([team])
    html = page(client)
    assert names(html) == []
    assert client.get(f"/templates/{Template.objects.get().pk}/").status_code == 404
    assert "badge-" not in client.get(f"/templates/badges/?ids={Template.objects.get().pk}").content.decode()


def test_hostile_words_stay_words(client: Client, lead: Agent) -> None:
    nasty = '"><script>alert(1)</script><b hx-get="/x">'
    a_template(nasty, nasty, "rejected", rejection_reason=nasty, language=nasty[:16])
    html = page(client)
    assert "<script>alert" not in html
    assert '<b hx-get="/x">' not in html


def test_badges_follow_what_is_in_review(client: Client, lead: Agent) -> None:
    row = a_template("a", status="pending")
    assert f"/templates/badges/?ids={row.pk}" in page(client)
    Template.objects.update(status="approved")
    html = client.get(f"/templates/badges/?ids={row.pk},junk,,99").content.decode()
    assert f'id="badge-{row.pk}" hx-swap-oob="true"' in html
    assert "Approved" in html
    assert "template-watch" not in html
    assert "fanlight:list" in client.get(f"/templates/badges/?ids={row.pk}")["HX-Trigger"]
    assert client.get("/templates/badges/").status_code == 200


def test_the_list_needs_few_queries_however_long_it_is(
    client: Client, lead: Agent, django_assert_max_num_queries: object
) -> None:
    for n in range(30):
        a_template(f"t{n}", "{{1}} is ready.", "rejected")
        a_template(f"t{n}", status="", language="de")
    page(client)
    session_and_agent = 2
    with django_assert_max_num_queries(10 + session_and_agent):  # type: ignore[operator]
        assert len(names(page(client))) == 30
    with django_assert_max_num_queries(12 + session_and_agent):  # type: ignore[operator]
        assert len(names(page(client, "?sort=-sent"))) == 30
