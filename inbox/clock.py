"""The database's clock: the one clock that windows, orders and sweeps are judged by."""

from __future__ import annotations

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """The current time of the database, also inside a transaction that started earlier."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]
