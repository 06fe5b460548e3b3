"""Twilio's `types` as somebody typed them: can they be kept at all? What they say is for policy.py. Pure."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

DEEPEST, LARGEST = 12, 64 * 1024  # levels, characters


def problem(types: Any) -> str:
    """Why these cannot be kept, as a sentence, or ''."""
    if not isinstance(types, dict) or not types:
        return _("An object is needed, with at least one type.")
    if not all(isinstance(shape, dict) for shape in types.values()):
        return _("Every type is an object.")
    if depth(types) > DEEPEST:
        return _("It is nested too deeply.")
    text = json.dumps(types)
    if len(text) > LARGEST:
        return _("It is too large.")
    return problem_of_text(text)


def problem_of_text(text: str) -> str:
    """Of JSON: what PostgreSQL cannot store, half characters and the null character."""
    halves = json.dumps(json.loads(text), ensure_ascii=False)
    is_whole = halves.encode(errors="replace").decode() == halves
    return "" if is_whole and "\\u0000" not in text else _("It holds characters that cannot be stored.")


def depth(value: Any) -> int:
    """Levels of objects and lists; stops counting where it is too deep anyhow."""
    level, found = [value], 0
    while level and found <= DEEPEST:
        inner = [each for each in level if isinstance(each, dict | list)]
        level = [v for each in inner for v in (each.values() if isinstance(each, dict) else each)]
        found += bool(inner)
    return found
