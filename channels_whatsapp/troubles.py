"""Twilio's error codes that say something about more than one message: who wants to hear which.

An upper app listens from its `ready()`:

    troubles.listen({63041, 63042}, note_trouble)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from inbox.models import Message

# Gets the message, the code and when we heard of it; in the transaction that writes the message down.
Listener = Callable[[Message, int, datetime], None]

_listeners: dict[int, Listener] = {}


def listen(codes: Iterable[int], listener: Listener) -> None:
    _listeners.update(dict.fromkeys(codes, listener))


def tell(message: Message, code: int | None, at: datetime) -> None:
    if listener := _listeners.get(code or 0):
        listener(message, code or 0, at)
