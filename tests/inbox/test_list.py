from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import pytest
from django.core.cache import cache
from django.http import QueryDict
from django.test import Client
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inbox import counts, listing
from inbox.listing import Cursor, Filters
from inbox.models import Agent, Conversation, Tag
from tests import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    counts.forget()
    cache.clear()
    yield
    counts.forget()


@pytest.fixture
def lead(client: Client) -> Agent:
    person = world.agent("ines", "lead")
    client.force_login(person)
    return person


def shown(html: str) -> list[int]:
    """Conversations in the order of their rows."""
    return [int(pk) for pk in re.findall(r'<li class="row[^"]*" id="conversation-(\d+)"', html)]


def listed(client: Client, query: str = "") -> list[int]:
    return shown(client.get(f"/{query}").content.decode())


def make(name: str, minutes_ago: int = 0, **fields: object) -> Conversation:
    """A conversation whose last message is so many minutes old."""
    at = timezone.now() - timedelta(minutes=minutes_ago)
    return world.conversation(world.contact(name), last_message_at=at, **fields)


def test_it_groups_by_window_with_what_closes_first_on_top(client: Client, lead: Agent) -> None:
    closed = make("Closed", left=timedelta(hours=-3))
    never = make("Never wrote", minutes_ago=10, left=None)
    older = make("Older", minutes_ago=9, left=timedelta(hours=20))
    newer = make("Newer", minutes_ago=1, left=timedelta(hours=10))
    later = make("Later", left=timedelta(hours=3))
    soonest = make("Soonest", minutes_ago=50, left=timedelta(minutes=30))
    html = client.get("/").content.decode()
    assert shown(html) == [c.pk for c in (soonest, later, newer, older, closed, never)]
    headings = [html.index(words) for words in ("Closing soon", "Window open", "Window closed")]
    assert headings == sorted(headings)
    assert listed(client, "?sort=newest")[0] in {later.pk, closed.pk}


def test_each_row_carries_its_clock_in_attributes(client: Client, lead: Agent) -> None:
    opened = make("Nour", left=timedelta(hours=1, minutes=57, seconds=30))
    html = client.get("/list/").content.decode()
    assert f'id="conversation-{opened.pk}" data-window="soon"' in html
    assert 'stroke-dasharray="7.8 100"' in html
    assert "1h 52m" in html
    assert "style=" not in html


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"mine", "colleague", "free"}),
        ("?view=mine", {"mine"}),
        ("?view=unassigned", {"free"}),
        ("?status=pending", {"pending"}),
        ("?status=resolved", {"resolved"}),
        ("?status=snoozed", {"snoozed"}),
        ("?unread=1", {"free"}),
        ("?view=mine&unread=1", set()),
        ("?view=nonsense&status=%00&channel=x&sort=9&after=zzz", {"mine", "colleague", "free"}),
    ],
)
def test_it_shows_what_the_address_asks_for(
    client: Client, lead: Agent, query: str, expected: set[str]
) -> None:
    made = {
        "mine": make("mine", assignee=lead),
        "colleague": make("colleague", assignee=world.agent("tomasz")),
        "free": make("free", unread_count=2),
        "pending": make("pending", status="pending"),
        "resolved": make("resolved", status="resolved"),
        "snoozed": make("snoozed", status="snoozed"),
    }
    names = {conversation.pk: name for name, conversation in made.items()}
    assert {names[pk] for pk in listed(client, query)} == expected


def test_it_filters_by_channel(client: Client, lead: Agent) -> None:
    here, there = world.channel("Shop UK"), world.channel("Shop US", "whatsapp:+12025550134")
    world.conversation(over=here)
    wanted = world.conversation(over=there)
    assert listed(client, f"?channel={there.pk}") == [wanted.pk]
    assert f'value="{there.pk}" selected' in client.get(f"/?channel={there.pk}").content.decode()


