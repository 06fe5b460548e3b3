"""The log of calls in and webhooks out that the phone page and the tests read."""

from __future__ import annotations

import itertools
import shlex
import threading
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .feed import Feed

LONGEST = 20_000
#: Ranks of the status ladder, to notice a callback that comes late.
LADDER = ("accepted", "scheduled", "queued", "sending", "sent", "delivered", "read")


@dataclass
class Entry:
    """One webhook (`way` "in", towards the inbox) or one REST call (`way` "out", from the inbox)."""

    id: int
    way: str
    kind: str
    subject: str
    sid: str
    at: datetime
    url: str = ""
    params: list[tuple[str, str]] = field(default_factory=list)
    json_body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    #: HTTP status, or None when there was no answer; `problem` then says why.
    code: int | None = None
    problem: str = ""
    took_ms: int = 0
    attempts: int = 1
    held: float = 0.0
    remark: str = ""
    fallback: bool = False
    wrong_signature: bool = False
    #: Place in the log: ids are given when a webhook starts, this when it has ended.
    serial: int = 0

    @property
    def ok(self) -> bool:
        return self.code is not None and self.code < 300

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "way": self.way,
            "kind": self.kind,
            "subject": self.subject,
            "sid": self.sid,
            "at": self.at.isoformat(),
            "url": self.url,
            "params": dict(self.params),
            "code": self.code,
            "problem": self.problem,
            "took_ms": self.took_ms,
            "attempts": self.attempts,
            "fallback": self.fallback,
            "remark": self.remark,
        }

    def curl(self) -> str:
        """The webhook as a command line, signature and all."""
        parts = ["curl", "-X", "POST", self.url]
        for name, value in self.headers.items():
            parts += ["-H", f"{name}: {value}"]
        for name, value in self.params:
            parts += ["--data-urlencode", f"{name}={value}"]
        if self.json_body:
            parts += ["--data-raw", self.json_body]
        return " ".join(shlex.quote(part) for part in parts)


class Log:
    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._lock = threading.Lock()
        self._ids = itertools.count(1)
        self._entries: deque[Entry] = deque(maxlen=LONGEST)
        self._told: dict[str, str] = {}
        #: The newest entry's serial.
        self.last = 0
        #: Calls by "METHOD /path/{pattern}", and how many ran at once.
        self.calls: Counter[str] = Counter()
        self.in_flight = 0
        self.peak = 0

    def new_id(self) -> int:
        return next(self._ids)

    def add(self, entry: Entry) -> None:
        with self._lock:
            entry.remark = entry.remark or self._remark(entry)
            self.last = entry.serial = self.last + 1
            self._entries.append(entry)
        self._feed.publish("log")

    def entries(self, *, way: str = "", kind: str = "") -> list[Entry]:
        """Oldest first."""
        with self._lock:
            return [e for e in self._entries if way in ("", e.way) and kind in ("", e.kind)]

    def entry(self, entry_id: int) -> Entry | None:
        with self._lock:
            return next((e for e in self._entries if e.id == entry_id), None)

    def clear(self) -> None:
        with self._lock:
            self._entries.clear()
            self._told.clear()
        self._feed.publish("log")

    def begin_call(self, name: str) -> None:
        with self._lock:
            self.calls[name] += 1
            self.in_flight += 1
            self.peak = max(self.peak, self.in_flight)

    def end_call(self) -> None:
        with self._lock:
            self.in_flight -= 1

    def reset_counters(self) -> None:
        with self._lock:
            self.calls.clear()
            self.peak = self.in_flight

    def _remark(self, entry: Entry) -> str:
        """`duplicate` or `out-of-order`, where this webhook repeats or undercuts an earlier one."""
        if entry.way != "in" or not entry.ok:
            return ""
        told = entry.subject if entry.kind == "event" else "received"
        value = dict(entry.params).get("MessageStatus", told)
        key = f"{entry.kind} {entry.sid}"
        before, self._told[key] = self._told.get(key), value
        if before is None:
            return ""
        if before == value:
            return "duplicate"
        if before in LADDER and value in LADDER and LADDER.index(value) < LADDER.index(before):
            self._told[key] = before
            return "out-of-order"
        return ""
