"""The one gate: may this go to this customer now? Everything outgoing passes it, whoever sends.

| what | asks |
|---|---|
| everything | the channel is on; no opt-out since the customer last wrote |
| free text, files, unapproved content | the 24-hour window is open |
| utility template, or one not known here | no opt-out from utility in the ledger |
| marketing template | an opt-in to marketing in the ledger |
| authentication template | nothing more: the customer asked for the code |

A fresh message of the customer takes back an opt-out for service answers only (consent.lift), not in
the ledger: templates stay refused until they opt in again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from inbox.models.contact import ConsentEntry, open_window_of
from inbox.refusals import Refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from inbox.models.conversation import Conversation

Category = ConsentEntry.Category


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
        if payload.get("approved", True):
            return cls(str(payload.get("category") or Category.UTILITY), needs_window=False)
        return cls()


def must_allow(conversation: Conversation, outgoing: Outgoing) -> None:
    """:raises Refused: channel_off, opted_out, no_opt_in or window_closed, with the way out."""
    if not conversation.channel.is_active:
        raise Refused(
            "channel_off",
            _("%(channel)s is switched off.") % {"channel": conversation.channel.name},
            _("Ask an admin to switch it on."),
        )
    if conversation.is_opted_out:
        raise Refused(
            "opted_out",
            _("This customer asked not to be written to."),
            _("Wait until they write again."),
        )
    if outgoing.category in (Category.UTILITY, Category.MARKETING):
        _must_be_consented(conversation, outgoing.category)
    if outgoing.needs_window and open_window_of(conversation.contact_id, conversation.channel_id) is None:
        raise Refused(
            "window_closed",
            _("The 24-hour window is closed, so WhatsApp takes no free text."),
            _("Send an approved template, or wait until the customer writes."),
        )


def _must_be_consented(conversation: Conversation, category: str) -> None:
    entry = ConsentEntry.last(conversation.contact_id, conversation.channel_id, category)
    if entry and entry.action == ConsentEntry.Action.OPT_OUT:
        raise Refused(
            "opted_out",
            _("This customer opted out of %(category)s messages.")
            % {"category": Category(category).label.lower()},
            _("Answer in free text while the window is open, or ask them to opt in again."),
        )
    if entry is None and category == Category.MARKETING:
        raise Refused(
            "no_opt_in",
            _("Nothing shows that this customer agreed to marketing messages."),
            _("Record their opt-in in the details, or ask them for it while the window is open."),
        )
