"""Ready-made scenes that the phone page plays, a few seconds apart."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .people import CustomerHandle

#: name -> [(seconds, kind, text)]
STORIES: dict[str, list[tuple[float, str, str]]] = {
    "late": [
        (0, "text", "Hi, my order 4821 was due on Tuesday. Any news?"),
        (2.5, "image", "This is what the tracking page says"),
        (5, "text", "I need it by Friday, it is a *birthday present*"),
    ],
    "broken": [
        (0, "text", "Hello, the armchair arrived today"),
        (2, "image", "The back leg wobbles"),
        (4.5, "audio", ""),
        (7, "document", "Invoice 2041.pdf"),
    ],
    "arabic": [
        (0, "text", "مرحباً، هل يمكنني تغيير عنوان التوصيل للطلب رقم 4821؟"),
        (2.5, "text", "العنوان الجديد: شارع الملك فهد، مبنى 12، الرياض"),
    ],
    "stop": [(0, "text", "STOP")],
}


def play(name: str, who: CustomerHandle, to: str) -> None:
    """Send the messages of one story in the background; an unknown name plays nothing."""
    for seconds, kind, text in STORIES.get(name, []):
        who.sim.scheduler.after(seconds, partial(_write, who, kind, text, to))


def _write(who: CustomerHandle, kind: str, text: str, to: str) -> None:
    who.send(kind, text, to=to)
