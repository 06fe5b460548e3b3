"""Signed webhooks a second: the product, the floor and the guide's view, by turns in every round."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from os import environ

from benchmarks.installation import ROOT, Installation, WrongCount
from benchmarks.report import Figure, at_least, percentile, ratios, say
from benchmarks.webhooks import Customers
from benchmarks.wire import Burst, burst

WORKERS = 2
CONNECTIONS = (16, 64)
SECONDS, QUICK_SECONDS = 3.0, 0.5
FASTEST = 4000  # webhooks a second that are signed beforehand
OURS, FLOOR, GUIDE, PLAIN = "ingestion", "floor", "guide", "guide_plain"


@dataclass
class Variant:
    """A server, its customers, and how to compare its rows with what they sent."""

    name: str
    port: int
    check: Callable[[Installation, Variant], None]
    customers: Customers = field(default_factory=Customers)
    rates: dict[int, list[float]] = field(default_factory=dict)
    slowest: dict[int, list[float]] = field(default_factory=dict)
    failures: int = 0
    generator: float = 0.0  # the largest share of a core that our own side used

    def measure(self, connections: int, seconds: float) -> None:
        self.customers.make(int(FASTEST * seconds))
        result = burst(self.port, self.customers.requests(), connections=connections, seconds=seconds)
        self.note(result, connections)

    def note(self, result: Burst, connections: int) -> None:
        self.rates.setdefault(connections, []).append(result.rate)
        self.slowest.setdefault(connections, []).append(percentile(result.latencies, 99) * 1000)
        self.failures += result.failures
        self.generator = max(self.generator, result.share)


def run(installation: Installation) -> list[Figure]:
    seconds = QUICK_SECONDS if installation.quick else SECONDS
    with running(installation) as variants:
        for variant in variants:  # connections, statements and caches warm
            variant.measure(CONNECTIONS[0], min(seconds, 1.0))
            variant.rates.clear()
            variant.slowest.clear()
        for number in range(installation.rounds):
            for connections in CONNECTIONS:
                # Not always in the same order: what warms or tires the machine meets each in turn.
                for variant in variants[number % 4 :] + variants[: number % 4]:
                    variant.measure(connections, seconds)
                    variant.check(installation, variant)
    return list(figures({variant.name: variant for variant in variants}))


@contextmanager
def running(installation: Installation) -> Iterator[list[Variant]]:
    with ExitStack() as stack:
        installation.database(OURS)
        installation.database(FLOOR)
        make_guide(installation, GUIDE)
        make_guide(installation, PLAIN)

        def port(name: str, application: str, **settings: str) -> int:
            web = installation.web(name, workers=WORKERS, application=application, **settings)
            return stack.enter_context(web).port

        yield [
            Variant(OURS, port(OURS, "config.asgi:application"), check_product),
            Variant(FLOOR, port(FLOOR, "benchmarks.floor:application", **floor_settings()), check_product),
            Variant(GUIDE, port(GUIDE, "benchmarks.guide_app.asgi:application"), check_guide),
            Variant(PLAIN, port(PLAIN, "benchmarks.guide_app.asgi:plain"), check_guide),
        ]


def floor_settings() -> dict[str, str]:
    from django.conf import settings

    database = settings.DATABASES["default"]
    return {"FLOOR_HOST": database["HOST"], "FLOOR_USER": database["USER"], "FLOOR_DATABASE": FLOOR}


def make_guide(installation: Installation, name: str) -> None:
    address = installation.database(name, empty=True)
    settings = {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "benchmarks.guide_app.settings"}
    words = [sys.executable, "-m", "django", "migrate", "--run-syncdb", "--verbosity", "0"]
    subprocess.run(words, cwd=ROOT, env={**environ, **settings}, check=True)


def check_product(installation: Installation, variant: Variant) -> None:
    """Each message once, with its event and its receipt; each repeat counted; nothing but 200."""
    sent = variant.customers
    expected = {
        "SELECT count(*) FROM inbox_message": len(sent.sent),
        "SELECT count(DISTINCT sid) FROM inbox_message": len(sent.sent),
        "SELECT count(*) FROM inbox_event WHERE verb = 'message.received'": len(sent.sent),
        "SELECT sum(unread_count) FROM inbox_conversation": len(sent.sent),
        "SELECT count(*) FROM channels_whatsapp_receipt WHERE outcome = 'applied'": len(sent.sent),
        "SELECT sum(duplicates) FROM channels_whatsapp_receipt": sent.repeated,
    }
    compare(installation, variant, expected)
    if variant.failures:
        raise WrongCount(f"{variant.name}: {variant.failures} answers were not 200")


def check_guide(installation: Installation, variant: Variant) -> None:
    """It may lose and repeat messages, and does; what it stored is at least no more than it was sent."""
    with installation.connection(variant.name) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM guide_app_message")
        stored = cursor.fetchone()[0]
    sent = variant.customers
    if not 0 < stored <= sum(sent.sent.values()):
        raise WrongCount(f"{variant.name}: {stored} messages from {sum(sent.sent.values())} requests")


def compare(installation: Installation, variant: Variant, expected: dict[str, int]) -> None:
    with installation.connection(variant.name) as connection, connection.cursor() as cursor:
        for query, count in expected.items():
            cursor.execute(query)
            if (found := cursor.fetchone()[0]) != count:
                raise WrongCount(f"{variant.name}: {query}: {found}, expected {count}")
    sent = variant.customers.sent
    say(f"  {variant.name}: {sum(sent.values())} requests, {len(sent)} messages: exact")


def figures(variants: dict[str, Variant]) -> Iterator[Figure]:
    ours = variants[OURS]
    share = max(variant.generator for variant in variants.values())
    for connections in CONNECTIONS:
        rates = {name: variant.rates[connections] for name, variant in variants.items()}
        crowd = f"{connections} connections"
        note = f"{ours.failures} not 200; the generator used {share:.0%} of a core"
        yield Figure(f"ingestion / floor, {crowd}", ratios(rates[OURS], rates[FLOOR]), "×",
                     at_least(0.30), at_least(0.45), note)  # fmt: skip
        yield against_guide(
            f"ingestion / the guide's view, {crowd}", rates[OURS], rates[GUIDE], variants[GUIDE]
        )
        yield against_guide(f"ingestion / the guide's view as Django serves itself, {crowd}",
                            rates[OURS], rates[PLAIN], variants[PLAIN])  # fmt: skip
        slowest = ratios(ours.slowest[connections], variants[FLOOR].slowest[connections])
        yield Figure(f"its slowest hundredth (p99) / floor's, {crowd}", slowest)


def against_guide(name: str, ours: list[float], theirs: list[float], guide: Variant) -> Figure:
    note = "" if not guide.failures else f"{guide.failures} of its answers were not 200"
    return Figure(name, ratios(ours, theirs), "×", at_least(4), None, note)
