"""The state of a pretend Twilio account. Pure Python: no HTTP, no Django, one lock."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from .addresses import USER_ID, country, name_for
from .clock import Clock
from .content import Contents
from .errors import TwilioError
from .faults import Faults
from .feed import Feed
from .records import Account, Customer, Media, Message, Sender, Service
from .senders import Senders

SANDBOX = "whatsapp:+14155238886"
STOP_WORDS = {"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT"}
START_WORDS = {"START", "UNSTOP"}
TYPING_LASTS = timedelta(seconds=25)

TimePassed = Callable[[str, str, timedelta], None]


class Twilio(Contents, Senders):
    """Everything one account holds, and the verbs that change it.

    `messages` keeps the order of creation. Every verb takes `lock`, so state may be read from any
    thread while holding it. `on_time_passed(customer address, sender address, delta)` is told when
    the phone page lets time pass for one conversation.
    """

    def __init__(
        self,
        account: Account,
        *,
        seed: int | None = None,
        clock: Clock | None = None,
        on_time_passed: TimePassed | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.account = account
        self.clock = clock or Clock()
        self.rng = random.Random(seed)
        self.faults = Faults(random.Random(self.rng.getrandbits(64)))
        self.feed = Feed()
        self.on_time_passed = on_time_passed
        #: The most calls at once before 429/20429; None for no limit, as with a small team.
        self.max_concurrent: int | None = None
        #: The most messages to one recipient in a second before 63018; None for no limit.
        self.max_per_recipient: int | None = None
        self.clear()

    def clear(self) -> None:
        """Forget customers, messages and contents; keep the account, its senders and services."""
        with self.lock:
            self.messages: dict[str, Message] = {}
            self.customers: dict[str, Customer] = {}
            self.typing: dict[tuple[str, str], datetime] = {}
            self.media: dict[str, Media] = {}
            self.revision = 0
            self.clear_contents()
            if not hasattr(self, "senders"):
                self.clear_senders()
        self.feed.publish("phone")

    def now(self) -> datetime:
        return self.clock.now()

    def sid(self, prefix: str) -> str:
        with self.lock:
            return f"{prefix}{self.rng.getrandbits(128):032x}"

    # Customers

    def customer(self, address: str, name: str = "", *, phone_hidden: bool = False) -> Customer:
        """The customer with this phone or user ID (`whatsapp:` may be left out), made when new."""
        address = address if address.startswith("whatsapp:") else f"whatsapp:{address}"
        with self.lock:
            customer = self.find_customer(address) or self._add_customer(address, name, phone_hidden)
            customer.name = name or customer.name
            return customer

    def find_customer(self, address: str) -> Customer | None:
        with self.lock:
            return self.customers.get(address)

    def new_customer(self, name: str, *, phone_hidden: bool = False) -> Customer:
        """Somebody who never wrote before, with an invented number from the UK range for fiction."""
        with self.lock:
            while (phone := f"whatsapp:+447700900{self.rng.randrange(200, 1000)}") in self.customers:
                pass
            return self._add_customer(phone, name, phone_hidden)

    def everyone(self) -> list[Customer]:
        with self.lock:
            return list({id(c): c for c in self.customers.values()}.values())

    def _add_customer(self, address: str, name: str, phone_hidden: bool) -> Customer:
        known_by_id = bool(USER_ID.fullmatch(address))
        phone = f"whatsapp:+1999{self.rng.randrange(10**9, 10**10)}" if known_by_id else address
        user_id = (
            address if known_by_id else f"whatsapp:{country(phone)}.{self.rng.randrange(10**15, 10**16)}"
        )
        customer = Customer(
            phone, user_id, name or name_for(address), phone_hidden=phone_hidden or known_by_id
        )
        self.customers[phone] = self.customers[user_id] = customer
        self.feed.publish("people")
        return customer

    # Messages

    def keep(self, message: Message) -> Message:
        with self.lock:
            self.revision += 1
            message.born = message.revision = message.shown_at = self.revision
            self.messages[message.sid] = message
            self.media.update({media.sid: media for media in message.media})
        self.feed.publish("phone")
        return message

    def touch(self, message: Message, **changes: Any) -> None:
        """Change some columns of a message and tell the phone."""
        with self.lock:
            self.revision += 1
            message.revision = self.revision
            message.updated = self.now()
            for name, value in changes.items():
                setattr(message, name, value)
            if changes.get("status") == "sent":
                message.shown_at = self.revision
        self.feed.publish("phone")

    def message(self, sid: str) -> Message:
        with self.lock:
            if sid not in self.messages:
                raise TwilioError(20404)
            return self.messages[sid]

    def conversation(self, customer: Customer, sender: str) -> list[Message]:
        with self.lock:
            return [
                m for m in self.messages.values() if m.customer is customer and m.sender.address == sender
            ]

    def delete(self, sid: str) -> None:
        """Remove a finished message and its media; 20009 while it is on its way."""
        with self.lock:
            message = self.message(sid)
            if message.status in ("accepted", "queued", "scheduled", "sending"):
                raise TwilioError(20009)
            for media in message.media:
                self.media.pop(media.sid, None)
            del self.messages[sid]
        self.feed.publish("phone")

    def receive(
        self,
        customer: Customer,
        sender: Sender,
        body: str = "",
        *,
        kind: str = "text",
        media: list[Media] | None = None,
        params: dict[str, str] | None = None,
        shown: dict[str, Any] | None = None,
    ) -> Message:
        """A customer wrote: opens the window, joins or leaves the sandbox, honours STOP. No webhook yet."""
        now = self.now()
        message = Message(
            self.sid("MM" if media else "SM"),
            "inbound",
            customer,
            sender,
            sender.address,
            customer.address,
            body,
            "received",
            now,
            now,
            sent=now,
            kind=kind,
            media=media or [],
            params=dict(params or {}),
            shown=dict(shown or {}),
            service_sid=sender.service_sid,
        )
        with self.lock:
            customer.last_inbound[sender.address] = now
            self._obey_keyword(message)
            return self.keep(message)

    def _obey_keyword(self, message: Message) -> None:
        word, customer, sender = message.body.strip().upper(), message.customer, message.sender
        if sender.sandbox:
            if word.startswith("JOIN "):
                customer.joined[sender.address] = self.now()
            elif word == "STOP":
                customer.joined.pop(sender.address, None)
        service = self.services.get(sender.service_sid)
        if service and service.advanced_opt_out and word in STOP_WORDS | START_WORDS:
            stopping = word in STOP_WORDS
            (customer.opted_out.add if stopping else customer.opted_out.discard)(sender.address)
            message.params["OptOutType"] = "STOP" if stopping else "START"

    def new_media(self, content_type: str, data: bytes, name: str = "") -> Media:
        return Media(self.sid("ME"), content_type, data, self.now(), name)

    def add_history(
        self,
        customer: Customer | str,
        sender: Sender | str,
        body: str,
        *,
        at: datetime,
        inbound: bool = True,
        status: str = "",
        media: list[Media] | None = None,
        error_code: int | None = None,
        sid: str = "",
    ) -> Message:
        """A message that exists at Twilio since `at`, about which no webhook was ever sent."""
        customer = self.customer(customer) if isinstance(customer, str) else customer
        sender = self.sender_at(sender) if isinstance(sender, str) else sender
        to, from_ = (sender.address, customer.address) if inbound else (customer.address, sender.address)
        message = Message(
            sid or self.sid("MM" if media else "SM"),
            "inbound" if inbound else "outbound-api",
            customer,
            sender,
            to,
            from_,
            body,
            status or ("received" if inbound else "delivered"),
            at,
            at,
            sent=at,
            media=media or [],
            error_code=error_code,
        )
        with self.lock:
            if inbound:
                customer.last_inbound[sender.address] = max(at, customer.last_inbound.get(sender.address, at))
            return self.keep(message)

    # Time and typing

    def pass_time(self, customer: Customer, sender: str, delta: timedelta) -> None:
        """Let `delta` pass for one conversation, by moving its last inbound message back."""
        with self.lock:
            if sender in customer.last_inbound:
                customer.last_inbound[sender] -= delta
        if self.on_time_passed:
            self.on_time_passed(customer.address, sender, delta)
        self.feed.publish("clock")

    def window_left(self, customer: Customer, sender: str) -> timedelta:
        closes = customer.window_closes(sender)
        return max(timedelta(), closes - self.now()) if closes else timedelta()

    def start_typing(self, sid: str) -> None:
        """The business types: marks the message read, shows dots for 25 s or until the reply."""
        with self.lock:
            message = self.messages.get(sid)
            if message is None or not message.inbound:
                raise TwilioError(20404)
            self.typing[message.customer.phone, message.sender.address] = self.now() + TYPING_LASTS
            for earlier in self.conversation(message.customer, message.sender.address):
                if earlier.inbound and earlier.born <= message.born:
                    self.touch(earlier, shown=earlier.shown | {"tick": "read"})
        self.feed.publish("typing")

    def stop_typing(self, customer: Customer, sender: str) -> None:
        with self.lock:
            self.typing.pop((customer.phone, sender), None)
        self.feed.publish("typing")

    def is_typing(self, customer: Customer, sender: str) -> bool:
        with self.lock:
            return self.typing.get((customer.phone, sender), self.now()) > self.now()

    def service(self, sid: str) -> Service:
        with self.lock:
            if sid not in self.services:
                raise TwilioError(20404)
            return self.services[sid]
