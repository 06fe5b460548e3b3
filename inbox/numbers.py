"""Phone numbers for the eye. What is stored and sent is never touched."""

from __future__ import annotations

import phonenumbers


def readable(number: str) -> str:
    """ "+44 7700 900318"; anything that is no phone number stays as it is."""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def in_sentence(number: str) -> str:
    """Readable, and from left to right in a sentence of every language: where no markup can isolate it."""
    return f"\u2066{readable(number)}\u2069"


def address(text: str, kind: str) -> str:
    """``whatsapp:+447700900318`` for a number as people type it, with its country code; else empty."""
    try:
        parsed = phonenumbers.parse(text)
    except phonenumbers.NumberParseException:
        return ""
    if not phonenumbers.is_possible_number(parsed):
        return ""
    return f"{kind}:{phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)}"
