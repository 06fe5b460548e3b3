"""What customers see when they tap the business's name."""

from __future__ import annotations

from typing import Any

from channels_whatsapp import client
from channels_whatsapp.connecting import registering, told, words
from channels_whatsapp.models import Sender
from inbox.models import Agent, Event

# Twilio's Senders API, `profile.vertical`; the words are Twilio's and travel as they are.
VERTICALS = (
    "Alcohol", "Automotive", "Beauty, Spa and Salon", "Clothing and Apparel", "Education", "Entertainment",
    "Event Planning and Service", "Finance and Banking", "Food and Grocery", "Hotel and Lodging",
    "Matrimony Service", "Medical and Health", "Non-profit", "Online Gambling", "OTC Drugs", "Other",
    "Physical Gambling", "Professional Services", "Public Service", "Restaurant", "Shopping and Retail",
    "Travel and Transportation",
)  # fmt: skip
TEXTS = ("about", "address", "description", "logo_url", "vertical")


def shown(sender: Sender) -> dict[str, Any]:
    """The form's view of Twilio's profile: addresses as lines."""
    profile = sender.profile
    return {
        **{name: profile.get(name, "") for name in ("name", *TEXTS)},
        "emails": "\n".join(_values(profile.get("emails"), "email")),
        "websites": "\n".join(_values(profile.get("websites"), "website")),
    }


def _values(given: Any, key: str) -> list[str]:
    """Twilio answers with objects; older answers had plain texts."""
    found = given if isinstance(given, list) else []
    return [str(each.get(key, "")) if isinstance(each, dict) else str(each) for each in found]


def changed(sender: Sender, given: dict[str, Any]) -> dict[str, Any]:
    """Only what is different now, in Twilio's words."""
    before, said = shown(sender), {}
    for name in ("name", *TEXTS):
        if given[name] != before[name]:
            said[name] = given[name]
    for name, key, label in (("emails", "email", "Email"), ("websites", "website", "Website")):
        if given[name] != before[name].splitlines():
            said[name] = [{key: value, "label": label} for value in given[name]]
    return said


def update(sender: Sender, given: dict[str, Any], *, by: Agent) -> bool:
    """Send what changed; False when nothing did. The same again does no harm.

    :raises Refused:
    """
    said = changed(sender, given)
    if not said:
        return False
    twilio = client.for_account(sender.account)
    try:
        with client.told_apart():
            found = twilio.messaging.v2.channels_senders(sender.sid).update(told.Body({"profile": said}))
    except client.CallFailed as failure:
        raise words.refusal(failure) from failure
    told.note(sender, found)
    Event.record("sender.profile_changed", channel=sender.channel, by=by, fields=sorted(said))
    registering.follow_closely(sender)
    return True
