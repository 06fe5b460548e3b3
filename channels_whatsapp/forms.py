"""Bodies of webhooks: read without losing a byte, and written so that PostgreSQL can hold them.

Invalid UTF-8 becomes lone surrogates while it is checked (reversible), and is stored visibly escaped.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any
from urllib.parse import quote_from_bytes, unquote_to_bytes

MAX_FIELDS = 200
RAW = "_raw"  # the body as it came, percent-encoded, beside parameters that had to be escaped

# What text and jsonb of PostgreSQL refuse.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class TooManyFields(ValueError):
    pass


def read(body: bytes) -> dict[str, list[str]]:
    """The fields of an `application/x-www-form-urlencoded` body, every value of every name.

    :raises TooManyFields:
    """
    if body.count(b"&") >= MAX_FIELDS:
        raise TooManyFields
    fields: dict[str, list[str]] = {}
    for pair in filter(None, body.replace(b"+", b" ").split(b"&")):
        name, _, value = pair.partition(b"=")
        fields.setdefault(_text(name), []).append(_text(value))
    return fields


def _text(encoded: bytes) -> str:
    return unquote_to_bytes(encoded).decode("utf-8", "surrogateescape")


def has_invalid_text(fields: dict[str, list[str]]) -> bool:
    return any(_is_invalid(name) or any(map(_is_invalid, values)) for name, values in fields.items())


def _is_invalid(text: str) -> bool:
    return not text.isascii() and any("\udc80" <= c <= "\udcff" for c in text)


def replaced(fields: dict[str, list[str]]) -> dict[str, list[str]]:
    """With U+FFFD for every byte that is no UTF-8, as Django and most senders would read them."""

    def again(text: str) -> str:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    return {again(name): [again(value) for value in values] for name, values in fields.items()}


def stored(fields: dict[str, list[str]], body: bytes) -> dict[str, Any]:
    """As one JSON object: a text for each name, a list where a name came more than once."""
    params = {name: values[0] if len(values) == 1 else values for name, values in fields.items()}
    cleaned = storable(params)
    if cleaned != params:
        cleaned[RAW] = quote_from_bytes(body, safe="&=+%")
    return cleaned


def storable(value: Any) -> Any:
    """The same JSON value with NUL and lone surrogates written out, for example ``\\x00``."""
    if isinstance(value, str):
        return _UNSTORABLE.sub(_visible, value)
    if isinstance(value, dict):
        return {storable(name): storable(item) for name, item in value.items()}
    return [storable(item) for item in value] if isinstance(value, list) else value


def from_json(text: str | bytes) -> Any:
    """A JSON value that PostgreSQL can hold.

    :raises ValueError: and RecursionError: it is no JSON, or nested without end.
    """
    return storable(json.loads(text, parse_constant=_refuse, parse_float=_finite))


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _finite(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else digits


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
