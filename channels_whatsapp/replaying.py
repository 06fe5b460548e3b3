"""What is done with a receipt: settled once, tried again when we were at fault, assigned, replayed."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import InterfaceError, OperationalError, models
from django.db.models import F

from channels_whatsapp.repeating import repeated

if TYPE_CHECKING:
    from channels_whatsapp.models import Receipt
    from inbox.models import Channel

TRIES = 10

logger = logging.getLogger(__name__)


class Replaying:
    """The part of a receipt that acts."""

    def settle(self: Receipt, *, at: datetime | None = None, channel_id: int | None = None) -> None:
        """Do what it asks for, in the caller's transaction, and write down what became of it."""
        from channels_whatsapp import callbacks, events, inbound

        if self.kind == self.Kind.INBOUND:
            verdict = inbound.settle(self, at=at, channel_id=channel_id)
        elif self.kind == self.Kind.STATUS:
            verdict = callbacks.settle(self, at=at)
        else:
            verdict = events.settle(self)
        self._note(verdict.outcome, verdict.detail)

    def process(self: Receipt, *, channel_id: int | None = None) -> str:
        """Settle it at the time that it came. Returns the outcome; a fault of ours is one too.

        :raises OperationalError: the database is away; nothing is written down then.
        """
        try:
            repeated(lambda: self.settle(at=self.received_at, channel_id=channel_id))
        except (OperationalError, InterfaceError):
            raise
        except Exception as fault:
            # Whatever it is, the webhook is kept and nothing behind it waits.
            logger.exception("receipt %s could not be processed", self.pk)
            self._note(self.Outcome.FAILED, f"{type(fault).__name__} in our own code; the log says more.")
            type(self).objects.filter(pk=self.pk).update(tries=F("tries") + 1)
            self.tries += 1
        return self.outcome

    def replay(self: Receipt) -> str:
        """Again, from the start, as an admin asks; what was applied already changes nothing."""
        return self.process()

    def assign_to(self: Receipt, channel: Channel) -> str:
        """Take a message whose receiver nobody knew for this channel."""
        return self.process(channel_id=channel.pk)

    def _note(self: Receipt, outcome: str, detail: str) -> None:
        if (outcome, detail) != (self.outcome, self.detail):
            self.outcome, self.detail = outcome, detail[:300]
            rows: models.QuerySet[Receipt] = type(self).objects.filter(pk=self.pk)
            rows.update(outcome=outcome, detail=self.detail)
