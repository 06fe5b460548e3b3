"""Its buttons."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from templates_mgmt import content as kinds
from templates_mgmt.policy.drafts import (
    BUTTONS,
    LONGEST_ID,
    LONGEST_REPLY,
    LONGEST_TITLE,
    MOST_OF_A_KIND,
    SAFE_ID,
    SESSION_BUTTONS,
    Draft,
    Finding,
    Findings,
)
from templates_mgmt.policy.sharing import address_problem, every_button, too_long, too_many

_PHONE = re.compile(r"\+?[0-9][0-9 ()-]{5,20}")


def button_count(draft: Draft) -> Findings:
    buttons, kind = draft.content.buttons, draft.content.kind
    if kind in (kinds.QUICK_REPLY, kinds.CALL_TO_ACTION) and not buttons:
        yield Finding("button_count", _("There is no button yet."), _("Add a button."), "buttons")
    if len(buttons) > BUTTONS:
        yield too_many("button_count", len(buttons), BUTTONS, "buttons")


def buttons_of_a_kind(draft: Draft) -> Findings:
    names = {kinds.URL: _("link"), kinds.PHONE: _("phone"), kinds.COPY_CODE: _("code")}
    for kind, most in MOST_OF_A_KIND.items():
        count = sum(button.kind == kind for button in draft.content.buttons)
        if count > most:
            numbers = {"count": count, "most": most, "kind": names[kind]}
            sentence = _("There are %(count)d buttons of the kind %(kind)s; %(most)d allowed.") % numbers
            yield Finding("buttons_of_a_kind", sentence, _("Remove a button."), "buttons")


def session_buttons(draft: Draft) -> Findings:
    if SESSION_BUTTONS < len(draft.content.buttons) <= BUTTONS:
        yield too_many("session_buttons", len(draft.content.buttons), SESSION_BUTTONS, "buttons")


def button_titles(draft: Draft) -> Findings:
    for field, button in every_button(draft.content):
        if not button.title.strip():
            yield Finding("button_titles", _("A button has no words."), _("Write what it says."), field)
        most = LONGEST_REPLY if button.kind == kinds.REPLY else LONGEST_TITLE
        yield from too_long("button_titles", button.title, most, field)


def long_replies(draft: Draft) -> Findings:
    """Twilio's pages say 20 in one place and 25 in another."""
    for field, button in every_button(draft.content):
        if button.kind == kinds.REPLY and LONGEST_TITLE < len(button.title) <= LONGEST_REPLY:
            yield from too_long("long_replies", button.title, LONGEST_TITLE, field, is_error=False)


def session_replies(draft: Draft) -> Findings:
    for field, button in every_button(draft.content):
        if button.kind == kinds.REPLY and LONGEST_TITLE < len(button.title) <= LONGEST_REPLY:
            yield from too_long("session_replies", button.title, LONGEST_TITLE, field)


def duplicate_titles(draft: Draft) -> Findings:
    seen: set[str] = set()
    for number, button in enumerate(draft.content.buttons, 1):
        title = button.title.strip().casefold()
        if title and title in seen:
            sentence = _("Two buttons say “%(title)s”.") % {"title": button.title}
            yield Finding("duplicate_titles", sentence, _("Give each its own words."), f"buttons.{number}")
        seen.add(title)


def button_ids(draft: Draft) -> Findings:
    for field, button in every_button(draft.content):
        if button.kind == kinds.REPLY and len(button.id) > SAFE_ID:
            is_error = len(button.id) > LONGEST_ID
            yield from too_long("button_ids", button.id, SAFE_ID, field, is_error=is_error)


def button_addresses(draft: Draft) -> Findings:
    for field, button in every_button(draft.content):
        if button.kind == kinds.URL:
            yield from address_problem("button_addresses", button.url, field)


def button_phones(draft: Draft) -> Findings:
    for field, button in every_button(draft.content):
        if button.kind == kinds.PHONE and not _PHONE.fullmatch(button.phone.strip()):
            sentence = _("A phone button needs a number with its country code.")
            yield Finding("button_phones", sentence, _("Write it like +44 20 7946 0000."), field)


def button_codes(draft: Draft) -> Findings:
    for field, button in every_button(draft.content):
        # A one-time code is a variable of the message.
        if button.kind == kinds.COPY_CODE and draft.content.kind != kinds.AUTHENTICATION and not button.code:
            sentence = _("A coupon button has no code to copy.")
            yield Finding("button_codes", sentence, _("Write the code, like SPRING15."), field)
