"""The way of an outbound message: queued, sent, delivered, read, or a refusal told late."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import urllib3

from .callbacks import Courier
from .faults import Fault
from .records import Customer, Message
from .scheduler import Scheduler
from .twilio import Twilio
from .verdicts import MEANINGS, MEDIA_LIMIT, ending, media_doom


@dataclass
class Pace:
    """Seconds before each step. All zero, as tests want it; `demo` is what a person likes to watch."""

    sent: float = 0.0
    delivered: float = 0.0
    read: float = 0.0
    approval: float = 0.0
    sender: float = 0.0

    @classmethod
    def demo(cls) -> Pace:
        return cls(sent=0.4, delivered=0.8, read=0.8, approval=6.0, sender=3.0)

    def before(self, status: str) -> float:
        return {"delivered": self.delivered, "read": self.read}.get(status, self.sent)


class Journeys:
    """Walk messages along the status ladder and tell the application each step.

    A message is read when the phone page shows its conversation, or always with `auto_read`;
    never by a customer who keeps read receipts off.
    """

    def __init__(self, twilio: Twilio, courier: Courier, scheduler: Scheduler, pace: Pace) -> None:
        self.twilio = twilio
        self.courier = courier
        self.scheduler = scheduler
        self.pace = pace
        self.auto_read = False
        #: Hosts, besides loopback, whose media are really downloaded.
        self.media_hosts: set[str] = set()
        self._watching: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self._pool = urllib3.PoolManager(maxsize=8, retries=False)

    def start(self, message: Message, *, reorder: Fault | None = None, fail: Fault | None = None) -> None:
        if message.status == "scheduled":
            return
        if fail:
            message.doom = int(fail.options.get("code", 63024))
        self.scheduler.after(0, lambda: self._depart(message, reorder))

    def start_before_answer(self, message: Message) -> None:
        """Post the first status callback here and now, so that it overtakes the REST answer."""
        self._fetch_media(message)
        step = self._next(message)
        self._enter(message, step)
        told = threading.Event()
        self.courier.send(self.courier.status_webhook(message, step), lambda accepted: told.set())
        told.wait(5)
        self._walk(message)

    def release_scheduled(self) -> None:
        """Start the scheduled messages whose time has come."""
        with self.twilio.lock:
            due = [
                m
                for m in self.twilio.messages.values()
                if m.status == "scheduled" and m.send_at and m.send_at <= self.twilio.now()
            ]
        for message in due:
            self.twilio.touch(message, status="accepted")
            self.start(message)

    def _depart(self, message: Message, reorder: Fault | None) -> None:
        self._fetch_media(message)
        if message.service_sid:
            self._enter(message, "queued")
            self._tell(message, "queued", lambda: self._walk_or_reorder(message, reorder))
        else:
            self._walk_or_reorder(message, reorder)

    def _walk_or_reorder(self, message: Message, reorder: Fault | None) -> None:
        if reorder and not message.doom:
            self._walk_reordered(message, reorder)
        else:
            self._walk(message)

    def _walk(self, message: Message) -> None:
        step = self._next(message)
        if step:
            self.scheduler.after(self.pace.before(step), lambda: self._take(message, step))

    def _take(self, message: Message, step: str) -> None:
        self._enter(message, step)
        self._tell(message, step, lambda: self._walk(message))

    def _tell(self, message: Message, step: str, then: Callable[[], None]) -> None:
        self.courier.send(self.courier.status_webhook(message, step), lambda accepted: then())

    def _next(self, message: Message) -> str:
        """The status after this one, or an empty string at the end."""
        if message.status in ("accepted", "queued", "sending"):
            return ending(message.doom) if message.doom else "sent"
        if message.status == "sent":
            return "" if message.customer.blocked else "delivered"
        return "read" if message.status == "delivered" and self.will_read(message) else ""

    def _enter(self, message: Message, step: str) -> None:
        changes: dict[str, object] = {"status": step}
        if step == "sent":
            changes["sent"] = self.twilio.now()
            self.twilio.stop_typing(message.customer, message.sender.address)
        if message.doom and step in ("failed", "undelivered"):
            changes |= {
                "error_code": message.doom,
                "error_message": MEANINGS.get(message.doom, "Channel provider error"),
            }
        self.twilio.touch(message, **changes)

    def _walk_reordered(self, message: Message, reorder: Fault) -> None:
        """Take every step first, then tell them in another order."""
        steps: list[str] = []
        while step := self._next(message):
            self._enter(message, step)
            steps.append(step)
        self._tell_all(message, self._reordered(steps, str(reorder.options.get("order", "swap"))))

    def _tell_all(self, message: Message, steps: list[str]) -> None:
        if steps:
            self._tell(message, steps[0], lambda: self._tell_all(message, steps[1:]))

    def _reordered(self, steps: list[str], order: str) -> list[str]:
        if order == "shuffle":
            return self.twilio.faults.shuffled(steps)
        return steps[::-1] if order == "reverse" else steps[:-2] + steps[:-3:-1]

    # Reading

    def will_read(self, message: Message) -> bool:
        with self._lock:
            watched = self._watching[message.customer.phone, message.sender.address] > 0
        return message.customer.reads and (watched or self.auto_read)

    def watch(self, customer: Customer, sender: str) -> None:
        """The phone page opened this conversation: what was delivered becomes read."""
        with self._lock:
            self._watching[customer.phone, sender] += 1
        self.read(customer, sender)

    def unwatch(self, customer: Customer, sender: str) -> None:
        with self._lock:
            self._watching[customer.phone, sender] -= 1

    def read(self, customer: Customer, sender: str) -> None:
        for message in self.twilio.conversation(customer, sender):
            if not message.inbound and message.status == "delivered" and message.callback and customer.reads:
                self._read_later(message)

    def _read_later(self, message: Message) -> None:
        def take() -> None:
            if message.status == "delivered":
                self._take(message, "read")

        self.scheduler.after(self.pace.read, take)

    # Media

    def _fetch_media(self, message: Message) -> None:
        """Download what the business sends, as WhatsApp would, and refuse what it would refuse."""
        for url in message.media_urls[:1]:
            if message.doom or message.media:
                return
            message.doom = self._fetch(message, url)

    def _fetch(self, message: Message, url: str) -> int | None:
        if not self._downloads_from(urlsplit(url).hostname or ""):
            return None
        try:
            answer = self._pool.request("GET", url, timeout=10, preload_content=False, redirect=False)
            data = answer.read(MEDIA_LIMIT + 1, decode_content=True)
            answer.release_conn()
        except urllib3.exceptions.HTTPError:
            return 63019
        if answer.status != 200:
            return 63019
        content_type = answer.headers.get("Content-Type", "application/octet-stream")
        media = self.twilio.new_media(content_type, data, _file_name(url))
        message.media.append(media)
        self.twilio.media[media.sid] = media
        return media_doom(content_type, len(data))

    def _downloads_from(self, host: str) -> bool:
        return host in ("127.0.0.1", "localhost", "::1") or host in self.media_hosts


def _file_name(url: str) -> str:
    return urlsplit(url).path.rstrip("/").rpartition("/")[2]
