"""The words that the demo's conversations are written in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from channels_whatsapp import errors, handmade
from channels_whatsapp.demo import files, shelf

_UNITS = {"d": "days", "h": "hours", "m": "minutes"}
IMAGE, AUDIO, PDF, VCARD = "image/jpeg", "audio/ogg", "application/pdf", "text/vcard"


def ago(text: str) -> timedelta:
    """`ago("1d 3h")`: how long before the demo is built."""
    parts = re.findall(r"(\d+)([dhm])", text)
    return timedelta(**{_UNITS[unit]: int(number) for number, unit in parts})


@dataclass(frozen=True)
class File:
    content_type: str
    name: str = ""
    content: bytes = b""
    error: str = ""  # why it could not be fetched; empty for a stored one


@dataclass(frozen=True)
class Line:
    """One message. `by` is a username, `reply_to` the index of the quoted line in its story."""

    ago: timedelta
    direction: str
    body: str = ""
    kind: str = "text"
    by: str = ""
    status: str = "received"
    error_code: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    file: File | None = None
    reply_to: int | None = None
    recovered: bool = False

    @property
    def error(self) -> str:
        return errors.explain(self.error_code).sentence if self.error_code else ""


@dataclass(frozen=True)
class Act:
    """What a colleague did, as the timeline shows it: an event's verb and its data."""

    ago: timedelta
    verb: str
    by: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Story:
    """One conversation. `seen`: somebody has looked, so nothing is unread."""

    name: str
    channel: str
    lines: tuple[Line, ...]
    phone: str = ""
    user_id: str = ""
    given_name: str = ""  # what the team calls them, when that differs from the profile
    language: str = "en"
    assignee: str = ""
    tags: tuple[str, ...] = ()
    status: str = "open"
    seen: bool = False
    stopped: timedelta | None = None  # since when they want no messages
    acts: tuple[Act, ...] = ()


def them(when: str, body: str = "", **more: Any) -> Line:
    return Line(ago(when), "inbound", body, **more)


def us(when: str, body: str = "", by: str = "agent", status: str = "read", **more: Any) -> Line:
    return Line(ago(when), "outbound", body, by=by, status=status, **more)


def failed(when: str, body: str, code: int, by: str = "agent", **more: Any) -> Line:
    return us(when, body, by, "undelivered" if code == 63016 else "failed", error_code=code, **more)


def note(when: str, body: str, by: str = "agent") -> Line:
    return Line(ago(when), "note", body, by=by)


def template(when: str, name: str, body: str, by: str = "agent", status: str = "read", **more: Any) -> Line:
    """An approved template; `body` is what the customer read."""
    payload = shelf.payload(name, body, more.pop("variables", {}))
    return us(when, body, by, status, kind="template", payload=payload, **more)


def photo(when: str, what: str, caption: str = "", **more: Any) -> Line:
    file = File(IMAGE, content=files.picture(what))
    return them(when, caption, kind="image", file=file, **more)


def sent_photo(when: str, what: str, caption: str = "", by: str = "agent", **more: Any) -> Line:
    file = File(IMAGE, f"{what}.jpg", files.picture(what))
    return us(when, caption, by, kind="image", file=file, **more)


def voice(when: str, seconds: int) -> Line:
    return them(when, kind="audio", file=File(AUDIO, content=handmade.voice(seconds)))


def paper(when: str, name: str, *lines: str) -> Line:
    """A PDF from the customer. Twilio brings a document's file name as its body."""
    return them(when, name, kind="document", file=File(PDF, name, handmade.pdf(*lines)))


def sent_paper(when: str, name: str, *lines: str, by: str = "agent", **more: Any) -> Line:
    return us(when, "", by, kind="document", file=File(PDF, name, handmade.pdf(*lines)), **more)


def sticker(when: str) -> Line:
    return them(when, kind="sticker", file=File("image/webp", content=files.sticker()))


def card(when: str, name: str, phone: str) -> Line:
    return them(when, kind="contacts", file=File(VCARD, f"{name}.vcf", handmade.vcard(name, phone)))


def place(when: str, label: str, address: str, latitude: str, longitude: str) -> Line:
    payload = {"Latitude": latitude, "Longitude": longitude, "Label": label, "Address": address}
    return them(when, kind="location", payload=payload)


def tapped(when: str, title: str, **more: Any) -> Line:
    payload = {"ButtonText": title, "ButtonPayload": title.lower().replace(" ", "_"), "ButtonType": "REPLY"}
    return them(when, title, kind="button", payload=payload, **more)


def chose(when: str, title: str, description: str) -> Line:
    payload = {"ListId": title.lower(), "ListTitle": title, "ListDescription": description}
    return them(when, title, kind="list", payload=payload)


def assigned(when: str, to: str, by: str = "lead") -> Act:
    return Act(ago(when), "conversation.assigned", by, {"to": to})


def tagged(when: str, tag: str, by: str = "lead") -> Act:
    return Act(ago(when), "conversation.tagged", by, {"tag": tag})


def resolved(when: str, by: str = "agent") -> Act:
    return Act(ago(when), "conversation.resolved", by)
