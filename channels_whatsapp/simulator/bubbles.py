"""What the phone shows of a message and the log of a webhook: view models, without HTML."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import phonenumbers

from .log import Entry
from .people import CustomerHandle
from .records import Customer, Media, Message, Sender

if TYPE_CHECKING:
    from .running import Simulator

TICKS = {"sent": "check", "delivered": "check-check", "read": "check-check", "sending": "clock-3"}


@dataclass(frozen=True)
class Bubble:
    """One message as this customer sees it: their own on the end side, the business' on the start side."""

    message: Message
    first: bool
    quoted: Message | None
    #: What a tap or a choice answered already, so that it cannot be tapped twice.
    chosen: str = ""
    #: The day's heading above this message, where a new day begins.
    day: datetime | None = None

    @property
    def mine(self) -> bool:
        return self.message.inbound

    @property
    def text(self) -> str:
        """The text as safe HTML where the formatter is at hand, else plain (the template escapes it)."""
        hidden = self.message.kind in ("document", "contacts", "location") and self.mine
        return "" if hidden else formatted(self.message.body)

    @property
    def tick(self) -> str:
        return str(self.message.shown.get("tick", "sending"))

    @property
    def tick_icon(self) -> str:
        return TICKS.get(self.tick, "check")

    @property
    def tick_class(self) -> str:
        return f"icon tick tick--{self.tick}"

    @property
    def wave(self) -> list[tuple[float, float, int]]:
        """Bars of a voice message as (top, height, shift), drawn from its SID: pretty, not measured."""
        heights = [4 + int(digit, 16) * 1.5 for digit in (self.message.sid[2:] * 2)[:40]]
        return [((28 - height) / 2, height, index * 2) for index, height in enumerate(heights)]

    @property
    def media(self) -> Media | None:
        return self.message.media[0] if self.message.media else None

    @property
    def shape(self) -> str:
        """Which partial draws the media: photo, voice, video, file, person, place, sticker or nothing."""
        if self.message.kind in ("location", "sticker", "contacts"):
            return {"location": "place", "sticker": "sticker", "contacts": "person"}[self.message.kind]
        if self.media is None:
            return "photo-missing" if self.message.media_urls else ""
        return {"image": "photo", "audio": "voice", "video": "video"}.get(
            self.media.content_type.partition("/")[0], "file"
        )

    @property
    def place(self) -> dict[str, str] | None:
        """Of a location that the business sent; the customer's own stands in the parameters."""
        place = self.message.shown.get("place")
        return place if isinstance(place, dict) else None

    @property
    def cards(self) -> list[dict[str, Any]]:
        return [card | {"text": formatted(card["body"])} for card in self.message.shown.get("cards", [])]

    @property
    def extension(self) -> str:
        name = self.media.name if self.media else ""
        return name.rpartition(".")[2][:4].upper() or "FILE"

    @property
    def strange(self) -> bool:
        return self.message.kind == "unknown"


def formatted(body: str) -> str:
    """`*bold*` and the like as the inbox writes it; plain text while that module is not there."""
    try:
        module = importlib.import_module("inbox.formatting")
    except ImportError:
        return body
    html: str = module.to_html(body)
    return html


def visible(message: Message) -> bool:
    """A message shows on the phone from `sent` on, and never when it failed."""
    return message.inbound or message.status in ("sent", "delivered", "read")


def bubbles(
    sim: Simulator, customer: Customer, sender: str, *, since: int = 0
) -> tuple[list[Bubble], list[Bubble]]:
    """(new, changed) bubbles after revision `since`; the last 80 messages at most."""
    messages = [m for m in sim.twilio.conversation(customer, sender) if visible(m)][-80:]
    answered = {
        str(m.shown["quoted"]): m.body
        for m in messages
        if m.kind in ("button", "list") and "quoted" in m.shown
    }
    new: list[Bubble] = []
    changed: list[Bubble] = []
    before: Message | None = None
    for message in messages:
        first = before is None or before.inbound != message.inbound
        quoted = sim.twilio.messages.get(str(message.shown.get("quoted", "")))
        day = message.created if before is None or before.created.date() != message.created.date() else None
        bubble = Bubble(message, first or day is not None, quoted, answered.get(message.sid, ""), day)
        # An outbound message appears when it is sent, which may be long after it was born.
        if message.shown_at > since:
            new.append(bubble)
        elif message.revision > since or (message.sid in answered and since):
            changed.append(bubble)
        before = message
    return new, changed


