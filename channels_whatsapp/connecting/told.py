"""What Twilio says about a sender, put into ours. The SDK leaves it in plain dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from channels_whatsapp import client, hooks
from channels_whatsapp.models import Account, Sender
from inbox import clock

# On its way to somewhere else by itself; ours is "", an outcome that nobody knows yet.
UNSETTLED = ("", "CREATING", "PENDING_VERIFICATION", "VERIFYING", "TWILIO_REVIEW", "ONLINE:UPDATING")
MOST_MEMBERS = 1000
# Somebody waits while they are looked into, one after the other.
MOST_SERVICES = 200


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


def note(sender: Sender, found: Any, service: Any = None) -> None:
    """Write down what it says. Quality and limit are the drift alarm's: it asks before it forgets them.

    :param service: its Messaging Service. Unasked, where messages really go stays as it was known.
    """
    known = facts(found) | {"checked_at": clock.now()}
    if service is not None:
        known["webhook"] = {k: v for k, v in hooks.of_service(service, known["webhook"]).items() if v}
    elif sender.messaging_service_sid:
        del known["webhook"]
    for name in ("quality", "messaging_limit"):
        known[name] = getattr(sender, name) or known[name]
    for name, value in known.items():
        setattr(sender, name, value)
    sender.save(update_fields=list(known))


# Asking


def listed(account: Account) -> dict[str, Any]:
    """Address → Twilio's sender.

    :raises client.CallFailed:
    """
    twilio = client.for_account(account)
    with client.told_apart():
        found = twilio.messaging.v2.channels_senders.list(channel="whatsapp", page_size=100)
    return {each.sender_id: each for each in found}


def service(account: Account, sid: str) -> Any:
    """The Messaging Service, or None when it is gone.

    :raises client.CallFailed:
    """
    try:
        with client.told_apart():
            return client.for_account(account).messaging.v1.services(sid).fetch()
    except client.CallFailed as failure:
        if failure.status != 404:
            raise
        return None


def memberships(account: Account, most: int) -> Iterator[tuple[str, Any]]:
    """The SIDs of senders, each with its Messaging Service, for the first `most` services. One call for each.

    :raises client.CallFailed:
    """
    services = client.for_account(account).messaging.v1.services
    with client.told_apart():
        found = services.list(limit=most)
    for each in found:
        with client.told_apart():
            members = services(each.sid).channel_senders.list(limit=MOST_MEMBERS)
        yield from ((member.sid, each) for member in members)


def service_of(account: Account, sender_sid: str) -> Any:
    """The Messaging Service that this sender is in, or None.

    :raises client.CallFailed:
    """
    found = memberships(account, MOST_SERVICES)
    return next((each for sid, each in found if sid == sender_sid), None)


def fetch(sender: Sender) -> None:
    """Ask for this one and note it; by its number while its SID is not known.

    :raises client.CallFailed:
    """
    found = ask(sender)
    if found is not None:
        sid = sender.messaging_service_sid
        note(sender, found, service(sender.account, sid) if sid else None)


def look_up(sender: Sender) -> None:
    """The same, and which Messaging Service it is in now: a call for each of the account's.

    :raises client.CallFailed:
    """
    found = ask(sender)
    if found is not None:
        its_service = service_of(sender.account, found.sid)
        sender.messaging_service_sid = its_service.sid if its_service else ""
        sender.save(update_fields=["messaging_service_sid"])
        note(sender, found, its_service)


def ask(sender: Sender) -> Any:
    """What Twilio says about it now, or None.

    :raises client.CallFailed:
    """
    if not sender.sid:
        return listed(sender.account).get(sender.address)
    with client.told_apart():
        return client.for_account(sender.account).messaging.v2.channels_senders(sender.sid).fetch()
