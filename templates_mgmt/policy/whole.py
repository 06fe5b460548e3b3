"""The template as a whole."""

from __future__ import annotations

import re
import unicodedata

from django.utils.translation import gettext as _

from templates_mgmt import content as kinds
from templates_mgmt.policy.drafts import (
    AUTHENTICATION,
    CATEGORIES,
    CODE_MINUTES,
    LANGUAGE,
    NAME,
    Draft,
    Finding,
    Findings,
)


def name(draft: Draft) -> Findings:
    if NAME.fullmatch(draft.name):
        return
    yield Finding(
        "name",
        _("The name may hold only the letters a to z, digits and underscores, and 512 of them."),
        _("Name it like order_shipped."),
        "name",
        edit=plain_name(draft.name),
    )


def plain_name(name: str) -> str:
    """As WhatsApp takes it; '' when no letter of it is one that it takes."""
    if NAME.fullmatch(name):
        return name
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:512]


def language(draft: Draft) -> Findings:
    if not LANGUAGE.fullmatch(draft.language):
        sentence = _("The template has no language that WhatsApp knows.")
        yield Finding("language", sentence, _("Choose the language it is written in."), "language")


def category(draft: Draft) -> Findings:
    if draft.category not in CATEGORIES:
        sentence = _("The template has no category.")
        yield Finding("category", sentence, _("Choose utility, marketing or authentication."), "category")


def authentication_type(draft: Draft) -> Findings:
    is_code = draft.content.kind == kinds.AUTHENTICATION
    if is_code and draft.category != AUTHENTICATION:
        sentence = _("A one-time code belongs in the category authentication.")
        yield Finding("authentication_type", sentence, _("Change the category."), "category")
    elif draft.category == AUTHENTICATION and not is_code:
        sentence = _("In the category authentication WhatsApp takes only one-time codes in its own words.")
        fix = _("Choose the type one-time code, or another category.")
        yield Finding("authentication_type", sentence, fix, "type")


def authentication_code(draft: Draft) -> Findings:
    if draft.content.kind != kinds.AUTHENTICATION:
        return
    minutes = draft.content.shape.get("code_expiration_minutes")
    if minutes is not None and minutes not in CODE_MINUTES:
        sentence = _("A code can be valid for 1 to 90 whole minutes.")
        yield Finding("authentication_code", sentence, _("Write another number of minutes."), "type")
    if not draft.content.buttons:
        sentence = _("A one-time code needs a button that copies it.")
        yield Finding("authentication_code", sentence, _("Write the words for the button."), "buttons")


def session_only(draft: Draft) -> Findings:
    if draft.content.is_session_only:
        sentence = _("Lists and locations work in an open window only and cannot be approved.")
        fix = _("Send it without approval while the window is open, or choose another type.")
        yield Finding("session_only", sentence, fix, "type")


def needs_approval(draft: Draft) -> Findings:
    if draft.content.needs_approval:
        sentence = _("WhatsApp takes this type only when it is approved, even in an open window.")
        yield Finding("needs_approval", sentence, _("Submit it for approval first."), "type")
