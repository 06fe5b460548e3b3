"""When a sender may send its next message: the rate, kept in the database for all workers together."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import Manager, Q

from inbox import clock

# GREATEST minds no NULLs.
_TAKE_TURN = """
UPDATE channels_whatsapp_sender
SET next_send_at = GREATEST(next_send_at, clock_timestamp()) + make_interval(secs => %(interval)s)
WHERE id = %(pk)s
  AND GREATEST(next_send_at, '-infinity') <= clock_timestamp() + make_interval(secs => %(patience)s)
  AND GREATEST(paused_until, '-infinity') <= clock_timestamp()
RETURNING EXTRACT(EPOCH FROM next_send_at - clock_timestamp())::float - %(interval)s
"""
_NEXT_TURN = """
SELECT EXTRACT(EPOCH FROM GREATEST(next_send_at, paused_until, clock_timestamp()) - clock_timestamp())::float
FROM channels_whatsapp_sender WHERE id = %(pk)s
"""


class Turns:
    """Mixed into `Sender`."""

    if TYPE_CHECKING:
        pk: int
        is_sandbox: bool
        objects: Manager

    @property
    def interval(self) -> float:
        """Seconds between two messages: 80 a second, in the sandbox one in three seconds."""
        return 3.0 if self.is_sandbox else 1 / 80

    def take_turn(self, *, patience: float) -> tuple[bool, float]:
        """Ask for the next free moment to send, kept in the database for all workers together.

        :param patience: seconds that the caller would wait.
        :returns: True and the seconds to wait, or False and when to ask again: nothing was taken.
        """
        with connection.cursor() as cursor:
            cursor.execute(_TAKE_TURN, {"pk": self.pk, "interval": self.interval, "patience": patience})
            if row := cursor.fetchone():
                return True, max(0.0, row[0])
            cursor.execute(_NEXT_TURN, {"pk": self.pk})
            return False, max(0.0, cursor.fetchone()[0])

    def pause(self, seconds: float) -> None:
        """Twilio asked for fewer calls: nothing leaves for so long."""
        until = clock.now() + timedelta(seconds=seconds)
        longer = Q(paused_until__isnull=True) | Q(paused_until__lt=until)
        type(self).objects.filter(longer, pk=self.pk).update(paused_until=until)
