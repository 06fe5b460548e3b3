from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError, transaction
from psycopg.errors import DeadlockDetected

from inbox.people import Moved

T = TypeVar("T")
TIMES = 4


def repeated(act: Callable[[], T]) -> T:
    """Run it in a transaction (or savepoint), and again when somebody else was faster."""
    for _ in range(TIMES - 1):
        try:
            with transaction.atomic():
                return act()
        except (IntegrityError, Moved):
            continue
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    with transaction.atomic():
        return act()
