"""Sending by the REST API: what Twilio refuses at once, and what it only tells later."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from . import verdicts
from .addresses import PHONE, USER_ID
from .content import richest
from .errors import TwilioError
from .records import Content, Message, Sender
from .rendering import rendered
from .twilio import Twilio

BODY_LIMIT = 1600

Form = dict[str, list[str]]


def create(twilio: Twilio, form: Form) -> Message:
    """Accept a message as `POST Messages` does. Raises `TwilioError` where Twilio answers 4xx at once."""
    with twilio.lock:
        to = _recipient(form)
        sender, service_sid = _origin(twilio, form, to)
        content, variables = _content(twilio, form)
        body, media_urls = _payload(form, content)
        send_at = _schedule(twilio, form)
        message = Message(
            twilio.sid("MM" if media_urls else "SM"),
            "outbound-api",
            twilio.customer(to),
            sender,
            to,
            sender.address,
            body,
            _first_status(service_sid, send_at),
            twilio.now(),
            twilio.now(),
            media_urls=media_urls,
            callback=_callback(form) or _service_callback(twilio, service_sid),
            service_sid=service_sid,
            content_sid=content.sid if content else "",
            variables=variables,
            send_at=send_at,
        )
        if content:
            _show(message, content)
        mixed = bool(_first(form, "Body") or form.get("MediaUrl"))
        message.doom = verdicts.doom(twilio, message, content, mixed=mixed)
        return twilio.keep(message)


def _first(form: Form, name: str) -> str:
    return (form.get(name) or [""])[0]


def _recipient(form: Form) -> str:
    to = _first(form, "To")
    if not to:
        raise TwilioError(21604)
    if not (PHONE.fullmatch(to) or USER_ID.fullmatch(to)) and to.startswith("whatsapp:"):
        raise TwilioError(21211, f"The 'To' number {to} is not a valid phone number.")
    if not to.startswith("whatsapp:") and not to.startswith("+"):
        raise TwilioError(21211, f"The 'To' number {to} is not a valid phone number.")
    return to


def _origin(twilio: Twilio, form: Form, to: str) -> tuple[Sender, str]:
    from_, service_sid = _first(form, "From"), _first(form, "MessagingServiceSid")
    if service_sid and service_sid not in twilio.services:
        raise TwilioError(21705)
    if from_:
        return _sender(twilio, from_, to), service_sid
    if not service_sid:
        raise TwilioError(21603)
    pool = [s for s in twilio.pool(twilio.services[service_sid]) if s.status.startswith("ONLINE")]
    if not pool:
        raise TwilioError(21703)
    return pool[0], service_sid


def _sender(twilio: Twilio, from_: str, to: str) -> Sender:
    if not from_.startswith("whatsapp:"):
        raise TwilioError(21910 if to.startswith("whatsapp:") else 21606)
    if not to.startswith("whatsapp:"):
        raise TwilioError(21910)
    if not PHONE.fullmatch(from_):
        raise TwilioError(21212, f"The 'From' number {from_} is not a valid phone number.")
    if from_ == to:
        raise TwilioError(63031)
    sender = twilio.sender_at(from_)
    if not sender.status.startswith("ONLINE"):
        raise TwilioError(63007)
    return sender


def _content(twilio: Twilio, form: Form) -> tuple[Content | None, dict[str, str]]:
    sid = _first(form, "ContentSid")
    if not sid:
        return None, {}
    if sid not in twilio.contents:
        raise TwilioError(21655)
    return twilio.contents[sid], _variables(_first(form, "ContentVariables"))


def _variables(text: str) -> dict[str, str]:
    try:
        variables = json.loads(text or "{}")
    except ValueError:
        raise TwilioError(21656) from None
    if not isinstance(variables, dict) or not all(isinstance(v, str) for v in variables.values()):
        raise TwilioError(21656)
    return variables


def _payload(form: Form, content: Content | None) -> tuple[str, list[str]]:
    body, media_urls = _first(form, "Body"), form.get("MediaUrl") or []
    if not body and not media_urls and not content:
        raise TwilioError(21619)
    if len(body) > BODY_LIMIT:
        raise TwilioError(21617)
    if len(media_urls) > 10:
        raise TwilioError(21623)
    if any(urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc for url in media_urls):
        raise TwilioError(21620)
    return body, media_urls


def _callback(form: Form) -> str:
    url = _first(form, "StatusCallback")
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or "_" in parts.hostname):
        raise TwilioError(21609, f"The StatusCallback URL {url} is not a valid URL.")
    return url


def _service_callback(twilio: Twilio, service_sid: str) -> str:
    service = twilio.services.get(service_sid)
    return service.settings.get("StatusCallback", "") if service else ""


def _schedule(twilio: Twilio, form: Form) -> datetime | None:
    if _first(form, "ScheduleType") != "fixed":
        return None
    if not _first(form, "MessagingServiceSid"):
        raise TwilioError(35118)
    try:
        send_at = datetime.fromisoformat(_first(form, "SendAt").replace("Z", "+00:00"))
    except ValueError:
        raise TwilioError(35114) from None
    send_at = send_at if send_at.tzinfo else send_at.replace(tzinfo=UTC)
    if not timedelta(minutes=15) <= send_at - twilio.now() <= timedelta(days=35):
        raise TwilioError(35111)
    return send_at


def _first_status(service_sid: str, send_at: datetime | None) -> str:
    if send_at:
        return "scheduled"
    return "accepted" if service_sid else "queued"


def _show(message: Message, content: Content) -> None:
    shown = rendered(content, message.variables)
    message.kind = richest(content.types)
    message.body = shown.pop("body")
    message.media_urls = message.media_urls + shown.pop("media_urls")
    message.shown = shown


def update(twilio: Twilio, sid: str, form: Form) -> Message:
    """Redact (`Body` empty) or cancel a scheduled message. Any other text is refused."""
    message = twilio.message(sid)
    if _first(form, "Status") == "canceled":
        if message.status != "scheduled":
            raise TwilioError(20409, "Only a scheduled message can be canceled")
        twilio.touch(message, status="canceled")
    elif "Body" in form:
        if _first(form, "Body"):
            raise TwilioError(20001, "Invalid parameter: Body may only be emptied")
        twilio.touch(message, body="")
    return message


def listed(twilio: Twilio, query: dict[str, str]) -> list[Message]:
    """The account's messages, newest first, filtered as Twilio does; whole days are inclusive."""
    with twilio.lock:
        now = twilio.now()
        found = [m for m in twilio.messages.values() if not (m.hidden_until and m.hidden_until > now)]
    for name, wanted in query.items():
        found = [m for m in found if _matches(m, name, wanted)]
    return sorted(found, key=lambda m: (m.created, m.born), reverse=True)


def _matches(message: Message, name: str, wanted: str) -> bool:
    when = message.sent or message.created
    if name == "To":
        return message.to == wanted
    if name == "From":
        return message.from_ == wanted
    if name == "DateSent":
        # The SDK writes a day as its midnight, and means the day.
        start, end = _span(wanted.removesuffix("T00:00:00Z"))
        return start <= when < end
    if name == "DateSent<":
        return when < _span(wanted)[1]
    return name != "DateSent>" or when >= _span(wanted)[0]


def _span(text: str) -> tuple[datetime, datetime]:
    """A day or a second in GMT, from its start to before the next."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        raise TwilioError(20001, f"Invalid date: {text}") from None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return moment, moment + (timedelta(days=1) if len(text) == 10 else timedelta(seconds=1))
