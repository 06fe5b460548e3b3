"""How far our calls to Twilio have come, each step committed before the next.

    queued → calling → (Content SID) → (asked for approval) → done

A call without an answer makes it unknown: found out from Twilio's list, never repeated blindly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import F

from inbox import clock

if TYPE_CHECKING:
    from templates_mgmt.models.template import Template


class Submitting:
    """The part of a template that is submitted."""

    def claim(self: Template) -> bool:
        """Take it for its calls; False when it is not queued any more. Commit before calling."""
        return self._step({"submission": "calling", "called_at": clock.now()}, "queued")

    @transaction.atomic
    def take_sid(self: Template, sid: str) -> bool:
        """Twilio has it, under this Content SID."""
        # What a sync brought in before we knew that it is ours.
        type(self).objects.filter(content_sid=sid).exclude(pk=self.pk).delete()
        if not self._step({"content_sid": sid, "tries": 0}, "calling", "unknown"):
            return False
        self._record("template.accepted", sid=sid)
        return True

    def conclude(self: Template) -> bool:
        return self._step({"submission": "done", "submission_error": "", "tries": 0}, "calling", "unknown")

    @transaction.atomic
    def refuse(self: Template, sentence: str) -> bool:
        """Twilio said no, or certainly knows nothing of it. It may be submitted again."""
        if not self._step({"submission": "failed", "submission_error": sentence[:300]}, "calling", "unknown"):
            return False
        self._record("template.failed", error=sentence)
        return True

    def put_off(self: Template) -> bool:
        """Nothing was created, for certain, or the next step may begin: it waits for another call."""
        return self._step({"submission": "queued", "tries": F("tries") + 1}, "calling", "unknown")

    @transaction.atomic
    def lose(self: Template) -> bool:
        """Nobody knows what came of the call."""
        if not self._step({"submission": "unknown", "tries": 0}, "calling"):
            return False
        self._record("template.unknown")
        return True

    def look_in_vain(self: Template) -> None:
        self._step({"tries": F("tries") + 1}, "unknown")

    def _step(self: Template, changes: dict[str, object], *from_: str) -> bool:
        """One guarded UPDATE: a late answer, a sweep and an event cannot all be first."""
        done = type(self).objects.filter(pk=self.pk, submission__in=from_).update(**changes)
        self.refresh_from_db()
        return bool(done)
