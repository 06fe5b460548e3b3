"""Tells open inboxes that something changed. The stream carries names, not HTML."""

from __future__ import annotations

import json

from django.db import connection

CHANNEL = "fanlight"


def announce(kind: str, pk: int, *, conversation: int | None = None, channel: int | None = None) -> None:
    """Notify on commit of the current transaction."""
    payload = json.dumps({"kind": kind, "id": pk, "conversation": conversation, "channel": channel})
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
