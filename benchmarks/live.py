"""How soon an open inbox knows: 200 streams and a real browser, while messages keep arriving."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

from benchmarks.browser import Tab, browser
from benchmarks.installation import Installation, Process, WrongCount
from benchmarks.population import Size, cookie_of, fill
from benchmarks.report import Figure, at_most, percentile, say
from benchmarks.streams import Stream, event_loop, open_streams, post
from benchmarks.webhooks import Customers, Webhook, address
from benchmarks.wire import bursting

DATABASE = "live"
SETTLE_SECONDS = 1.0
WATCHED = 0  # the customer whose thread the browser shows


@dataclass(frozen=True)
class Load:
    streams: int
    per_second: int
    seconds: float
    watched_every: int  # of so many messages one is for the open thread

    @property
    def customers(self) -> int:
        """So many that nobody writes twice in a round: each frame then belongs to one message."""
        return int(self.per_second * self.seconds) + 1


FULL, QUICK = Load(200, 50, 6.0, 25), Load(20, 10, 1.0, 5)


@dataclass
class Waits:
    """Milliseconds, one list per round: frames, bubbles, and seconds of the stops."""

    frames: list[list[float]] = field(default_factory=list)
    bubbles: list[list[float]] = field(default_factory=list)
    stops: list[float] = field(default_factory=list)


def run(installation: Installation) -> list[Figure]:
    load, waits = QUICK if installation.quick else FULL, Waits()
    installation.database(DATABASE)
    with installation.using(DATABASE) as connection:
        fill(connection, Size(100, 500))
        cookie = cookie_of()
    with ExitStack() as stack:
        tab = stack.enter_context(browser(cookie))
        call = stack.enter_context(event_loop())
        for number in range(installation.rounds):
            with installation.web(DATABASE) as web:
                Round(installation, load, web, cookie, tab, call, Customers(number + 1, load.customers)).run(
                    waits
                )
    return list(figures(load, waits))


@dataclass
class Round:
    """One life of a web process, ended while everybody still listens."""

    installation: Installation
    load: Load
    web: Process
    cookie: str
    tab: Tab | None
    call: Callable[[Any], Any]
    customers: Customers

    def run(self, waits: Waits) -> None:
        known = self.introduce()
        if self.tab:
            self.tab.open(self.web.port, f"/conversations/{known[WATCHED]}/")
        streams = self.call(open_streams(self.web.port, self.cookie, self.load.streams))
        time.sleep(SETTLE_SECONDS)
        posted = self.post()
        waits.frames.append(heard(streams, posted, known))
        if self.tab:
            waits.bubbles.append(self.seen_by_browser(posted))
        waits.stops.append(self.web.stop())
        time.sleep(SETTLE_SECONDS / 10)
        if open_ones := sum(not stream.is_ended for stream in streams):
            raise WrongCount(f"{open_ones} streams outlived the process")

    def introduce(self) -> dict[int, int]:
        """Everybody has written once: customer → conversation."""
        everybody = [self.customers.webhook(number).request for number in range(self.load.customers)]
        result = self.call(bursting(self.web.port, iter(everybody), 4, 30.0))
        if result.statuses[200] != len(everybody):
            raise WrongCount(f"introductions: {dict(result.statuses)}")
        from inbox.models import Conversation

        with self.installation.using(DATABASE):
            rows = dict(Conversation.objects.active().values_list("address__value", "pk"))
        return {number: rows[address(number)] for number in range(self.load.customers)}

    def post(self) -> list[tuple[int, Webhook, float]]:
        """Customer, webhook, and when it was answered."""
        count = int(self.load.per_second * self.load.seconds)
        whose = [number + 1 if number % self.load.watched_every else WATCHED for number in range(count)]
        webhooks = [self.customers.webhook(number) for number in whose]
        answered = self.call(post(self.web.port, [w.request for w in webhooks], self.load.per_second))
        time.sleep(SETTLE_SECONDS)
        return list(zip(whose, webhooks, answered, strict=True))

    def seen_by_browser(self, posted: list[tuple[int, Webhook, float]]) -> list[float]:
        """:raises WrongCount: when a bubble is missing."""
        from inbox.models import Message

        assert self.tab
        due = {webhook.sid: at for number, webhook, at in posted if number == WATCHED}
        with self.installation.using(DATABASE):
            names = dict(Message.objects.filter(sid__in=due).values_list("sid", "pk"))
        wanted = {f"message-{pk}" for pk in names.values()}
        shown = self.tab.shown(wanted)
        if missing := wanted - shown.keys():
            raise WrongCount(f"{len(missing)} of {len(due)} bubbles did not appear")
        return [since(at, shown[f"message-{names[sid]}"]) for sid, at in due.items()]


def heard(
    streams: list[Stream], posted: list[tuple[int, Webhook, float]], known: dict[int, int]
) -> list[float]:
    """Of every stream and every message outside the open thread.

    :raises WrongCount: when a stream missed one.
    """
    waits = []
    for number, _, at in posted:
        if number == WATCHED:
            continue
        times = [stream.heard.get(known[number]) for stream in streams]
        if None in times:
            raise WrongCount(f"{times.count(None)} of {len(times)} streams missed a message")
        waits += [since(at, moment) for moment in times if moment is not None]
    say(f"  {len(streams)} streams heard of {len(posted)} messages: exact")
    return waits


def since(answered: float, moment: float) -> float:
    """Milliseconds. A commit is told before its webhook is answered: what came first waited for nothing."""
    return max(0.0, moment - answered) * 1000


def figures(load: Load, waits: Waits) -> list[Figure]:
    crowd = f"{load.streams} streams, {load.per_second} messages a second"
    made = [line(f"webhook answered → frame received, p95; {crowd}", waits.frames)]
    if waits.bubbles:
        made.append(line(f"webhook answered → bubble in an open browser, p95; {crowd}", waits.bubbles))
    stop = Figure(f"stop with {load.streams} streams open", waits.stops, "s", at_most(5), at_most(2))
    return [*made, stop]


def line(name: str, rounds: list[list[float]]) -> Figure:
    halves = sorted(percentile(waits, 50) for waits in rounds)
    note = f"p50 {halves[len(halves) // 2]:.1f} ms"
    return Figure(name, [percentile(waits, 95) for waits in rounds], "ms", at_most(150), at_most(50), note)