@dataclass(frozen=True)
class WindowLeft:
    """The 24-hour window of one conversation: how much is left, in words and as an arc of 100."""

    left: timedelta
    now: datetime

    @property
    def state(self) -> str:
        hours = self.left.total_seconds() / 3600
        return "closed" if hours <= 0 else "urgent" if hours < 1 else "soon" if hours < 4 else "open"

    @property
    def arc(self) -> int:
        return round(self.left.total_seconds() / 864)

    @property
    def hours(self) -> int:
        return self._minutes // 60

    @property
    def minutes(self) -> int:
        return self._minutes % 60

    @property
    def _minutes(self) -> int:
        """Rounded up: the last minute still counts."""
        return -int(-self.left.total_seconds() // 60)


@dataclass(frozen=True)
class LogLine:
    entry: Entry

    @property
    def what(self) -> str:
        entry = self.entry
        if entry.wrong_signature:
            return "wrong signature"
        if entry.way == "out":
            return entry.subject
        if entry.kind == "message":
            tapped = dict(entry.params).get("Body", "") if entry.subject in ("button", "list") else ""
            return f"{short(entry.sid)} · {entry.subject}" + (f" “{tapped}”" if tapped else "")
        return f"{entry.subject} · {short(entry.sid)}"

    @property
    def tone(self) -> str:
        code = self.entry.code
        if self.entry.way == "out" and code is not None and code < 300:
            return ""
        return (
            "badge--good"
            if self.entry.ok
            else "badge--warn"
            if self.entry.problem == "dropped"
            else "badge--bad"
        )

    @property
    def path(self) -> str:
        return "/" + self.entry.url.split("/", 3)[-1] if self.entry.url.startswith("http") else self.entry.url

    @property
    def is_webhook(self) -> bool:
        return self.entry.way == "in"


def short(sid: str) -> str:
    return f"{sid[:4]}…{sid[-2:]}" if sid else ""


def number(address: str) -> str:
    """`+44 7700 900142`: an address as people write it; what is no phone number stays as it is."""
    text = address.removeprefix("whatsapp:")
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return text
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def log_lines(sim: Simulator, *, since: int = 0, show: str = "") -> list[LogLine]:
    """Newest first, the last hundred: `show` is messages, statuses, errors or empty for all."""
    entries = [e for e in sim.log.entries()[-400:] if e.serial > since and _shows(e, show)]
    return [LogLine(e) for e in entries[:-101:-1]]


@dataclass(frozen=True)
class Choice:
    """One line of a select: an address and its words."""

    address: str
    name: str
    number: str
    selected: bool


def choices(records: list[Any], chosen: Any) -> list[Choice]:
    return [
        Choice(r.address, r.name, "" if getattr(r, "phone_hidden", False) else number(r.address), r is chosen)
        for r in records
    ]


def _shows(entry: Entry, show: str) -> bool:
    if show == "messages":
        return entry.kind in ("message", "Messages.create")
    if show == "statuses":
        return entry.kind == "status"
    if show == "errors":
        return not entry.ok
    return entry.way == "in" or not entry.kind.endswith((".list", ".fetch", ".download"))


def people(sim: Simulator) -> list[Customer]:
    """Everybody to play as: who wrote last first, then by name."""

    def order(customer: Customer) -> tuple[float, str]:
        last = max(customer.last_inbound.values(), default=None)
        return (-last.timestamp() if last else 0.0, customer.name)

    return sorted(sim.twilio.everyone(), key=order)


@dataclass(frozen=True)
class Scene:
    """Who plays, and to which sender they write."""

    sim: Simulator
    customer: Customer | None
    sender: Sender | None

    @classmethod
    def of(cls, sim: Simulator, given: dict[str, str]) -> Scene:
        everyone, senders = people(sim), sim.twilio.senders
        customer = sim.twilio.find_customer(given.get("as", ""))
        if customer is None and given.get("as") != "new" and everyone:
            customer = everyone[0]
        sender = senders.get(given.get("to", "")) or _usual(customer, senders)
        return cls(sim, customer, sender)

    @property
    def handle(self) -> CustomerHandle | None:
        return CustomerHandle(self.sim, self.customer) if self.customer else None

    def context(self) -> dict[str, Any]:
        twilio = self.sim.twilio
        found: dict[str, Any] = {
            "customer": self.customer,
            "sender": self.sender,
            "revision": twilio.revision,
        }
        found["number"] = number(self.sender.address) if self.sender else ""
        if self.customer and self.sender:
            left = twilio.window_left(self.customer, self.sender.address)
            found["window"] = WindowLeft(left, twilio.now())
            found["typing"] = twilio.is_typing(self.customer, self.sender.address)
        return found


def _usual(customer: Customer | None, senders: dict[str, Sender]) -> Sender | None:
    """The sender this customer wrote to last, or the first one."""
    if customer and customer.last_inbound:
        last = max(customer.last_inbound, key=lambda address: customer.last_inbound[address])
        if last in senders:
            return senders[last]
    return next(iter(senders.values()), None)
