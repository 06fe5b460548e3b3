"""WhatsApp addresses as Twilio writes them: a phone, or a business-scoped user ID."""

from __future__ import annotations

import re

PHONE = re.compile(r"whatsapp:\+[1-9]\d{6,14}")
USER_ID = re.compile(r"whatsapp:[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")


def country(phone: str) -> str:
    """A plausible country for a user ID; only its form matters."""
    prefixes = {
        "44": "GB",
        "1": "US",
        "49": "DE",
        "55": "BR",
        "90": "TR",
        "971": "AE",
        "966": "SA",
        "27": "ZA",
        "91": "IN",
    }
    digits = phone.removeprefix("whatsapp:+")
    return next((code for prefix, code in prefixes.items() if digits.startswith(prefix)), "US")


def name_for(address: str) -> str:
    return f"Customer {address[-4:]}"
