"""The parameters of Twilio's webhooks, in the shape that was captured from real traffic."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import Any

from .records import Account, Message

Params = list[tuple[str, str]]

#: The MessageType parameter of each kind of inbound message.
MESSAGE_TYPES = {
    "text": "text",
    "image": "image",
    "sticker": "sticker",
    "audio": "audio",
    "video": "video",
    "document": "document",
    "location": "location",
    "contacts": "contacts",
    "button": "interactive",
    "list": "interactive",
    "flow": "interactive",
    "unknown": "unsupported",
}


def inbound(account: Account, message: Message, base_url: str) -> Params:
    """What `POST`s to the sender's callback when a customer wrote. There is no timestamp."""
    customer = message.customer
    params: Params = [
        ("SmsMessageSid", message.sid),
        ("NumMedia", str(len(message.media))),
        ("ProfileName", customer.name),
        ("MessageType", MESSAGE_TYPES.get(message.kind, "text")),
        ("SmsSid", message.sid),
        ("WaId", customer.address.removeprefix("whatsapp:").removeprefix("+")),
        ("SmsStatus", "received"),
        ("Body", message.body),
        ("To", message.to),
        ("NumSegments", "1"),
        ("ReferralNumMedia", "0"),
        ("MessageSid", message.sid),
        ("AccountSid", account.sid),
        ("From", message.from_),
        ("ExternalUserId", customer.user_id),
        ("ApiVersion", "2010-04-01"),
    ]
    if message.service_sid:
        params.append(("MessagingServiceSid", message.service_sid))
    for index, media in enumerate(message.media):
        params.append((f"MediaContentType{index}", media.content_type))
        params.append((f"MediaUrl{index}", f"{base_url}{media_uri(account, message.sid, media.sid)}"))
    extra = message.params
    return [(n, v) for n, v in params if n not in extra] + list(extra.items())


def media_uri(account: Account, message_sid: str, media_sid: str) -> str:
    return f"/2010-04-01/Accounts/{account.sid}/Messages/{message_sid}/Media/{media_sid}"


def status(account: Account, message: Message, value: str) -> Params:
    """What goes to the StatusCallback, quirks and all: user ID on `read`, StructuredMessage on `sent`."""
    params: Params = [
        ("ChannelPrefix", "whatsapp"),
        ("ApiVersion", "2010-04-01"),
        ("MessageStatus", value),
        ("SmsSid", message.sid),
        ("SmsStatus", value),
        ("ChannelInstallSid", message.sender.sid),
        ("To", message.to),
        ("From", message.from_),
        ("MessageSid", message.sid),
        ("AccountSid", account.sid),
        ("ChannelToAddress", masked(message.customer.phone)),
    ]
    if message.service_sid:
        params.append(("MessagingServiceSid", message.service_sid))
    if value == "sent":
        params.append(("StructuredMessage", "false"))
    if value == "read":
        params += [("ExternalUserId", message.customer.user_id), ("EventType", "READ")]
    if value in ("failed", "undelivered") and message.error_code:
        params += [("ErrorCode", str(message.error_code)), ("ErrorMessage", message.error_message or "")]
        params.append(("ChannelStatusMessage", message.error_message or ""))
    return params


def masked(phone: str) -> str:
    """`+551190000XXXX`: the last four digits hidden."""
    return phone.removeprefix("whatsapp:")[:-4] + "XXXX"


def template_event(account: Account, change: dict[str, Any], now: datetime) -> str:
    """An Event Streams batch of one: `change` is {sid, type, previous, current}."""
    name = f"{change['sid']}{change['current']}{now.isoformat()}"
    return json.dumps(
        [
            {
                "specversion": "1.0",
                "type": "com.twilio.messaging.template.approval.updated",
                "source": f"/v1/Content/{change['sid']}",
                "id": "EZ" + hashlib.md5(name.encode(), usedforsecurity=False).hexdigest(),
                "dataschema": "https://events-schemas.twilio.com/Messaging.TemplateApproval/1",
                "datacontenttype": "application/json",
                "time": now.isoformat().replace("+00:00", "Z"),
                "data": {
                    "type": change.get("type", "status_update"),
                    "accountSid": account.sid,
                    "template": {
                        "sid": change["sid"],
                        "previousValue": change["previous"],
                        "currentValue": change["current"],
                    },
                },
            }
        ]
    )
