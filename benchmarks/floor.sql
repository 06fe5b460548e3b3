-- Receipt, people, window, conversation, message, event and notification of one webhook.
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
