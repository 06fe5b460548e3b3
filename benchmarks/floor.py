"""The floor of ingestion: one statement on a bare server, with the same checks and the same rows as ours.

uvicorn benchmarks.floor:application      # FLOOR_DATABASE, FLOOR_HOST
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from typing import Any
from urllib.parse import parse_qsl

import asyncpg

from benchmarks.installation import AUTH_TOKEN, PUBLIC_BASE_URL

CONNECTIONS = 8
HEADERS = [(b"content-type", b"text/xml"), (b"content-length", b"11")]
SQL = """
WITH receipt AS (
    INSERT INTO channels_whatsapp_receipt (kind, account_sid, key, sid, params, outcome, detail, duplicates, tries)
    VALUES ('inbound', $1, $2, $2, $3::jsonb, 'applied', '', 0, 0)
    ON CONFLICT (account_sid, kind, key) DO UPDATE SET duplicates = channels_whatsapp_receipt.duplicates + 1
    RETURNING id, duplicates
), known AS (
    SELECT id, contact_id FROM inbox_address WHERE value = $4
), contact AS (
    INSERT INTO inbox_contact (name, profile_name, language, attributes)
    SELECT '', $6, '', '{}' WHERE NOT EXISTS (SELECT FROM known) RETURNING id
), fresh AS (
    INSERT INTO inbox_address (contact_id, kind, value) SELECT id, 'phone', $4 FROM contact
    ON CONFLICT (value) DO UPDATE SET value = excluded.value RETURNING id, contact_id
), other AS (
    INSERT INTO inbox_address (contact_id, kind, value) SELECT contact_id, 'user_id', $5 FROM fresh
    ON CONFLICT (value) DO NOTHING
), person AS (
    SELECT p.*, c.id AS channel_id, nextval('inbox_message_id_seq') AS message_id
    FROM (SELECT * FROM known UNION ALL SELECT * FROM fresh) p, inbox_channel c, receipt
    WHERE c.address = $7 AND receipt.duplicates = 0
), opened AS (
    INSERT INTO inbox_window (address_id, channel_id, last_inbound_at, closes_at)
    SELECT id, channel_id, now(), now() + interval '24 hours' FROM person
    ON CONFLICT (address_id, channel_id) DO UPDATE SET
        last_inbound_at = excluded.last_inbound_at, closes_at = excluded.closes_at
), conversation AS (
    INSERT INTO inbox_conversation (
        contact_id, channel_id, address_id, status, unread_count, waiting_since, window_closes_at, last_message_id,
        last_message_preview, last_message_direction, last_message_kind, last_message_status
    )
    SELECT contact_id, channel_id, id, 'open', 1, now(), now() + interval '24 hours', message_id,
        left($8, 160), 'inbound', 'text', 'received'
    FROM person
    ON CONFLICT (contact_id, channel_id) WHERE NOT (status = 'resolved') DO UPDATE SET
        status = 'open',
        unread_count = inbox_conversation.unread_count + 1,
        waiting_since = coalesce(inbox_conversation.waiting_since, excluded.waiting_since),
        window_closes_at = excluded.window_closes_at,
        address_id = excluded.address_id,
        last_message_id = excluded.last_message_id,
        last_message_at = excluded.last_message_at,
        last_message_preview = excluded.last_message_preview,
        last_message_direction = excluded.last_message_direction,
        last_message_kind = excluded.last_message_kind,
        last_message_status = excluded.last_message_status
    RETURNING id, channel_id, last_message_id
), message AS (
    INSERT INTO inbox_message (
        id, conversation_id, direction, kind, body, payload, status, error, sid, reply_to_sid, recovered, price_unit
    )
    SELECT last_message_id, id, 'inbound', 'text', $8, $3::jsonb, 'received', '', $2, '', false, ''
    FROM conversation RETURNING id, conversation_id
), event AS (
    INSERT INTO inbox_event (verb, conversation_id, message_id, channel_id, data)
    SELECT 'message.received', id, last_message_id, channel_id, '{}' FROM conversation
)
SELECT pg_notify('fanlight', json_build_object(
    'kind', 'conversation', 'id', id, 'conversation', id, 'channel', channel_id)::text)
FROM conversation
"""

pool: Any = None


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message.get("body", b""), message.get("more_body", False)
    params = dict(parse_qsl(body.decode(), keep_blank_values=True))
    is_ours = hmac.compare_digest(
        _signature(scope["path"], params), dict(scope["headers"]).get(b"x-twilio-signature")
    )
    if is_ours:
        await _store(params)
    await send({"type": "http.response.start", "status": 200 if is_ours else 403, "headers": HEADERS})
    await send({"type": "http.response.body", "body": b"<Response/>"})


async def _lifespan(receive: Any, send: Any) -> None:
    global pool
    await receive()
    pool = await asyncpg.create_pool(
        host=os.environ["FLOOR_HOST"], database=os.environ["FLOOR_DATABASE"], user=os.environ["FLOOR_USER"],
        min_size=CONNECTIONS, max_size=CONNECTIONS,
    )  # fmt: skip
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await pool.close()
    await send({"type": "lifespan.shutdown.complete"})


def _signature(path: str, params: dict[str, str]) -> bytes:
    text = PUBLIC_BASE_URL + path + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.new(AUTH_TOKEN.encode(), text.encode(), hashlib.sha1).digest())


async def _store(params: dict[str, str]) -> None:
    words = (
        params["AccountSid"], params["MessageSid"], json.dumps(params), params["From"], params["ExternalUserId"],
        params["ProfileName"], params["To"], params["Body"],
    )  # fmt: skip
    async with pool.acquire() as connection:
        await connection.execute(SQL, *words)
