"""A customer's message in Twilio's words, turned into the inbox's. One door for webhooks and reconciliation.

    received = inbound.apply(params, account_sid="AC…")                             # now
    received = inbound.apply(params, account_sid="AC…", at=date, recovered=True)    # found later

`params` are the parameters of Twilio's webhook, name → text (Twilio, "Messaging webhooks"); at least
MessageSid, From and To. Applying the same MessageSid again changes nothing and says so in `is_new`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from channels_whatsapp import forms, setup
from channels_whatsapp.models import Receipt, Sender
from channels_whatsapp.repeating import repeated
from channels_whatsapp.verdicts import Verdict
from inbox import keywords
from inbox.arrivals import Arrival, File, Received, receive
from inbox.files import clean_name
from inbox.models import ConsentEntry, Message

Kind = Message.Kind


class Unmatched(LookupError):
    """No channel of ours has the address that this was sent to."""


def apply(
    params: Mapping[str, Any], *, account_sid: str, at: datetime | None = None, recovered: bool = False
) -> Received:
    """Store the message, once, in a transaction of its own or as a part of the caller's.

    :param at: when it happened, when that is not now; the window opens from there.
    :raises Unmatched: no sender of this account has the address in ``To``.
    """
    channel_id = channel_for(params, account_sid)
    params = forms.storable(dict(params))
    return repeated(lambda: receive(parse(params, channel_id, at=at, recovered=recovered)))


def settle(receipt: Receipt, *, at: datetime | None = None, channel_id: int | None = None) -> Verdict:
    """Apply a receipt in the caller's transaction, to this channel or to the one that it was sent to."""
    try:
        channel_id = channel_id or channel_for(receipt.params, receipt.account_sid)
    except Unmatched as unmatched:
        return Verdict(Receipt.Outcome.UNMATCHED, str(unmatched))
    receive(parse(receipt.params, channel_id, at=at))
    return Verdict()


def channel_for(params: Mapping[str, Any], account_sid: str) -> int:
    """The channel with this receiver: by its address, else the only one of its Messaging Service.

    :raises Unmatched:
    """
    receiver = first(params, "To")
    if account_sid == settings.TWILIO_ACCOUNT_SID and receiver == setup.settings_address():
        setup.ensure_from_settings()
    ours = Sender.objects.filter(account__sid=account_sid)
    found = list(ours.filter(address=receiver).values_list("channel_id", flat=True))
    if not found and (service := first(params, "MessagingServiceSid")):
        found = list(ours.filter(messaging_service_sid=service).values_list("channel_id", flat=True)[:2])
    if len(found) != 1:
        raise Unmatched(f"No channel here has the address {receiver}.")
    return found[0]


def first(params: Mapping[str, Any], name: str) -> str:
    """The value of a parameter, or empty. A name that came several times is kept as a list."""
    value = params.get(name, "")
    return value if isinstance(value, str) else str(value[0]) if value else ""


# Reading, pure


def parse(
    params: Mapping[str, Any], channel_id: int, *, at: datetime | None = None, recovered: bool = False
) -> Arrival:
    """What it says. Whatever is unknown or empty becomes a visible message of kind `unsupported`."""
    files = _files(params)
    kind, body = _kind_and_body(params, files)
    if kind == Kind.DOCUMENT:
        # WhatsApp puts a document's name where the text would be.
        name = clean_name(body) if body else ""
        body, files = "", tuple(File(file.url, file.content_type, name) for file in files)
    consent, source = _consent(params, kind, body)
    address = first(params, "From")
    return Arrival(
        channel_id=channel_id,
        sid=first(params, "MessageSid"),
        address=address,
        kind=kind,
        body=body,
        user_id=_user_id(params, address),
        profile_name=first(params, "ProfileName").strip()[:160],
        payload={**params, **_context(params, kind, body)},
        files=files,
        reply_to_sid=first(params, "OriginalRepliedMessageSid")[:40],
        consent=consent,
        consent_source=source,
        answers=first(params, "ButtonPayload"),
        at=at,
        recovered=recovered,
    )


_TYPED = {str(k) for k in (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.DOCUMENT, Kind.CONTACTS, Kind.STICKER)}
_CARDS = {"text/vcard", "text/x-vcard", "text/directory"}


