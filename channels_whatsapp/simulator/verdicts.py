"""What Twilio accepts and fails afterwards, by callback: window, opt-out, rates, content, media."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from .content import SESSION_ONLY, VARIABLE, approved, body_of, richest
from .records import SANDBOX_SESSION, Content, Message
from .twilio import Twilio

MEGABYTE = 1024 * 1024
IMAGE_LIMIT, MEDIA_LIMIT = 5 * MEGABYTE, 16 * MEGABYTE
DELIVERABLE = {
    "image/jpeg",
    "image/png",
    "image/webp",
    "video/mp4",
    "audio/ogg",
    "audio/amr",
    "audio/3gpp",
    "audio/aac",
    "audio/mpeg",
    "application/pdf",
    "application/msword",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.ms-excel",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "text/vcard",
    "text/x-vcard",
    "video/3gpp",
}
#: Told later with status `failed`: the message never left Twilio. All others end `undelivered`.
NEVER_LEFT = {21610, 63015, 63018, 63019, 63034}
MEANINGS = {
    21610: "Attempt to send to unsubscribed recipient",
    63003: "Channel could not find To address",
    63005: "Channel did not accept given content. "
    "Please see Channel specific error message for more information",
    63013: "This message send failed because it violates Channel provider's policy",
    63015: "Channel Sandbox can only send messages to phone numbers that have joined the Sandbox",
    63016: "Failed to send freeform message because you are outside the allowed window. "
    "If you are using WhatsApp, please use a Message Template.",
    63018: "Rate limit exceeded for Channel",
    63019: "Media failed to download",
    63021: "Channel invalid content error",
    63024: "Invalid message recipient",
    63028: "Number of parameters provided does not match the expected number of parameters",
    63034: "Media exceeds size limit by channel",
    63040: "Template rejected",
    63041: "Template paused",
    63042: "Template disabled",
}
#: What a template that WhatsApp does not take any more ends with.
WITHDRAWN = {"rejected": 63040, "paused": 63041, "disabled": 63042}


def doom(twilio: Twilio, message: Message, content: Content | None, *, mixed: bool) -> int | None:
    customer, sender = message.customer, message.sender
    if sender.address in customer.opted_out:
        return 21610
    if not customer.on_whatsapp:
        return 63003
    if sender.sandbox and not _joined(twilio, message):
        return 63015
    if content and mixed:
        return 63016
    if content and content.approval and content.approval.status in WITHDRAWN:
        return WITHDRAWN[content.approval.status]
    if not twilio.window_left(customer, sender.address) and not (content and approved(content)):
        return 63016
    if _too_fast(twilio, message):
        return 63018
    return _content_doom(content, message.variables) if content else None


def _joined(twilio: Twilio, message: Message) -> bool:
    joined = message.customer.joined.get(message.sender.address)
    return joined is not None and twilio.now() - joined <= SANDBOX_SESSION


def _too_fast(twilio: Twilio, message: Message) -> bool:
    limit, since = twilio.max_per_recipient, twilio.now() - timedelta(seconds=1)
    if limit is None:
        return False
    recent = [
        m
        for m in twilio.conversation(message.customer, message.sender.address)
        if not m.inbound and m.created > since
    ]
    return len(recent) >= limit


def _content_doom(content: Content, variables: dict[str, str]) -> int | None:
    if any("\n" in v or "\t" in v or " " * 5 in v for v in variables.values()):
        return 63013
    if set(variables) - set(VARIABLE.findall(json.dumps(content.types))):
        return 63028
    replies = content.types.get("twilio/quick-reply") or {}
    buttons: list[Any] = replies.get("actions") or []
    if not approved(content) and len(buttons) > 3:
        return 63005
    if approved(content) and richest(content.types) in SESSION_ONLY:
        return 63016
    return 63005 if not body_of(content) and richest(content.types) == "twilio/text" else None


def media_doom(content_type: str, size: int) -> int | None:
    """Why WhatsApp refuses a downloaded file, or None."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in DELIVERABLE:
        return 63021
    return 63034 if size > (IMAGE_LIMIT if kind.startswith("image/") else MEDIA_LIMIT) else None


def ending(code: int) -> str:
    return "failed" if code in NEVER_LEFT else "undelivered"
