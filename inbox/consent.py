"""What the ledger of consent says, and the flag on the windows that sending asks."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from inbox.models import Address, ConsentEntry, Conversation, Event, Window


@transaction.atomic
def opt_out(
    conversation_id: int, source: str, *, evidence: int | None = None, at: datetime | None = None
) -> bool:
    """The customer of this conversation wants nothing more over its channel, on none of their addresses.

    :param source: where they said it: ``keyword``, ``twilio``, ``error 21610``.
    :param evidence: the message that says it.
    """
    conversation = Conversation.objects.get(pk=conversation_id)
    _have_windows(conversation)
    rows = _windows(conversation)
    if at and rows.filter(last_inbound_at__gt=at).exists():
        return False  # told late, and what they wrote afterwards counts
    if not rows.filter(opted_out_at__isnull=True).update(opted_out_at=at or Now()):
        return False
    _enter(conversation, ConsentEntry.Action.OPT_OUT, source, evidence)
    Event.record("contact.opted_out", conversation=conversation, source=source)
    return True


def lift(conversation_id: int, *, at: datetime | None = None) -> bool:
    """They wrote again: answers may go out. Not a consent to be written to first, so no entry."""
    conversation = Conversation.objects.get(pk=conversation_id)
    rows = _windows(conversation).filter(opted_out_at__isnull=False)
    if at:
        rows = rows.filter(opted_out_at__lt=at)
    if not rows.update(opted_out_at=None):
        return False
    Event.record("contact.wrote_again", conversation=conversation)
    return True


def opt_in(conversation_id: int, source: str, *, evidence: int | None = None) -> None:
    conversation = Conversation.objects.get(pk=conversation_id)
    _enter(conversation, ConsentEntry.Action.OPT_IN, source, evidence)
    Event.record("contact.opted_in", conversation=conversation, source=source)


def _windows(conversation: Conversation) -> QuerySet[Window]:
    return Window.objects.filter(address__contact=conversation.contact_id, channel=conversation.channel_id)


def _have_windows(conversation: Conversation) -> None:
    addresses = Address.objects.filter(contact=conversation.contact_id).values_list("pk", flat=True)
    rows = [Window(address_id=pk, channel_id=conversation.channel_id) for pk in addresses]
    Window.objects.bulk_create(rows, ignore_conflicts=True)


def _enter(conversation: Conversation, action: str, source: str, evidence: int | None) -> None:
    ConsentEntry.objects.create(
        contact_id=conversation.contact_id,
        channel_id=conversation.channel_id,
        action=action,
        source=source,
        evidence_id=evidence,
    )
