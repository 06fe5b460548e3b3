"""What is wrong with a template, in a sentence and with the next step, for the list and its own page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from templates_mgmt import policy, rejections, shaping, states
from templates_mgmt.models import Template
from templates_mgmt.written import Written, written_of

LONGEST = 160  # characters of WhatsApp's own words in the list
# So long a category that Meta changed is news.
RECENTLY = timedelta(days=7)


@dataclass(frozen=True)
class Note:
    """`action` is what the link that leads to the way out says."""

    sentence: str
    action: str
    tone: str = ""


def note_on(template: Template, now: datetime) -> Note | None:
    """One line, or None when nothing is wrong with it."""
    say = _NOTES.get(states.state_of(template).word)
    if not say and template.recategorised_at and now - template.recategorised_at < RECENTLY:
        say = _recategorised
    return say(template, now) if say else None


def until(moment: datetime, now: datetime) -> str:
    """Such as "14:30", "Friday 14:30", "5 June 14:30"."""
    moment, now = timezone.localtime(moment), timezone.localtime(now)
    days = (moment.date() - now.date()).days
    return date_format(moment, "H:i" if days == 0 else "l H:i" if 0 < days < 7 else "j F H:i")


def broken_rule(template: Template) -> policy.Finding | None:
    """The finding of our own rules that WhatsApp's reason speaks of, else the first that would explain it."""
    rule = rejections.advise(template.rejection_reason).edit
    findings = policy.check(template.draft)
    named = next((f for f in findings if f.rule == rule), None)
    return named or next((f for f in findings if f.is_error), None)


def remedies(template: Template) -> Written:
    """Its text with every change that our rules know for what stands in its way."""
    written = written_of(
        template.name, template.language, template.category, template.content, template.fields
    )
    for finding in policy.check(template.draft):
        if finding.is_error and finding.edit:
            written = shaping.mended(written, finding.rule, finding.field)
    return written


def _recategorised(template: Template, now: datetime) -> Note:
    names = dict(Template.Category.choices)
    before, after = (str(names.get(c, c)) for c in (template.previous_category, template.category))
    sentence = _("Meta moved it from %(before)s to %(after)s.") % {"before": before, "after": after}
    return Note(sentence, _("See what it costs now"), "warn")


def _rejected(template: Template, now: datetime) -> Note:
    finding, reason = broken_rule(template), template.rejection_reason
    words = finding.sentence if finding else reason[:LONGEST] + ("…" if len(reason) > LONGEST else "")
    return Note(words or _("WhatsApp gave no reason."), _("Fix it"))


def _paused(template: Template, now: datetime) -> Note:
    if template.paused_until:
        words = {"time": until(template.paused_until, now)}
        sentence = _("Paused by WhatsApp until %(time)s: many people blocked or reported it.") % words
    else:
        sentence = _("Paused by WhatsApp: many people blocked or reported it.")
    return Note(sentence, _("What to send instead"), "warn")


def _disabled(template: Template, now: datetime) -> Note:
    return Note(_("Disabled by WhatsApp for good after it was paused."), _("What to send instead"))


def _failed(template: Template, now: datetime) -> Note:
    return Note(template.submission_error or _("Twilio did not take it."), _("Fix it"))


def _unknown(template: Template, now: datetime) -> Note:
    return Note(_("Twilio gave no answer. It is being found out; nothing is sent twice."), _("See"), "warn")


_NOTES = {
    "rejected": _rejected, "paused": _paused, "disabled": _disabled, "failed": _failed, "unknown": _unknown,
}  # fmt: skip
