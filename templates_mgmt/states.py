"""Where a template stands, in one word for people: Twilio's status and our own calls together. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NEEDS, REVIEW, APPROVED, SESSION, DRAFT, OTHER = "needs", "review", "approved", "session", "draft", "other"
GROUPS: dict[str, Promise] = {
    NEEDS: _("Needs you"),
    REVIEW: _("In review"),
    APPROVED: _("Approved"),
    SESSION: _("Open conversations"),
    DRAFT: _("Draft"),
    OTHER: _("Other"),
}


class Standing(Protocol):
    """The columns that are asked."""

    status: str
    submission: str
    content_sid: str | None
    wants_approval: bool
    gone_at: datetime | None


@dataclass(frozen=True)
class State:
    """`tone` colours badge and dot; `chip` is the filter that finds it, or ''."""

    word: str
    label: str | Promise
    group: str
    icon: str
    tone: str = ""
    chip: str = ""

    @property
    def dot(self) -> str:
        if self.group == DRAFT:
            return "dot--hollow"
        return f"dot--{self.tone}" if self.tone in ("good", "warn", "bad") else ""


# What a family shows when its languages differ: the first of these that one of them has.
STATES = (
    State("rejected", _("Rejected"), NEEDS, "x", "bad", "rejected"),
    State("failed", _("Not accepted"), NEEDS, "circle-alert", "bad", "rejected"),
    State("disabled", _("Disabled"), NEEDS, "ban", "bad", "paused"),
    State("gone", _("Gone from Twilio"), NEEDS, "cloud-off", "bad", "paused"),
    State("paused", _("Paused"), NEEDS, "pause", "warn", "paused"),
    State("unknown", _("Not confirmed"), NEEDS, "circle-question-mark", "warn", "review"),
    State("review", _("In review"), REVIEW, "hourglass", "info", "review"),
    State("submitting", _("Being submitted"), REVIEW, "hourglass", "info", "review"),
    State("approved", _("Approved"), APPROVED, "check", "good", "approved"),
    State("session", _("Open conversations"), SESSION, "message-circle", "info", "session"),
    State("unsubmitted", _("Not submitted"), DRAFT, "cloud", "", "draft"),
    State("draft", _("Draft"), DRAFT, "pencil", "", "draft"),
)
BY_WORD = {state.word: state for state in STATES}
_BY_STATUS = {
    "received": "review", "pending": "review", "approved": "approved", "rejected": "rejected",
    "paused": "paused", "disabled": "disabled",
}  # fmt: skip
_BY_SUBMISSION = {
    "failed": "failed", "unknown": "unknown", "queued": "submitting", "calling": "submitting",
}  # fmt: skip


def state_of(template: Standing) -> State:
    """A status that is not known here is shown as Twilio wrote it."""
    if template.gone_at:
        return BY_WORD["gone"]
    if word := _BY_STATUS.get(template.status):
        return BY_WORD[word]
    if template.status and template.status != "unsubmitted":
        return State(template.status, template.status, OTHER, "circle-question-mark")
    if word := _BY_SUBMISSION.get(template.submission):
        return BY_WORD[word]
    if template.content_sid is None:
        return BY_WORD["draft"]
    return BY_WORD["unsubmitted" if template.wants_approval else "session"]


def rank(state: State) -> int:
    """What needs somebody first; those that are not known here, last."""
    return STATES.index(state) if state.word in BY_WORD else len(STATES)


def worst(states: list[State]) -> State:
    return min(states, key=rank)
