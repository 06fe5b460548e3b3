"""The inbox's own queries at 1 million messages and at 10 thousand, call by call in turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.test.utils import CaptureQueriesContext

from benchmarks.installation import Installation, as_default
from benchmarks.population import Size, fill
from benchmarks.report import Figure, at_most, percentile, say

SMALL, LARGE = Size(500, 10_000), Size(50_000, 1_000_000)
QUICK = Size(50, 500), Size(500, 5_000)
CALLS, QUICK_CALLS = 40, 3
RATIO, SEARCH_MS = "ratio", "ms"


@dataclass(frozen=True)
class Reading:
    """One thing that the inbox reads. `read(places)` does it once; places differ from call to call."""

    name: str
    read: Callable[[Places, int], Any]
    is_search: bool = False


class Places:
    """Where to look in one database: found once, before anything is measured."""

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        from inbox import listing
        from inbox.models import Agent, Conversation, Message

        self.connection = connection
        self.lead, self.agent = Agent.objects.get(username="agent1"), Agent.objects.get(username="agent2")
        self.filters = listing.Filters
        self.deep = self._cursor(listing.Filters(sort="newest"))
        self.deep_resolved = self._cursor(listing.Filters(status="resolved"))
        rows = Conversation.objects.select_related("contact", "channel", "address", "assignee", "team")
        # The first ones are the long ones (population.py).
        self.conversations = list(rows.order_by("pk")[:20])
        self.sixtieth = [message_at(conversation, 60) for conversation in self.conversations]
        self.sids = list(Message.objects.order_by("sid").values_list("sid", flat=True)[:20])
        self.names = [c.contact.name.split()[1] for c in self.conversations]
        self.numbers = [c.address.value[-8:] for c in self.conversations]
        self.words = self._words()

    def _cursor(self, filters: Any) -> Any:
        """A place 40 % down the list."""
        from inbox import listing

        rows = filters.rows(self.lead).order_by("-last_message_at", "-id")
        row = rows[int(rows.count() * 0.4)]
        return listing.Cursor(row.last_message_at, listing.PLAIN, row.last_message_at, row.pk)

    def _words(self) -> dict[str, str]:
        """By how many messages have them: the commonest, one in a hundred, one only."""
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT word, ndoc FROM ts_stat('SELECT search FROM inbox_message LIMIT 20000')"
                           " ORDER BY ndoc DESC")  # fmt: skip
            found = [word for word, _ in cursor.fetchall() if word.isalpha()]
            cursor.execute("SELECT right(body, strpos(reverse(body), ' ') - 1) FROM inbox_message"
                           " WHERE search @@ to_tsquery('simple', 'ab') LIMIT 1")  # fmt: skip
            rare = cursor.fetchone()
        return {"common": found[0], "middle": found[100 % len(found)], "seldom": found[-1],
                "rare": rare[0] if rare else found[-1]}  # fmt: skip


def message_at(conversation: Any, place: int) -> Any:
    """Counted from the newest; the oldest when there are fewer."""
    return list(conversation.messages.order_by("-created_at", "-id")[:place])[-1]


def readings() -> Iterator[Reading]:
    from inbox import clock, counts, finding, listing, timeline
    from inbox.models import Message

    def older(p: Places, n: int) -> Any:
        return timeline.older(p.conversations[n], p.lead, clock.now(), than=p.sixtieth[n])

    def page(filters: dict[str, Any], cursor: str = "", who: str = "lead") -> Callable[[Places, int], Any]:
        after = (lambda p: getattr(p, cursor)) if cursor else (lambda p: None)
        return lambda p, n: listing.page(p.filters(**filters), getattr(p, who), after(p))

    def search(text: Callable[[Places, int], str]) -> Callable[[Places, int], Any]:
        return lambda p, n: bool(finding.find(p.filters(q=text(p, n)), p.lead))

    yield Reading("list, closing first", page({}))
    yield Reading("list, newest first", page({"sort": "newest"}))
    yield Reading("list, page at 40 %", page({"sort": "newest"}, "deep"))
    yield Reading("list, resolved, page at 40 %", page({"status": "resolved"}, "deep_resolved"))
    yield Reading("list, mine", page({"view": "mine"}, who="agent"))
    yield Reading("list, unassigned", page({"view": "unassigned"}))
    yield Reading("list, unread", page({"unread": True}))
    yield Reading(
        "thread, newest 50", lambda p, n: timeline.latest(p.conversations[n % 20], p.lead, clock.now())
    )
    yield Reading("thread, 50 before", lambda p, n: older(p, n % 20))
    yield Reading("sidebar counts", lambda p, n: counts._ask(p.lead))
    yield Reading("sidebar counts, an agent's", lambda p, n: counts._ask(p.agent))
    yield Reading(
        "contact by name", lambda p, n: finding._conversations(p.filters(q=p.names[n % 20]), p.lead)
    )
    yield Reading(
        "contact by number", lambda p, n: finding._conversations(p.filters(q=p.numbers[n % 20]), p.lead)
    )
    yield Reading("message by SID", lambda p, n: Message.objects.get(sid=p.sids[n % 20]))
    yield Reading("search, a word of one message", search(lambda p, n: p.words["rare"]), True)
    yield Reading("search, a seldom word", search(lambda p, n: p.words["seldom"]), True)
    yield Reading("search, a middling word", search(lambda p, n: p.words["middle"]), True)
    yield Reading("search, the commonest word", search(lambda p, n: p.words["common"]), True)
    yield Reading("search, three letters", search(lambda p, n: p.words["middle"][:3]), True)
    yield Reading("search, two words", search(lambda p, n: f"{p.words['common']} {p.words['middle']}"), True)
    yield Reading(
        "search, two common words", search(lambda p, n: f"{p.words['common']} {p.words['common'][:3]}"), True
    )
    yield Reading("search, nothing found", search(lambda p, n: "zzzzzz"), True)


def run(installation: Installation) -> list[Figure]:
    sizes = QUICK if installation.quick else (SMALL, LARGE)
    names = ("reading_small", "reading_large")
    for name, size in zip(names, sizes, strict=True):
        installation.database(name)
        with installation.using(name) as connection:
            fill(connection, size)
        say(f"  {size.messages:,} messages in {size.conversations:,} conversations: exact")
    with installation.connection(names[0]) as small, installation.connection(names[1]) as large:
        places = [found(connection) for connection in (small, large)]
        if installation.explain:
            Path(installation.explain).write_text("\n".join(explained(places[1])))
        calls = QUICK_CALLS if installation.quick else CALLS
        return [
            figure
            for reading in readings()
            for figure in measure(reading, places, calls, installation.rounds)
        ]


def found(connection: BaseDatabaseWrapper) -> Places:
    with as_default(connection):
        return Places(connection)


def measure(reading: Reading, places: list[Places], calls: int, rounds: int) -> Iterator[Figure]:
    medians, slowest = [], []
    once(reading, places[0], 0)
    once(reading, places[1], 0)
    for _ in range(rounds):
        taken = [[once(reading, place, number) for place in places] for number in range(calls)]
        small, large = zip(*taken, strict=True)
        medians.append((percentile(small, 50), percentile(large, 50)))
        slowest.append(percentile(large, 95))
    note = f"p50 {medians[-1][0]:.1f} and {medians[-1][1]:.1f} ms, p95 {slowest[-1]:.1f} ms"
    if reading.is_search:
        yield Figure(f"{reading.name}, p95 at the large size", slowest, "ms", at_most(100), at_most(30), note)
    else:
        ratios = [large / small for small, large in medians]
        yield Figure(f"{reading.name}: large / small", ratios, "×", at_most(3), at_most(1.5), note)


def once(reading: Reading, place: Places, number: int) -> float:
    """Milliseconds."""
    with as_default(place.connection):
        began = time.perf_counter()
        reading.read(place, number)
        return (time.perf_counter() - began) * 1000


def explained(place: Places) -> Iterator[str]:
    """Every query of every reading with the plan that the large database made for it."""
    for reading in readings():
        with as_default(place.connection), CaptureQueriesContext(place.connection) as captured:
            reading.read(place, 1)
        for query in captured.captured_queries:
            with place.connection.cursor() as cursor:
                cursor.execute("EXPLAIN (ANALYZE, BUFFERS) " + query["sql"].replace("%", "%%"), [])
                yield "\n".join(
                    [f"## {reading.name}", "", query["sql"], "", *(row[0] for row in cursor.fetchall()), ""]
                )