def test_an_agent_sees_only_the_channels_of_their_teams(client: Client) -> None:
    from inbox.models import Team

    ours, theirs = Team.objects.create(name="Orders"), Team.objects.create(name="Repairs")
    visible = world.conversation(over=world.channel("Shop", "whatsapp:+447700900001", ours))
    everyones = world.conversation(over=world.channel("Open", "whatsapp:+447700900002"))
    hidden = world.conversation(
        world.contact("Secret Person"), world.channel("Repairs", "whatsapp:+447700900003", theirs)
    )
    world.message(hidden, "a very secret word")
    client.force_login(world.agent("tomasz", "agent", ours))
    assert set(listed(client)) == {visible.pk, everyones.pk}
    assert client.get(f"/conversations/{hidden.pk}/").status_code == 404
    assert client.get(f"/rows/{hidden.pk}/").status_code == 204
    for query in ("?q=secret", f"?q={hidden.address.number[-6:]}", f"?channel={hidden.channel_id}"):
        assert "Secret Person" not in client.get(f"/list/{query}").content.decode()
    assert "Repairs" not in client.get("/").content.decode()
    assert 'All <span class="num">2</span>' in client.get("/").content.decode()


def test_counts_follow_view_and_status(client: Client, lead: Agent) -> None:
    make("a", assignee=lead, unread_count=1)
    make("b", assignee=lead, status="pending")
    make("c")
    make("d", status="resolved")
    html = client.get("/?view=mine").content.decode()
    numbers = re.findall(
        r'class="(?:tab|chip)" id="([\w-]+)"[^>]*>\s*[^<]+(?:<span class="num">(\d+))?', html
    )
    assert dict(numbers) == {
        "view-all": "3",
        "view-mine": "2",
        "view-unassigned": "1",
        "status-open": "1",
        "status-pending": "1",
        "status-resolved": "",
    }
    assert "Show only unread 1<" in html
    assert 'data-unread="1"' in html


def test_a_row_names_kind_status_tags_and_assignee(client: Client, lead: Agent) -> None:
    row = make(
        "Eleni Papathanou",
        assignee=lead,
        last_message_direction="outbound",
        last_message_status="failed",
        last_message_kind="image",
        last_message_preview="Brass left, black right",
    )
    row.tags.set([Tag.objects.create(name=name) for name in ("damaged", "returns", "vip")])
    html = client.get(f"/rows/{row.pk}/").content.decode()
    for words in (
        "Photo: ",
        "Not delivered: Brass left",
        "damaged",
        "+1",
        "Assigned to ines",
        "EP",
    ):
        assert words in html


def test_what_customers_write_stays_text(client: Client, lead: Agent) -> None:
    nasty = '"><script>alert(1)</script><b hx-get="/x">'
    make(nasty, last_message_preview=nasty)
    html = client.get("/").content.decode()
    assert "<script>alert" not in html
    assert '<b hx-get="/x">' not in html


def test_a_row_that_left_the_view_is_answered_with_nothing(client: Client, lead: Agent) -> None:
    row = make("Nour")
    assert client.get(f"/rows/{row.pk}/").status_code == 200
    assert client.get(f"/rows/{row.pk}/?status=pending").status_code == 204
    row.resolve(by=lead)
    assert client.get(f"/rows/{row.pk}/").status_code == 204


def test_several_rows_are_answered_together(client: Client, lead: Agent) -> None:
    rows = [make("Nour"), make("Grace"), make("Ana", status="resolved")]
    asked = ",".join(str(row.pk) for row in rows)
    assert sorted(shown(client.get(f"/rows/{asked}/").content.decode())) == [rows[0].pk, rows[1].pk]
    assert client.get("/rows/none,-1,,999999999999999999999/").status_code == 204


def test_the_list_needs_at_most_six_queries(
    client: Client, lead: Agent, django_assert_max_num_queries: object
) -> None:
    tag = Tag.objects.create(name="vip")
    for n in range(24):
        row = make(f"Person {n}", assignee=lead, left=timedelta(hours=n - 3))
        row.tags.add(tag)
    session_and_agent = 2
    client.get("/list/")  # content types, savepoints and other first things
    counts.forget()
    row = Conversation.objects.earliest("pk")
    with django_assert_max_num_queries(6 + session_and_agent):  # type: ignore[operator]
        assert len(shown(client.get("/list/").content.decode())) == 24
    with django_assert_max_num_queries(3 + session_and_agent):  # type: ignore[operator]
        client.get(f"/rows/{row.pk}/?status=open")


