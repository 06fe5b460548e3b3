"""Statements of the hot path: planned once a connection, not on every call."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor


def row(sql: str, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
    """The first row. The statement says the type of every parameter (``%(sid)s::text``)."""
    with connection.cursor() as cursor:
        # Behind a pooling proxy the next call may be on another connection, which knows no plan of ours.
        if not settings.DATABASE_DIRECT_URL:
            connection.connection.prepare_threshold = 0
            cursor.cursor = ServerBindingCursor(connection.connection)
        cursor.execute(sql, parameters)
        return cursor.fetchone()
