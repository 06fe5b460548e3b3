"""Twilio's Event Streams: who wants to hear which type. An upper app listens from its `ready()`.

events.listen("com.twilio.messaging.template.", apply_template_event)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from channels_whatsapp.verdicts import Verdict

if TYPE_CHECKING:
    from channels_whatsapp.models import Receipt

# Gets the account SID and the CloudEvent: ``{"type", "id", "time", "data": {…}}``. In the receipt's
# transaction; what it raises is kept on the receipt and tried again.
Listener = Callable[[str, dict[str, Any]], None]

_listeners: dict[str, Listener] = {}


def listen(prefix: str, listener: Listener) -> None:
    _listeners[prefix] = listener


def settle(receipt: Receipt) -> Verdict:
    name = str(receipt.params.get("type", ""))
    heard = [listener for prefix, listener in _listeners.items() if name.startswith(prefix)]
    for listener in heard:
        listener(receipt.account_sid, receipt.params)
    return Verdict() if heard else Verdict("parked", f"Nothing here listens to “{name[:80]}”.")
