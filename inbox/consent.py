"""The ledger of consent: what it says, and what is written in it.

    consent.standing_of(conversation)["marketing"].sentence      # "Grace opted in on 3 May 2026"
    consent.opt_in(conversation.pk, "asked in chat", category="marketing", text="…", by=agent)

Beside the ledger stands a flag on the windows, which sending and the thread ask: when the customer asked
for silence and has not written since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from inbox import moments
from inbox.models import Address, ConsentEntry, Conversation, Event, Window
from inbox.models.consent_entry import TAKEN_BACK

if TYPE_CHECKING:
    from inbox.models import Agent

Action, Category = ConsentEntry.Action, ConsentEntry.Category
SILENCING = (Category.ALL, Category.SERVICE)
# What a page speaks of, in its order. Codes are asked for by the customer, so nobody opts in to them.
SHOWN = (Category.SERVICE, Category.UTILITY, Category.MARKETING)


@dataclass(frozen=True)
class Consent:
    """The customer's last word about one category of messages."""

    category: str
    name: str
    entry: ConsentEntry | None = None

    @property
    def is_given(self) -> bool:
        return self.entry is not None and self.entry.is_opt_in

    @property
    def is_refused(self) -> bool:
        return self.entry is not None and self.entry.is_opt_out

    @property
    def label(self) -> str:
        return str(Category(self.category).label)

    @property
    def sentence(self) -> str:
        if self.entry is None:
            return _("No opt-in noted")
        form = _("%(name)s opted in on %(day)s") if self.is_given else _("%(name)s opted out on %(day)s")
        return form % {"name": self.name, "day": moments.day(self.entry.given_at)}


def standing_of(conversation: Conversation) -> dict[str, Consent]:
    """The last word about service, utility and marketing messages; one query."""
    found = ConsentEntry.last_of_each(conversation.contact_id, conversation.channel_id)
    name = conversation.contact.display_name
    return {str(category): Consent(category, name, found.get(category)) for category in SHOWN}


@transaction.atomic
def opt_out(
    conversation_id: int,
    source: str,
    *,
    category: str = Category.ALL,
    at: datetime | None = None,
    **more: Any,
) -> bool:
    """The customer of this conversation wants nothing more of a category over its channel.

    :param source: where they said it: ``keyword``, ``twilio``, ``error 21610``, ``phone``.
    :param at: when, if that is not now.
    :param more: ``text`` shown to them; ``evidence``, the id of the message that says it; ``proof``, where
        else that lies; ``by``, who recorded it.
    :returns: whether it was written. What is already so is written again only when a person says it.
    """
    conversation = Conversation.objects.get(pk=conversation_id)
    is_new = category in SILENCING and _silence(conversation, at)
    return _enter(conversation, Action.OPT_OUT, source, category, at, more, is_new=is_new)


@transaction.atomic
def opt_in(
    conversation_id: int,
    source: str,
    *,
    category: str = Category.ALL,
    at: datetime | None = None,
    **more: Any,
) -> bool:
    """They agree to messages of a category; the parameters are those of `opt_out`."""
    conversation = Conversation.objects.get(pk=conversation_id)
    is_new = category in SILENCING and _end_silence(conversation, at)
    return _enter(conversation, Action.OPT_IN, source, category, at, more, is_new=is_new)


@transaction.atomic
def lift(conversation_id: int, *, at: datetime | None = None) -> bool:
    """They wrote again: answers may go out. Not a consent to be written to first, so no entry."""
    conversation = Conversation.objects.get(pk=conversation_id)
    if not _end_silence(conversation, at):
        return False
    Event.record("contact.wrote_again", conversation=conversation)
    return True


@transaction.atomic
def take_back(conversation_id: int, evidence: int, *, by: Agent) -> bool:
    """The opt-out that was read out of this message was none: what stood before it stands again.

    :returns: False when something else was said since.
    """
    conversation = Conversation.objects.get(pk=conversation_id)
    last = ConsentEntry.last(conversation.contact_id, conversation.channel_id, Category.SERVICE)
    if last is None or last.is_opt_in or last.evidence_id != evidence:
        return False
    more = {"evidence": evidence, "by": by}
    is_new = _end_silence(conversation, None)
    return _enter(
        conversation, Action.OPT_IN, TAKEN_BACK, Category.SERVICE, last.given_at, more, is_new=is_new
    )


# The flag


def _silence(conversation: Conversation, at: datetime | None) -> bool:
    """Not when it was told late, and they wrote or opted in since."""
    _have_windows(conversation)
    rows = _windows(conversation)
    if at and (rows.filter(last_inbound_at__gt=at).exists() or _opted_in_since(conversation, at)):
        return False
    return bool(rows.filter(opted_out_at__isnull=True).update(opted_out_at=at or Now()))


def _end_silence(conversation: Conversation, at: datetime | None) -> bool:
    rows = _windows(conversation).filter(opted_out_at__isnull=False)
    if at:
        rows = rows.filter(opted_out_at__lt=at)
    return bool(rows.update(opted_out_at=None))


def _windows(conversation: Conversation) -> QuerySet[Window]:
    return Window.objects.filter(address__contact=conversation.contact_id, channel=conversation.channel_id)


def _have_windows(conversation: Conversation) -> None:
    addresses = Address.objects.filter(contact=conversation.contact_id).values_list("pk", flat=True)
    rows = [Window(address_id=pk, channel_id=conversation.channel_id) for pk in addresses]
    Window.objects.bulk_create(rows, ignore_conflicts=True)


def _opted_in_since(conversation: Conversation, at: datetime) -> bool:
    rows = ConsentEntry.objects.between(conversation.contact_id, conversation.channel_id)
    return rows.filter(action=Action.OPT_IN, category__in=SILENCING, given_at__gt=at).exists()


# The ledger


def _enter(
    conversation: Conversation,
    action: str,
    source: str,
    category: str,
    at: datetime | None,
    more: Mapping[str, Any],
    *,
    is_new: bool,
) -> bool:
    by: Agent | None = more.get("by")
    entry = ConsentEntry(
        contact_id=conversation.contact_id,
        channel_id=conversation.channel_id,
        action=action,
        category=category,
        source=source[:40],
        text=more.get("text", ""),
        proof=more.get("proof", "")[:300],
        evidence_id=more.get("evidence"),
        actor=by,
        **({"given_at": at} if at else {}),
    )
    if not (by or is_new or _says_more(entry)):
        return False
    entry.save()
    verb = "contact.opted_in" if action == Action.OPT_IN else "contact.opted_out"
    verb = "contact.opt_out_taken_back" if source == TAKEN_BACK else verb
    Event.record(verb, conversation=conversation, by=by, category=str(category), source=source)
    return True


def _says_more(entry: ConsentEntry) -> bool:
    """Whether any category that it speaks of stood differently."""
    found = ConsentEntry.last_of_each(entry.contact_id, entry.channel_id)
    return any(c not in found or found[c].action != entry.action for c in entry.speaks_of)