def test_typing_a_search_is_one_step_back_and_a_filter_another(client: Client, lead: Agent) -> None:
    row = make("Nour")
    at = f"http://testserver/conversations/{row.pk}/"
    htmx = {"HX-Request": "true", "HX-Current-URL": at}
    answer = client.get("/list/?view=mine", headers=htmx)
    assert answer["HX-Push-Url"] == f"/conversations/{row.pk}/?view=mine"
    answer = client.get("/list/?q=nour", headers={**htmx, "HX-Trigger": "list-form"})
    assert answer["HX-Replace-Url"] == f"/conversations/{row.pk}/?q=nour"
    assert "HX-Push-Url" not in client.get("/list/", headers=htmx)
    elsewhere = client.get("/list/?q=nour", headers={**htmx, "HX-Current-URL": "https://evil.example/x"})
    assert elsewhere["HX-Push-Url"] == "/?q=nour"


# Pages by keyset

moments = st.sampled_from([timezone.now() - timedelta(hours=h) for h in (0, 0, 1, 2)])
lefts = st.sampled_from([None, *(timedelta(hours=h) for h in (-5, 0, 1, 1, 3, 4, 8, 20))])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(moments, lefts), min_size=1, max_size=12),
    length=st.integers(1, 5),
    sort=st.sampled_from(["closing", "newest"]),
)
def test_pages_have_no_gaps_and_no_duplicates_even_at_equal_times(
    lead: Agent, rows: list[tuple[object, timedelta | None]], length: int, sort: str
) -> None:
    Conversation.objects.all().delete()
    now = timezone.now()
    for number, (at, left) in enumerate(rows):
        row = make(f"Person {number}", left=left)
        closes = now + left if left is not None else None
        Conversation.objects.filter(pk=row.pk).update(last_message_at=at, window_closes_at=closes)
    filters = Filters(sort=sort)
    whole = [row.pk for row in listing.page(filters, lead, length=100).rows]
    assert sorted(whole) == sorted(Conversation.objects.values_list("pk", flat=True))
    seen: list[int] = []
    page = listing.page(filters, lead, length=length)
    while True:
        seen += [row.pk for row in page.rows]
        if not page.next:
            break
        assert len(page.rows) == length
        page = listing.page(filters, lead, Cursor.parse(str(page.next)), length=length)
    assert seen == whole


def test_newest_first_is_ordered_by_last_message(lead: Agent) -> None:
    for minutes in (5, 1, 9):
        make("Somebody", minutes_ago=minutes)
    rows = listing.page(Filters(sort="newest"), lead).rows
    assert all(a.last_message_at >= b.last_message_at for a, b in pairwise(rows))


def test_more_rows_come_out_of_band_and_the_link_replaces_itself(
    client: Client, lead: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing.page, "__defaults__", (None, 2))
    made = [make(f"Person {n}", minutes_ago=n).pk for n in range(5)]
    first = client.get("/?view=all").content.decode()
    assert shown(first) == made[:2]
    path = re.search(r'hx-get="(/list/\?after=[^"]+)"', first)
    assert path
    second = client.get(path[1]).content.decode()
    assert shown(second) == made[2:4]
    assert 'hx-swap-oob="beforeend:#rows-open"' in second
    assert 'id="list-next"' in second
    without_script = client.get(path[1].replace("/list/", "/")).content.decode()
    assert shown(without_script) == made[2:4]


@pytest.mark.parametrize(
    "text", ["", "-", "1-open-2", "x-open-1-1", "1-soon-٣-1", "9" * 40 + "-open-1-1", "1-open-1-" + "9" * 40]
)
def test_a_broken_cursor_starts_from_the_top(client: Client, lead: Agent, text: str) -> None:
    make("Nour")
    assert client.get("/list/", {"after": text}).status_code == 200
    assert client.get("/", {"after": text}).status_code == 200


def test_filters_survive_their_own_address() -> None:
    filters = Filters("mine", "pending", "newest", unread=True, channel=3, q="a&b=c é")
    assert Filters.of(QueryDict(filters.query[1:])) == filters
    assert Filters().query == ""
