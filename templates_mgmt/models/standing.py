"""What Twilio and WhatsApp say about a template: written down once, and never undone by older news."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q

from inbox.models import Event

if TYPE_CHECKING:
    from templates_mgmt.models.template import Template

# Second-hand (Meta): the third time it is disabled.
PAUSES = (timedelta(hours=3), timedelta(hours=6))
EVENTS = {name: f"template.{name}" for name in ("approved", "rejected", "paused", "disabled")}
DECIDED = ("approved", "rejected")


class Standing:
    """The part of a template that Twilio's word changes.

    `at` is the time at which something was so: of the event, or for what was asked the moment before asking.
    Events (`heard`) prove their time also when they say what is known already. Polls do not, since
    clocks differ by seconds and the event that follows must not look older.
    """

    @transaction.atomic
    def note_status(
        self: Template, status: str, *, at: datetime, reason: str = "", heard: bool = False
    ) -> bool:
        """WhatsApp's status as it is. Says whether it is another one than before."""
        status = status.strip().lower()[:40]
        locked = self._locked()
        is_old = locked.status_at is not None and at < locked.status_at
        # A list can lag behind what was submitted.
        if not status or is_old or (status == self.UNSUBMITTED and locked.status != status):
            return False
        changes: dict[str, Any] = {}
        if status != locked.status:
            changes = self._changes_to(status, locked, at)
        elif heard:
            changes = {"status_at": at}
        if reason and status == self.REJECTED:
            changes["rejection_reason"] = reason
        self._change(changes)
        if status == locked.status:
            return False
        verb = EVENTS.get(status, "template.status")
        self._record(verb, status=status, before=locked.status, reason=self.rejection_reason)
        return True

    def _changes_to(self: Template, status: str, locked: Template, at: datetime) -> dict[str, Any]:
        changes: dict[str, Any] = {"status": status, "status_at": at, "paused_until": None}
        if status == self.PAUSED:
            length = PAUSES[min(locked.pauses, len(PAUSES) - 1)]
            changes |= {"pauses": locked.pauses + 1, "paused_until": at + length}
        if status != self.REJECTED:
            changes["rejection_reason"] = ""
        if status in DECIDED:
            changes["decided_at"] = at
        if locked.submission in (self.Submission.UNKNOWN, self.Submission.FAILED):
            changes |= {"submission": self.Submission.DONE, "submission_error": ""}
        return changes

    @transaction.atomic
    def note_category(self: Template, category: str, *, at: datetime, heard: bool = False) -> bool:
        """The category that WhatsApp bills. Says whether Meta changed it."""
        category = category.strip().upper()[:24]
        locked = self._locked()
        if not category or (locked.category_at is not None and at < locked.category_at):
            return False
        if category == locked.category:
            self._change({"category_at": at} if heard else {})
            return False
        changes: dict[str, Any] = {"category": category, "category_at": at}
        is_changed = bool(locked.category) and locked.status != self.UNSUBMITTED
        if is_changed:
            changes |= {"previous_category": locked.category, "recategorised_at": at}
        self._change(changes)
        if is_changed:
            self._record("template.recategorised", before=locked.category, category=category)
        return is_changed

    @transaction.atomic
    def note_quality(self: Template, quality: str) -> bool:
        quality = quality.strip()[:40]
        if not quality or quality == self._locked().quality:
            return False
        self._change({"quality": quality})
        self._record("template.status", quality=quality)
        return True

    @transaction.atomic
    def note_gone(self: Template, *, at: datetime) -> bool:
        """Twilio does not have it any more."""
        unmarked = Q(gone_at=None) & (Q(synced_at=None) | Q(synced_at__lte=at))
        if not type(self).objects.filter(unmarked, pk=self.pk).update(gone_at=at):
            return False
        self.gone_at = at
        self._record("template.gone")
        return True

    def _locked(self: Template) -> Template:
        return type(self).objects.select_for_update().get(pk=self.pk)

    def _change(self: Template, changes: dict[str, Any]) -> None:
        if changes:
            type(self).objects.filter(pk=self.pk).update(**changes)
        self.refresh_from_db()

    def _record(self: Template, verb: str, **data: Any) -> None:
        Event.record(
            verb, template=self.pk, name=self.name, language=self.language,
            **{name: value for name, value in data.items() if value},
        )  # fmt: skip
