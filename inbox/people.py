"""Who has an address: customers are found by user ID, then by phone, and merged when one message shows both.

Everything here runs under a lock on the addresses in question, so that two first messages of one
customer at the same moment make one customer.
"""

from __future__ import annotations

import re

from django.db import connection
from django.db.models import F

from inbox import live
from inbox.models import (
    Address,
    Attachment,
    ConsentEntry,
    Contact,
    Conversation,
    Draft,
    Event,
    Message,
)

_PHONE = re.compile(r"\A[a-z]+:\+?\d+\Z")


class Moved(Exception):
    """The customer was merged with another at this very moment: run the transaction again."""


def is_user_id(value: str) -> bool:
    """Whether it is a business-scoped user ID, ``whatsapp:GB.1349…``, and not a phone number."""
    return not _PHONE.match(value)


def introduce(channel_id: int, address: str, user_id: str = "", *, name: str = "") -> Conversation:
    """The newest conversation of whoever has these addresses; all that is missing is made.

    In the caller's transaction. A resolved conversation is returned as it is.
    """
    values = list(dict.fromkeys(filter(None, [user_id, address])))
    _lock(values)
    contact_id = _contact_of(values, name)
    known = dict(Address.objects.filter(contact=contact_id).values_list("value", "pk"))
    newest = Conversation.objects.filter(contact=contact_id, channel=channel_id)
    conversation = newest.order_by(F("resolved_at").asc(nulls_first=True), "-pk").first()
    if conversation is None:
        conversation = Conversation.objects.create(
            contact_id=contact_id, channel_id=channel_id, address_id=known[address]
        )
    return conversation


def _lock(values: list[str]) -> None:
    with connection.cursor() as cursor:
        for value in sorted(values):
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [value])


def _contact_of(values: list[str], name: str) -> int:
    found = dict(Address.objects.filter(value__in=values).values_list("value", "contact_id"))
    owners = list(dict.fromkeys(found[value] for value in values if value in found))
    if not owners:
        contact_id = Contact.objects.create(profile_name=name).pk
    else:
        contact_id = owners[0] if len(owners) == 1 else merge(*owners)
    missing = [value for value in values if value not in found]
    kinds = {value: Address.Kind.USER_ID if is_user_id(value) else Address.Kind.PHONE for value in missing}
    Address.objects.bulk_create(Address(contact_id=contact_id, kind=kinds[v], value=v) for v in missing)
    return contact_id


def merge(one: int, other: int) -> int:
    """Two contacts turn out to be one person. The older one stays; everything moves there.

    :returns: the contact that stays.
    """
    both = list(Contact.objects.select_for_update().filter(pk__in=[one, other]).order_by("pk"))
    if len(both) < 2:
        raise Moved
    kept, gone = both
    theirs = Conversation.objects.select_for_update().filter(contact__in=[kept, gone]).order_by("pk")
    ours = {c.channel_id: c for c in theirs if c.contact_id == kept.pk and not c.is_resolved}
    last = None
    for conversation in [c for c in theirs if c.contact_id == gone.pk]:
        target = None if conversation.is_resolved else ours.get(conversation.channel_id)
        last = _join(conversation, target) if target else _hand_over(conversation, kept)
    Address.objects.filter(contact=gone).update(contact=kept)
    ConsentEntry.objects.filter(contact=gone).update(contact=kept)
    _keep_words(kept, gone)
    Event.record("contact.merged", conversation=last, contact=kept.pk, merged=gone.pk)
    gone.delete()
    return kept.pk


def _hand_over(conversation: Conversation, contact: Contact) -> Conversation:
    Conversation.objects.filter(pk=conversation.pk).update(contact=contact)
    return conversation


def _join(gone: Conversation, kept: Conversation) -> Conversation:
    """Move everything of one open conversation into the other; the database allows one a channel."""
    for model in (Message, Event, Attachment):
        model.objects.filter(conversation=gone).update(conversation=kept)
    taken = Draft.objects.filter(conversation=kept).values("agent")
    Draft.objects.filter(conversation=gone).exclude(agent__in=taken).update(conversation=kept)
    kept.tags.add(*gone.tags.all())
    _add_up(kept, gone)
    live.announce("conversation", gone.pk, conversation=gone.pk, channel=gone.channel_id)
    gone.delete()
    return kept


def _add_up(kept: Conversation, gone: Conversation) -> None:
    times = [c.waiting_since for c in (kept, gone) if c.waiting_since]
    closing = [c.window_closes_at for c in (kept, gone) if c.window_closes_at]
    changes: dict[str, object] = {
        "unread_count": kept.unread_count + gone.unread_count,
        "waiting_since": min(times, default=None),
        "window_closes_at": max(closing, default=None),
        "assignee_id": kept.assignee_id or gone.assignee_id,
        "team_id": kept.team_id or gone.team_id,
    }
    if gone.last_message_id and (not kept.last_message_id or gone.last_message_at > kept.last_message_at):
        names = ("address_id", "last_message_id", "last_message_at", "last_message_preview",
                 "last_message_direction", "last_message_kind", "last_message_status")  # fmt: skip
        changes |= {name: getattr(gone, name) for name in names}
    Conversation.objects.filter(pk=kept.pk).update(**changes)


def _keep_words(kept: Contact, gone: Contact) -> None:
    for name in ("name", "profile_name", "language"):
        setattr(kept, name, getattr(kept, name) or getattr(gone, name))
    kept.attributes = gone.attributes | kept.attributes
    kept.save(update_fields=["name", "profile_name", "language", "attributes"])