def _kind_and_body(params: Mapping[str, Any], files: tuple[File, ...]) -> tuple[str, str]:
    body = first(params, "Body")
    if files:
        return _kind_of_file(files[0].content_type, first(params, "MessageType")), body
    if first(params, "Latitude") and first(params, "Longitude"):
        return Kind.LOCATION, body
    if first(params, "ButtonPayload") or first(params, "ButtonText"):
        return Kind.BUTTON, body or first(params, "ButtonText")
    if first(params, "ListId") or first(params, "ListTitle"):
        return Kind.LIST, body or first(params, "ListTitle")
    if first(params, "FlowData") or first(params, "InteractiveData"):
        return Kind.INTERACTIVE, body
    return (Kind.TEXT if body.strip() else Kind.UNSUPPORTED), body


def _kind_of_file(content_type: str, message_type: str) -> str:
    content_type = content_type.partition(";")[0].strip().lower()
    if content_type == "image/webp" and message_type != Kind.DOCUMENT:
        return Kind.STICKER
    if content_type in _CARDS:
        return Kind.CONTACTS
    if message_type in _TYPED:
        return message_type
    family = content_type.partition("/")[0]
    return family if family in _TYPED else Kind.DOCUMENT


def _files(params: Mapping[str, Any]) -> tuple[File, ...]:
    found = []
    # WhatsApp carries one; Twilio's parameters allow ten. NumMedia is not believed, the addresses are there.
    for n in range(10):
        if not (url := first(params, f"MediaUrl{n}")):
            break
        found.append(File(url[:500], first(params, f"MediaContentType{n}")[:120]))
    return tuple(found)


def _user_id(params: Mapping[str, Any], address: str) -> str:
    """The business-scoped user ID; in From itself while the customer hides the phone number."""
    given = first(params, "ExternalUserId")
    if _USER_ID.match(given):
        return given
    return address if _USER_ID.match(address) else ""


_USER_ID = re.compile(r"\Awhatsapp:[A-Z]{2}\.[0-9A-Za-z.]{1,140}\Z")
_REFERRAL = (
    "Body", "Headline", "SourceId", "SourceType", "SourceUrl", "MediaContentType", "MediaUrl", "CtwaClid",
)  # fmt: skip


# Twilio answers these itself (Twilio, "Advanced Opt-Out").
_ANSWERED = ("STOP", "START", "HELP")


def _context(params: Mapping[str, Any], kind: str, body: str) -> dict[str, Any]:
    """What the inbox reads of the rest: ``referral`` (the advertisement), ``forwarded``, ``answers``;
    ``answered`` when the carrier has answered it, ``asks_to_stop`` when it may ask us to stop writing.
    """
    context: dict[str, Any] = {}
    if (told := first(params, "OptOutType").upper()) in _ANSWERED:
        context["answered"] = told
    elif _may_ask_to_stop(kind, body):
        context["asks_to_stop"] = True
    # ReferralNumMedia comes with every message; only these two prove a click.
    if first(params, "ReferralSourceId") or first(params, "ReferralCtwaClid"):
        context["referral"] = {name: first(params, f"Referral{name}") for name in _REFERRAL}
    if first(params, "Forwarded") == "true":
        context["forwarded"] = "often" if first(params, "FrequentlyForwarded") == "true" else "once"
    if answers := _answers(first(params, "FlowData") or first(params, "InteractiveData")):
        context["answers"] = answers
    return context


def _may_ask_to_stop(kind: str, body: str) -> bool:
    """A sentence, a button such as "Stop promotions", or a keyword below a picture, which is none there."""
    if kind in (Kind.IMAGE, Kind.VIDEO) and keywords.said(body) == keywords.OPT_OUT:
        return True
    return kind in (Kind.TEXT, Kind.BUTTON, Kind.IMAGE, Kind.VIDEO) and keywords.sounds_like_stop(body)


def _answers(text: str) -> Any:
    try:
        return forms.from_json(text) if text else None
    except (ValueError, RecursionError):
        return None


# Consent


def _consent(params: Mapping[str, Any], kind: str, body: str) -> tuple[str, str]:
    """``(action, source)``. Twilio's own word first (Advanced Opt-Out), then a whole message."""
    told = {"STOP": ConsentEntry.Action.OPT_OUT, "START": ConsentEntry.Action.OPT_IN}
    if action := told.get(first(params, "OptOutType").upper()):
        return action, "twilio"
    if kind not in (Kind.TEXT, Kind.BUTTON):
        return "", ""
    action = keywords.said(body, on_button=kind == Kind.BUTTON)
    return (action, "keyword") if action else ("", "")
