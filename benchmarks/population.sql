-- What population.py loads; :conversations and :messages are numbers.

-- People, tags, channels beside the one that is there
INSERT INTO inbox_agent (password, is_superuser, username, first_name, last_name, email, is_staff, is_active,
    date_joined, role, time_zone)
SELECT '', false, 'agent' || n, 'Agent', n::text, '', false, true, now(), CASE n WHEN 1 THEN 'lead' ELSE 'agent' END, ''
FROM generate_series(1, 12) n;
INSERT INTO inbox_tag (name) SELECT 'tag ' || n FROM generate_series(1, 10) n;
INSERT INTO inbox_channel (name, kind, address, is_active, shows_typing, created_at)
SELECT 'Shop ' || n, 'whatsapp', 'whatsapp:+44770090020' || n, true, false, now() FROM generate_series(1, 2) n;

-- "bodake", "lo", …: pronounceable, so that prefixes of three letters hit many words
CREATE TEMP TABLE word AS
SELECT n, (SELECT string_agg(substr('bcdfghklmnprstvz', 1 + (hashint4(n * 31 + s) & 15), 1)
        || substr('aeiou', 1 + abs(hashint4(n * 17 + s) % 5), 1), '' ORDER BY s)
    FROM generate_series(1, 2 + n % 3) s) AS text
FROM generate_series(1, 5000) n;
CREATE TEMP TABLE phrase AS
SELECT p AS n, string_agg(word.text, ' ') AS text
FROM (SELECT p, 1 + (power(random(), 4) * 4999)::int AS n
    FROM generate_series(0, 19999) p, generate_series(1, 4)) picked JOIN word USING (n)
GROUP BY p;
ANALYZE phrase;

-- Contacts with a number and a user ID each
INSERT INTO inbox_contact (name, profile_name, language, attributes, created_at)
SELECT initcap(first.text) || ' ' || initcap(last.text), 'Customer ' || c, '', '{}', now() - interval '1 year'
FROM generate_series(1, :conversations) c
JOIN word first ON first.n = 1 + c * 7 % 1000 JOIN word last ON last.n = 1 + c % 5000
ORDER BY c;
INSERT INTO inbox_address (contact_id, kind, value, created_at)
SELECT id, 'phone', 'whatsapp:+4478' || lpad((id * 7919 % 100000000)::text, 8, '0'), now() FROM inbox_contact;
INSERT INTO inbox_address (contact_id, kind, value, created_at)
SELECT id, 'user_id', 'whatsapp:GB.' || (1000000000000000 + id), now() FROM inbox_contact;

-- One conversation each: 10 % open, 3 % pending, 2 % snoozed
INSERT INTO inbox_conversation (contact_id, channel_id, address_id, status, assignee_id, unread_count, created_at,
    last_message_at, last_message_preview, last_message_direction, last_message_kind, last_message_status,
    window_closes_at, waiting_since)
SELECT c.id, channels.ids[1 + c.id % 3], a.id,
    CASE WHEN c.id % 100 < 10 THEN 'open' WHEN c.id % 100 < 13 THEN 'pending'
        WHEN c.id % 100 < 15 THEN 'snoozed' ELSE 'resolved' END,
    CASE WHEN c.id % 3 = 0 THEN NULL ELSE agents.ids[1 + c.id % 12] END,
    CASE WHEN c.id % 4 = 0 THEN c.id % 5 ELSE 0 END, now() - interval '1 year', now(), '', 'inbound', 'text', 'received',
    CASE WHEN c.id % 100 < 15 THEN now() + (c.id * 997 % 2879 - 1440) * interval '1 minute' END, NULL
FROM inbox_contact c JOIN inbox_address a ON a.contact_id = c.id AND a.kind = 'phone',
    (SELECT array_agg(id) AS ids FROM inbox_channel) channels, (SELECT array_agg(id) AS ids FROM inbox_agent) agents
ORDER BY c.id;
INSERT INTO inbox_window (address_id, channel_id, last_inbound_at, closes_at)
SELECT address_id, channel_id, window_closes_at - interval '24 hours', window_closes_at FROM inbox_conversation;
INSERT INTO inbox_conversation_tags (conversation_id, tag_id)
SELECT c.id, t.id FROM inbox_conversation c JOIN inbox_tag t ON (c.id + t.id) % 20 = 0;

-- Messages, and what comes with them
INSERT INTO inbox_message (conversation_id, direction, kind, body, payload, status, error, sid, reply_to_sid,
    recovered, created_at, price_unit)
SELECT first.id + CASE WHEN m % 4 = 0 THEN m / 4 % (1 + :conversations / 50) ELSE (m - m / 4) * 7919::bigint % :conversations END,
    CASE WHEN m * 7 % 10 < 5 THEN 'inbound' ELSE 'outbound' END,
    'text', a.text || ' ' || b.text || ' ' || c.text
        || CASE WHEN m % 1000 = 0 THEN ' AB-' || m ELSE '' END,
    '{}', CASE WHEN m * 7 % 10 < 5 THEN 'received' ELSE 'read' END, '', 'SM' || md5(m::text), '', false,
    now() - (:messages - m) * interval '30 seconds', ''
FROM generate_series(1, :messages) m
JOIN phrase a ON a.n = m * 7::bigint % 20000 JOIN phrase b ON b.n = m * 13::bigint % 19997
JOIN phrase c ON c.n = m * 17::bigint % 19993, (SELECT min(id) AS id FROM inbox_conversation) first
ORDER BY m;
UPDATE inbox_conversation c SET last_message_id = m.id, last_message_at = m.created_at,
    last_message_preview = left(m.body, 160), last_message_direction = m.direction, last_message_status = m.status
FROM (SELECT DISTINCT ON (conversation_id) * FROM inbox_message ORDER BY conversation_id, id DESC) m
WHERE m.conversation_id = c.id;
INSERT INTO inbox_attachment (key, message_id, conversation_id, position, state, source_url, declared_type,
    content_type, filename, sha256, file, thumbnail, tries, error, size, created_at)
SELECT md5(id::text)::uuid, id, conversation_id, 0, 'stored', '', 'image/jpeg', 'image/jpeg', 'photo.jpg', '', '', '', 0,
    '', 1000, created_at
FROM inbox_message WHERE id % 20 = 0;
INSERT INTO inbox_event (verb, conversation_id, message_id, channel_id, data, created_at)
SELECT 'message.received', conversation_id, m.id, c.channel_id, '{}', m.created_at
FROM inbox_message m JOIN inbox_conversation c ON c.id = conversation_id WHERE m.direction = 'inbound' ORDER BY m.id;
