"""What WhatsApp and Twilio ask of a template, one function per rule, said with the way out. Pure.

Sources: Twilio's pages "Using variables with Content API", "WhatsApp template approvals and statuses" and
those of the content types; Meta's limits of template parts. Lengths are code points.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _later

from templates_mgmt.policy import buttons, lists, text, variables, whole
from templates_mgmt.policy.drafts import (
    AUTHENTICATION,
    CATEGORIES,
    LANGUAGE,
    MARKETING,
    NAME,
    UTILITY,
    Draft,
    Finding,
    Rule,
)
from templates_mgmt.policy.variables import renumbered
from templates_mgmt.policy.whole import plain_name
from templates_mgmt.policy.words import GREETINGS, PROMOTION, THANKS

__all__ = [
    "ALWAYS", "AUTHENTICATION", "CATEGORIES", "CHECKS", "GREETINGS", "IN_SESSION", "LANGUAGE", "MARKETING",
    "NAME", "PROMOTION", "THANKS", "TO_SUBMIT", "UTILITY", "Draft", "Finding", "check", "plain_name",
    "renumbered",
]  # fmt: skip

# Shown as passed when none of the rules beside it found anything.
CHECKS: tuple[tuple[Promise, frozenset[str]], ...] = (
    (_later("Starts and ends with words"), frozenset({"starts_with_variable", "ends_with_variable"})),
    (_later("Variables numbered in order"), frozenset({"numbering", "braces", "adjacent"})),
    (_later("Every variable has a sample"), frozenset({"sample", "value"})),
    (_later("Enough words around variables"), frozenset({"few_words"})),
    (_later("No promotion in a utility text"), frozenset({"promotion"})),
)

ALWAYS: tuple[Rule, ...] = (
    whole.language, text.body_missing, text.body_length, text.header_length, text.footer_length,
    text.one_header, text.media, variables.braces, variables.value, variables.variable_count,
    buttons.button_count, buttons.buttons_of_a_kind, buttons.button_titles, buttons.duplicate_titles,
    buttons.button_ids, buttons.button_addresses, buttons.button_phones, buttons.button_codes,
    lists.list_items, lists.list_blanks, lists.list_twins, lists.carousel_count, lists.carousel_cards,
    lists.carousel_alike, lists.place, whole.authentication_code,
)  # fmt: skip
TO_SUBMIT: tuple[Rule, ...] = (
    whole.name, whole.category, whole.authentication_type, whole.session_only, text.approved_length,
    text.emoji, text.whatsapp_link, text.short_link, text.promotion, variables.starts_with_variable,
    variables.ends_with_variable, variables.adjacent, variables.numbering, variables.few_words,
    variables.sample, buttons.long_replies,
)  # fmt: skip
IN_SESSION: tuple[Rule, ...] = (whole.needs_approval, buttons.session_buttons, buttons.session_replies)


def check(draft: Draft, *, for_approval: bool = True) -> list[Finding]:
    """What stands in the way of submitting it, or else of sending it unapproved in an open window."""
    rules = (*ALWAYS, *(TO_SUBMIT if for_approval else IN_SESSION))
    # Two buttons of one card may lack the same.
    return list(dict.fromkeys(finding for rule in rules for finding in rule(draft)))
