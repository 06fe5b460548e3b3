"""The one gate: may this go to this customer now? Everything outgoing passes it, whoever sends.

| what | asks |
|---|---|
| everything | the channel is on |
| text, files, content without a category | the window is open; no opt-out since the customer last wrote |
| utility template | the last word about utility in the ledger is no opt-out |
| template of an unknown category | the last words about utility and about marketing are no opt-outs |
| authentication template | the last word about authentication is no opt-out |
| marketing template | the last word about marketing is an opt-in |
| content of a category that is not approved | the same as its template, and the window is open |

An opt-out from service, or from all, silences answers until the customer writes again: a fresh message
always allows them (consent.lift). It takes nothing back in the ledger, so templates stay refused until
the customer opts in again. An opt-out from service alone says nothing about templates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Max
from django.utils.translation import gettext as _

from inbox import moments
from inbox.models.consent_entry import ConsentEntry
from inbox.models.contact import Window, open_window_of
from inbox.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from inbox.models.conversation import Conversation

Category = ConsentEntry.Category
OF_TEMPLATES = (Category.UTILITY, Category.MARKETING, Category.AUTHENTICATION)
UNKNOWN = ""


@dataclass(frozen=True)
class Outgoing:
    """What is about to leave, as far as the gate minds."""

    category: str = Category.SERVICE
    needs_window: bool = True

    @classmethod
    def of(cls, payload: Mapping[str, Any]) -> Outgoing:
        """Read from a message's payload. A template that is not known here counts as an approved one."""
        if not payload.get("content_sid"):
            return cls()
        is_approved = bool(payload.get("approved", True))
        told = str(payload.get("category") or "").lower()
        if told not in OF_TEMPLATES:
            told = UNKNOWN if is_approved else Category.SERVICE
        return cls(told, needs_window=not is_approved)


def must_allow(conversation: Conversation, outgoing: Outgoing) -> None:
    """:raises Refused: channel_off, opted_out, no_opt_in or window_closed, with the way out."""
    if not conversation.channel.is_active:
        raise Refused(
            "channel_off",
            _("%(channel)s is switched off.") % {"channel": conversation.channel.name},
            _("Ask an admin to switch it on."),
        )
    if outgoing.category == Category.SERVICE:
        _must_not_be_silenced(conversation)
    elif outgoing.category == UNKNOWN:
        for category in (Category.UTILITY, Category.MARKETING):
            _must_not_be_refused(conversation, _last(conversation, category), category)
    else:
        _must_be_consented(conversation, outgoing.category)
    if outgoing.needs_window and not _is_open(conversation):
        raise Refused(
            "window_closed",
            _("The 24-hour window is closed, so WhatsApp takes no free text."),
            _("Send an approved template, or wait until the customer writes."),
        )


def takes_templates(conversation: Conversation) -> bool:
    """Whether a template of any category may go."""
    return any(_is_allowed(conversation, Outgoing(str(each), needs_window=False)) for each in OF_TEMPLATES)


def _is_allowed(conversation: Conversation, outgoing: Outgoing) -> bool:
    try:
        must_allow(conversation, outgoing)
    except Refused:
        return False
    return True


def silenced_since(conversation: Conversation) -> datetime | None:
    """When they asked for silence, if they have not written since; on any address of theirs."""
    rows = Window.objects.filter(address__contact=conversation.contact_id, channel=conversation.channel_id)
    return rows.aggregate(since=Max("opted_out_at"))["since"]


def _is_open(conversation: Conversation) -> bool:
    return open_window_of(conversation.contact_id, conversation.channel_id) is not None


def _must_not_be_silenced(conversation: Conversation) -> None:
    if since := silenced_since(conversation):
        raise Refused(
            "opted_out",
            _("%(name)s asked us on %(day)s to stop writing.") % _who_and_when(conversation, since),
            _("Wait until they write again."),
        )


def _must_be_consented(conversation: Conversation, category: str) -> None:
    entry = _last(conversation, category)
    if entry is None and category == Category.MARKETING:
        raise Refused(
            "no_opt_in",
            _("Nothing shows that %(name)s agreed to marketing messages.")
            % {"name": conversation.contact.display_name},
            _("Record their opt-in, or ask them for it now.")
            if _is_open(conversation)
            else _("Record their opt-in if they gave it elsewhere, or ask them when they write again."),
        )
    _must_not_be_refused(conversation, entry, category)


def _last(conversation: Conversation, category: str) -> ConsentEntry | None:
    return ConsentEntry.last(conversation.contact_id, conversation.channel_id, category)


def _must_not_be_refused(conversation: Conversation, entry: ConsentEntry | None, category: str) -> None:
    if entry is None or entry.is_opt_in:
        return
    words = _who_and_when(conversation, entry.given_at) | {"category": Category(category).label.lower()}
    if entry.category == Category.ALL:
        sentence = _("%(name)s opted out of all messages on %(day)s.") % words
    else:
        sentence = _("%(name)s opted out of %(category)s messages on %(day)s.") % words
    step = _("Templates may go out again when they send START, or when you record their new opt-in.")
    if _is_open(conversation):
        step = f"{_('Answer in free text.')} {step}"
    raise Refused("opted_out", sentence, step)


def _who_and_when(conversation: Conversation, at: datetime) -> dict[str, str]:
    return {"name": conversation.contact.display_name, "day": moments.day(at)}
