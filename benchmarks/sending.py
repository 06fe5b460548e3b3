"""From the commit of a reply until the worker began its call to Twilio, with nothing else to do."""

from __future__ import annotations

import time
from datetime import timedelta
from itertools import cycle, islice
from typing import TYPE_CHECKING

from benchmarks.installation import ACCOUNT_SID, AUTH_TOKEN, NUMBER, Installation, WrongCount
from benchmarks.population import Size, fill
from benchmarks.report import Figure, at_most, percentile

if TYPE_CHECKING:
    from channels_whatsapp.simulator import Simulator
    from inbox.models import Conversation

DATABASE = "sending"
REPLIES, QUICK_REPLIES = 40, 5
PAUSE_SECONDS, LONGEST_SECONDS = 0.15, 20.0


def run(installation: Installation) -> list[Figure]:
    from channels_whatsapp.simulator import running_simulator

    installation.database(DATABASE)
    with installation.using(DATABASE) as connection:
        fill(connection, Size(1000, 1000))
        twilio = running_simulator(account_sid=ACCOUNT_SID, auth_token=AUTH_TOKEN, senders=[NUMBER])
        with twilio as simulator:
            settings = {"TWILIO_API_BASE_URL": simulator.url}
            with installation.process(["manage.py", "worker"], DATABASE, **settings) as worker:
                reply_and_wait(simulator, conversations()[:1])  # the worker is up
                worker.must_run()
                rounds = [measure(simulator, installation) for _ in range(installation.rounds)]
    slowest = [percentile(waits, 95) for waits in rounds]
    note = f"p50 {percentile([percentile(waits, 50) for waits in rounds], 50):.1f} ms"
    return [
        Figure("commit → call to Twilio started, idle, p95", slowest, "ms", at_most(100), at_most(30), note)
    ]


def conversations() -> list[Conversation]:
    """Whom we may write to over the one channel with a sender."""
    from inbox import clock
    from inbox.models import Conversation

    soon = clock.now() + timedelta(hours=1)
    rows = Conversation.objects.active().filter(channel__address=NUMBER, window_closes_at__gt=soon)
    return list(rows.select_related("channel", "contact", "address").order_by("pk"))


def measure(simulator: Simulator, installation: Installation) -> list[float]:
    """Milliseconds of each reply in a round."""
    count = QUICK_REPLIES if installation.quick else REPLIES
    chosen = list(islice(cycle(conversations()), count))
    return reply_and_wait(simulator, chosen)


def reply_and_wait(simulator: Simulator, chosen: list[Conversation]) -> list[float]:
    simulator.log.clear()
    committed: dict[str, float] = {}
    for number, conversation in enumerate(chosen):
        body = f"reply {number} at {time.time()}"
        conversation.reply(body, by=None)
        committed[body] = time.time()
        time.sleep(PAUSE_SECONDS)
    called = wait_for_calls(simulator, len(committed))
    if set(called) != set(committed):
        raise WrongCount(f"{len(committed)} replies, {len(called)} calls")
    return [max(0.0, called[body] - at) * 1000 for body, at in committed.items()]


def wait_for_calls(simulator: Simulator, count: int) -> dict[str, float]:
    """When each call began, by its text: the log has its end and its length."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while True:
        calls = [e for e in simulator.log.entries(way="out") if e.kind == "Messages.create"]
        if len(calls) >= count or time.monotonic() > deadline:
            return {dict(e.params)["Body"]: e.at.timestamp() - e.took_ms / 1000 for e in calls}
        time.sleep(0.05)
