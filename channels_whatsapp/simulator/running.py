"""The simulator put together: state, server, webhooks, clock, and handles for tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

from .callbacks import Courier
from .cdn import Cdn
from .clock import Clock
from .faults import Faults
from .journeys import Journeys, Pace
from .log import Log
from .people import CustomerHandle
from .records import Account, Sender
from .rest import Rest
from .scheduler import Scheduler
from .twilio import TimePassed, Twilio
from .web import Server

ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "0123456789abcdef" * 2
SENDER = "whatsapp:+447700900142"
WEBHOOK_PATH = "/api/webhooks/whatsapp/twilio"
#: Twilio retries a failed webhook only when its address asks for it.
RETRIES = "#rc=5&rp=5xx,ct,rt"


class Simulator:
    """A pretend Twilio on a loopback port. `url` replaces the hosts of api., content. and messaging."""

    def __init__(
        self,
        *,
        webhook_base: str = "",
        account_sid: str = ACCOUNT_SID,
        auth_tokens: Iterable[str] = (AUTH_TOKEN,),
        senders: Iterable[str | Sender] = (SENDER,),
        seed: int | None = None,
        port: int = 0,
        pace: Pace | None = None,
        clock: Clock | None = None,
        on_time_passed: TimePassed | None = None,
        app_url: str = "",
    ) -> None:
        self.webhook_base = webhook_base.rstrip("/")
        self.app_url = app_url or self.webhook_base
        self.stopping = threading.Event()
        self.twilio = Twilio(
            Account(account_sid, list(auth_tokens)), seed=seed, clock=clock, on_time_passed=on_time_passed
        )
        self.scheduler = Scheduler()
        self.log = Log(self.twilio.feed)
        self.cdn = Cdn(self.twilio, self.stopping)
        self.courier = Courier(self.twilio, self.scheduler, self.log)
        self.journeys = Journeys(self.twilio, self.courier, self.scheduler, pace or Pace())
        self.journeys.media_hosts = {urlsplit(self.webhook_base).hostname or ""} - {""}
        #: Runs after "Start over" and when the page is opened: the command takes its world from here.
        self.refresh: Callable[[Simulator], None] | None = None
        self._senders = list(senders)
        for sender in self._senders:
            self.add_sender(sender)
        self.twilio.account.events_url = (
            f"{self.webhook_base}{WEBHOOK_PATH}/events" if self.webhook_base else ""
        )
        self.rest = Rest(self)
        self.server = Server(port, self.rest.answer)
        self.courier.media_base = self.url

    # Life

    def start(self) -> Simulator:
        self.server.start()
        return self

    def stop(self) -> None:
        """Cut what hangs, forget what waits, close the port. Takes well under two seconds."""
        self.stopping.set()
        self.scheduler.stop()
        self.server.stop()

    def reset(self) -> None:
        """Forget customers, messages, contents, faults and the log; keep account and senders."""
        self.scheduler.clear()
        self.twilio.clear()
        self.twilio.faults.remove()
        self.log.clear()
        self.log.reset_counters()
        if self.refresh:
            self.refresh(self)

    def wait_idle(self, timeout: float = 10) -> bool:
        """Wait until no webhook, status step or verdict is due. False on timeout."""
        return self.scheduler.wait_idle(timeout)

    # Where things are

    @property
    def port(self) -> int:
        return self.server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def faults(self) -> Faults:
        return self.twilio.faults

    @staticmethod
    def seconds(count: float) -> timedelta:
        return timedelta(seconds=count)

    # People and numbers

    def add_sender(self, sender: str | Sender, name: str = "", **options: str) -> Sender:
        """A sender whose webhooks lead to the application, with retries asked for."""
        if isinstance(sender, Sender):
            self.twilio.senders[sender.address] = sender
            return sender
        hook = f"{self.webhook_base}{WEBHOOK_PATH}"
        webhook = {
            "callback_url": f"{hook}{RETRIES}",
            "callback_method": "POST",
            "fallback_url": f"{hook}/fallback{RETRIES}",
            "fallback_method": "POST",
            "status_callback_url": f"{hook}/status",
            "status_callback_method": "POST",
        }
        return self.twilio.add_sender(sender, name, webhook=webhook if self.webhook_base else None, **options)  # type: ignore[arg-type]

    def customer(self, address: str = "", name: str = "", *, hidden: bool = False) -> CustomerHandle:
        """The customer at this phone or user ID, or somebody new; see `CustomerHandle`."""
        twilio = self.twilio
        known = twilio.customer(address, name, phone_hidden=hidden) if address else None
        return CustomerHandle(self, known or twilio.new_customer(name or "Someone new", phone_hidden=hidden))

    # Time, verdicts, figures

    def advance(self, **delta: float) -> None:
        """Move the simulator's clock (hours=1), and send what was scheduled until then."""
        self.twilio.clock.advance(timedelta(**delta))
        self.journeys.release_scheduled()
        for sid in self.twilio.over_pauses():
            self.decide(sid, "approved")
        self.twilio.feed.publish("clock")

    def decide(self, content_sid: str, status: str, reason: str = "") -> None:
        """WhatsApp's verdict on a template, told by an Event Streams webhook."""
        previous = self.twilio.decide(content_sid, status, reason)
        if previous != status:
            self.courier.template_event(content_sid, previous, status)

    def pause(self, content_sid: str) -> str:
        """WhatsApp pauses a template for 3 hours, then for 6, then disables it. Returns the status."""
        status = self.twilio.pause(content_sid)
        self.courier.template_event(content_sid, "approved", status)
        return status

    def recategorise(self, content_sid: str, category: str) -> None:
        """Meta bills a template under another category, told by an event."""
        previous = self.twilio.recategorise(content_sid, category)
        self.courier.template_event(content_sid, previous.lower(), category.lower(), "category_update")

    def calls(self, method: str = "", path: str = "") -> int:
        """How many REST calls were made whose method and path pattern contain these."""
        counted = list(self.log.calls.items())
        return sum(n for name, n in counted if name.startswith(method) and path in name)

    def delivered_bodies(self, address: str) -> list[str]:
        """What really reached a customer, in order: the measure of "sent exactly once"."""
        customer = self.twilio.customer(address)
        outbound = [m for m in self.twilio.messages.values() if m.customer is customer and not m.inbound]
        return [m.body for m in outbound if m.status in ("sent", "delivered", "read")]


@contextmanager
def running_simulator(
    webhook_base: str = "",
    account_sid: str = ACCOUNT_SID,
    auth_token: str = AUTH_TOKEN,
    senders: Iterable[str | Sender] = (SENDER,),
    seed: int | None = 1,
    **options: object,
) -> Iterator[Simulator]:
    """A started simulator on a free port; stopped at the end of the block.

    `auth_token` may hold several tokens, separated by commas: the first one signs.
    """
    tokens = [token.strip() for token in auth_token.split(",")]
    simulator = Simulator(
        webhook_base=webhook_base,
        account_sid=account_sid,
        auth_tokens=tokens,
        senders=senders,
        seed=seed,
        **options,  # type: ignore[arg-type]
    )
    simulator.start()
    try:
        yield simulator
    finally:
        simulator.stop()
