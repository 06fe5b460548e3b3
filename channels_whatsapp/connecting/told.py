"""What Twilio says about a sender, put into ours. The SDK leaves it in plain dictionaries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from channels_whatsapp import client, hooks
from channels_whatsapp.models import Account, Sender
from inbox import clock

# On its way to somewhere else by itself; ours is "", an outcome that nobody knows yet.
UNSETTLED = ("", "CREATING", "PENDING_VERIFICATION", "VERIFYING", "TWILIO_REVIEW", "ONLINE:UPDATING")


@dataclass
class Body:
    """The JSON of a call, without the empty fields that the SDK's own classes would send along."""

    said: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return self.said


def facts(found: Any) -> dict[str, Any]:
    """By the names of our columns."""
    properties = found.properties or {}
    return {
        "sid": str(found.sid or "")[:34],
        "status": str(found.status or "")[:40],
        "quality": str(properties.get("quality_rating") or "")[:40],
        "messaging_limit": str(properties.get("messaging_limit") or "")[:40],
        "webhook": {k: v for k, v in (found.webhook or {}).items() if v},
        "profile": {k: v for k, v in (found.profile or {}).items() if v},
        "offline_reasons": [reason for reason in found.offline_reasons or [] if isinstance(reason, dict)],
        "pending_name": str(found.pending_display_name or "")[:255],
        "pending_name_status": str(found.pending_display_name_status or "")[:40],
    }


def note(sender: Sender, found: Any) -> None:
    """Write down what it says. Quality and limit are the drift alarm's: it asks before it forgets them.

    :raises client.CallFailed: its Messaging Service could not be asked.
    """
    known = facts(found) | {"checked_at": clock.now()}
    if sender.messaging_service_sid:
        known["webhook"] = _of_its_service(sender, known["webhook"])
    for name in ("quality", "messaging_limit"):
        known[name] = getattr(sender, name) or known[name]
    for name, value in known.items():
        setattr(sender, name, value)
    sender.save(update_fields=list(known))


def _of_its_service(sender: Sender, webhook: dict[str, Any]) -> dict[str, Any]:
    """:raises client.CallFailed:"""
    twilio = client.for_account(sender.account)
    with client.told_apart():
        service = twilio.messaging.v1.services(sender.messaging_service_sid).fetch()
    return {name: value for name, value in hooks.of_service(service, webhook).items() if value}


def listed(account: Account) -> dict[str, Any]:
    """Address → Twilio's sender.

    :raises client.CallFailed:
    """
    twilio = client.for_account(account)
    with client.told_apart():
        found = twilio.messaging.v2.channels_senders.list(channel="whatsapp", page_size=100)
    return {each.sender_id: each for each in found}


def fetch(sender: Sender) -> None:
    """Ask for this one and note it; by its number while its SID is not known.

    :raises client.CallFailed:
    """
    if sender.sid:
        twilio = client.for_account(sender.account)
        with client.told_apart():
            found = twilio.messaging.v2.channels_senders(sender.sid).fetch()
    else:
        found = listed(sender.account).get(sender.address)
    if found is not None:
        note(sender, found)
