"""The list of conversations, rendered for somebody signed in: our process, and plain WSGI under granian."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

from benchmarks.installation import Installation, WrongCount, free_port
from benchmarks.population import Size, cookie_of, fill
from benchmarks.report import Figure, at_least, ratios
from benchmarks.wire import burst, get

DATABASE = "pages"
CONNECTIONS, THREADS = 8, 4
SECONDS, QUICK_SECONDS = 3.0, 0.5
SIZE, QUICK_SIZE = Size(500, 10_000), Size(100, 500)
PATHS = {"the whole inbox": "/", "the list": "/list/", "one row": "/rows/{row}/"}


def run(installation: Installation) -> list[Figure]:
    installation.database(DATABASE)
    with installation.using(DATABASE) as connection:
        fill(connection, QUICK_SIZE if installation.quick else SIZE)
        cookie = cookie_of()
        row = open_conversation()
    with installation.web(DATABASE) as ours, granian(installation) as plain:
        ports = [ours.port, plain]
        return [
            measure(installation, name, path.format(row=row), cookie, ports) for name, path in PATHS.items()
        ]


@contextmanager
def granian(installation: Installation) -> Iterator[int]:
    port = free_port()
    words = ["-m", "granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", str(THREADS)]
    words += ["--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "warning"]
    with installation.process([*words, "config.wsgi:application"], DATABASE, port=port) as process:
        process.wait_for_port()
        yield port


def open_conversation() -> int:
    from inbox.models import Conversation

    return Conversation.objects.active().filter(status="open").values_list("pk", flat=True)[0]


def measure(installation: Installation, name: str, path: str, cookie: str, ports: list[int]) -> Figure:
    rates: list[list[float]] = [[], []]
    seconds = QUICK_SECONDS if installation.quick else SECONDS
    for port in ports:
        rate(port, path, cookie, seconds / 2)
    for number in range(installation.rounds):
        for which in ((0, 1), (1, 0))[number % 2]:
            rates[which].append(rate(ports[which], path, cookie, seconds))
    return Figure(f"{name}: our process / granian WSGI, {CONNECTIONS} connections", ratios(*rates), "×",
                  at_least(0.55), at_least(0.8))  # fmt: skip


def rate(port: int, path: str, cookie: str, seconds: float) -> float:
    """Pages a second.

    :raises WrongCount: when an answer was not 200.
    """
    requests = itertools.repeat(get(path, cookie=cookie, HX_Request="true"))
    result = burst(port, requests, connections=CONNECTIONS, seconds=seconds)
    if result.failures:
        raise WrongCount(f"{path}: {dict(result.statuses)}")
    return result.rate
