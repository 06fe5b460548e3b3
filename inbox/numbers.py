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
