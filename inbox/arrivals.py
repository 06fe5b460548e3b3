"""A customer's message on its way in: who it is from, where it belongs, and what it changes.

The usual case, a known customer, is one SQL statement (`_STORE`). Only when that finds nobody do
people, addresses and conversations come into it (inbox/people.py), and then it runs once more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from psycopg.types.json import Jsonb

from inbox import consent, consent_questions, gateways, live, people, prepared
from inbox.models import Attachment, Channel, ConsentEntry, Conversation, Message
from inbox.models.conversation import preview


@dataclass(frozen=True)
class File:
    """A file that the carrier keeps for us until it is fetched."""

    url: str
    content_type: str
    filename: str = ""


@dataclass(frozen=True)
class Arrival:
    """What a customer sent, in the inbox's words.

    :param address: where it came from and where a reply goes, for example ``whatsapp:+447700900318``.
    :param user_id: the same person's business-scoped user ID, when the message shows it.
    :param consent: ``opt_out`` or ``opt_in`` when the message says so, and `consent_source` where it says it.
    :param answers: a button of our question about consent, when the message is a tap on one.
    :param at: when it happened, if that is not now.
    :param recovered: found at the carrier later; no webhook had brought it.
    """

    channel_id: int
    sid: str
    address: str
    kind: str
    body: str = ""
    user_id: str = ""
    profile_name: str = ""
    payload: dict[str, Any] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    reply_to_sid: str = ""
    consent: str = ""
    consent_source: str = ""
    answers: str = ""
    at: datetime | None = None
    recovered: bool = False

    @property
    def preview(self) -> str:
        return preview(self.body or next((file.filename for file in self.files), ""))


@dataclass(frozen=True)
class Received:
    """Where it is now. `is_new` is false when the same message had been stored before."""

    message_id: int
    conversation_id: int
    is_new: bool


def receive(arrival: Arrival) -> Received:
    """Store it once, in the caller's transaction, and all that follows from it.

    :raises people.Moved: and IntegrityError: a merge came in between; run the transaction again.
    """
    stored = _store(arrival)
    if stored is None:
        people.introduce(arrival.channel_id, arrival.address, arrival.user_id, name=arrival.profile_name)
        stored = _store(arrival)
    if stored is None:
        raise people.Moved
    if stored.message_id is None:
        return _known_already(arrival)
    _follow(arrival, stored)
    return Received(stored.message_id, stored.conversation_id, is_new=True)


@transaction.atomic
def conversation_with(channel: Channel, address: str, *, name: str = "") -> Conversation:
    """The open conversation with whoever has this address; made when there is none."""
    conversation = people.introduce(channel.pk, address, name=name)
    conversation.reopen(by=None)
    return conversation


# One statement

_STORE = """
WITH known AS (
    SELECT a.id AS address_id, a.contact_id, c.id AS conversation_id, c.status,
        EXISTS (
            SELECT 1 FROM inbox_window w JOIN inbox_address o ON o.id = w.address_id
            WHERE o.contact_id = a.contact_id AND w.channel_id = %(channel)s::bigint
                AND w.opted_out_at IS NOT NULL
        ) AS is_opted_out
    FROM inbox_address a CROSS JOIN LATERAL (
        SELECT id, status FROM inbox_conversation
        WHERE contact_id = a.contact_id AND channel_id = %(channel)s::bigint
        ORDER BY status = 'resolved', id DESC LIMIT 1
    ) c
    WHERE a.value = %(address)s::text AND (
        %(user_id)s::text IN ('', %(address)s::text) OR EXISTS (
            SELECT 1 FROM inbox_address u
            WHERE u.value = %(user_id)s::text AND u.contact_id = a.contact_id
        )
    )
), stored AS (
    INSERT INTO inbox_message (
        conversation_id, direction, kind, body, payload, status, error, sid,
        reply_to_id, reply_to_sid, recovered, created_at, price_unit
    )
    SELECT conversation_id, 'inbound', %(kind)s::text, %(body)s::text, %(payload)s::jsonb,
        'received', '', %(sid)s::text,
        (SELECT id FROM inbox_message WHERE sid = NULLIF(%(reply_to_sid)s::text, '')),
        %(reply_to_sid)s::text, %(recovered)s::boolean,
        COALESCE(%(at)s::timestamptz, statement_timestamp()), ''
    FROM known
    ON CONFLICT (sid) DO NOTHING
    RETURNING id, conversation_id, created_at
), quoted AS (
    UPDATE inbox_message q SET reply_to_id = stored.id FROM stored
    WHERE q.reply_to_sid = %(sid)s::text AND q.reply_to_sid <> '' AND q.reply_to_id IS NULL
), opened AS (
    INSERT INTO inbox_window (address_id, channel_id, last_inbound_at, closes_at)
    SELECT address_id, %(channel)s::bigint, created_at, created_at + interval '24 hours' FROM known, stored
    ON CONFLICT (address_id, channel_id) DO UPDATE SET
        last_inbound_at = GREATEST(inbox_window.last_inbound_at, excluded.last_inbound_at),
        closes_at = GREATEST(inbox_window.closes_at, excluded.closes_at)
), shown AS (
    UPDATE inbox_conversation c SET
        status = 'open',
        resolved_at = NULL,
        unread_count = c.unread_count + 1,
        waiting_since = LEAST(c.waiting_since, s.created_at),
        window_closes_at = GREATEST(c.window_closes_at, s.created_at + interval '24 hours'),
        address_id = CASE WHEN NEWEST THEN k.address_id ELSE c.address_id END,
        last_message_id = CASE WHEN NEWEST THEN s.id ELSE c.last_message_id END,
        last_message_at = CASE WHEN NEWEST THEN s.created_at ELSE c.last_message_at END,
        last_message_preview = CASE WHEN NEWEST THEN %(preview)s::text ELSE c.last_message_preview END,
        last_message_direction = CASE WHEN NEWEST THEN 'inbound' ELSE c.last_message_direction END,
        last_message_kind = CASE WHEN NEWEST THEN %(kind)s::text ELSE c.last_message_kind END,
        last_message_status = CASE WHEN NEWEST THEN 'received' ELSE c.last_message_status END
    FROM stored s JOIN known k USING (conversation_id)
    WHERE c.id = s.conversation_id
), named AS (
    UPDATE inbox_contact SET profile_name = %(profile_name)s::text
    FROM known, stored
    WHERE inbox_contact.id = known.contact_id
        AND %(profile_name)s::text NOT IN ('', inbox_contact.profile_name)
), told AS (
    INSERT INTO inbox_event (verb, conversation_id, message_id, channel_id, data)
    SELECT 'conversation.reopened', known.conversation_id, NULL, %(channel)s::bigint, '{}'::jsonb
    FROM known, stored WHERE known.status = 'resolved'
    UNION ALL
    SELECT 'message.received', conversation_id, id, %(channel)s::bigint, '{}'::jsonb FROM stored
)
SELECT known.conversation_id, stored.id, known.contact_id, known.is_opted_out,
    pg_notify(%(live)s::text, json_build_object(
        'kind', 'conversation', 'id', known.conversation_id,
        'conversation', known.conversation_id, 'channel', %(channel)s::bigint
    )::text)
FROM known LEFT JOIN stored USING (conversation_id)
"""
_STORE = _STORE.replace("NEWEST", "c.last_message_id IS NULL OR s.created_at >= c.last_message_at")
# psycopg remembers what it made of a statement only below 4096 characters.
_STORE = " ".join(_STORE.split())


@dataclass(frozen=True)
class _Stored:
    conversation_id: int
    message_id: int | None  # None: the message was there already
    contact_id: int
    is_opted_out: bool


def _store(arrival: Arrival) -> _Stored | None:
    """Message, window, conversation row, event and notification; None when nobody has this address."""
    row = prepared.row(_STORE, _parameters(arrival))
    return _Stored(*row[:4]) if row else None


def _parameters(arrival: Arrival) -> dict[str, Any]:
    return {
        "channel": arrival.channel_id,
        "address": arrival.address,
        "user_id": arrival.user_id,
        "kind": arrival.kind,
        "body": arrival.body,
        "payload": Jsonb(arrival.payload),
        "sid": arrival.sid,
        "reply_to_sid": arrival.reply_to_sid,
        "recovered": arrival.recovered,
        "at": arrival.at,
        "preview": arrival.preview,
        "profile_name": arrival.profile_name,
        "live": live.CHANNEL,
    }


# What only some messages bring


def _follow(arrival: Arrival, stored: _Stored) -> None:
    if arrival.files:
        _expect_files(arrival, stored)
    is_stop = arrival.consent == ConsentEntry.Action.OPT_OUT
    is_start = arrival.consent == ConsentEntry.Action.OPT_IN
    if is_stop or is_start:
        verb = consent.opt_out if is_stop else consent.opt_in
        source, evidence = arrival.consent_source, stored.message_id
        verb(stored.conversation_id, source, evidence=evidence, at=arrival.at)
    elif stored.is_opted_out:
        consent.lift(stored.conversation_id, at=arrival.at)
    action, category = consent_questions.read_button(arrival.answers)
    if action:
        consent_questions.answer(stored.message_id, action, category, arrival.at)


def _expect_files(arrival: Arrival, stored: _Stored) -> None:
    files = [
        Attachment(
            message_id=stored.message_id,
            conversation_id=stored.conversation_id,
            position=position,
            source_url=file.url,
            declared_type=file.content_type,
            filename=file.filename,
        )
        for position, file in enumerate(arrival.files)
    ]
    carrier = gateways.carrier(Channel.objects.get(pk=arrival.channel_id))
    for file in Attachment.objects.bulk_create(files):
        carrier.fetch(file)


def _known_already(arrival: Arrival) -> Received:
    """A second telling. The webhook knows more than the carrier's list: it completes what that brought."""
    message = Message.objects.select_related("conversation").get(sid=arrival.sid)
    if message.recovered and not arrival.recovered and len(arrival.payload) > len(message.payload):
        decided = {key: message.payload[key] for key in ("asks_to_stop",) if key in message.payload}
        fuller = {"kind": arrival.kind, "body": arrival.body, "payload": arrival.payload | decided}
        Message.objects.filter(pk=message.pk).update(**fuller)
        message.announce()
    return Received(message.pk, message.conversation_id, is_new=False)
