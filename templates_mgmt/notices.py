"""What is the matter with a template, in a sentence and with the next step, for the list and its own page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox import clock, moments
from templates_mgmt import remedies, states, usage
from templates_mgmt.models import Template

NEAR = 20  # of those that could be sent instead, how many are looked at
LONGEST = 160  # characters of WhatsApp's own words in the list
# So long a category that Meta changed is news.
RECENTLY = timedelta(days=7)


@dataclass(frozen=True)
class Notice:
    """`level` is warn or danger; `action` is what a link to the way out says."""

    level: str
    sentence: str
    action: str
    next_step: str = ""
    instead: Template | None = None


def in_short(template: Template, now: datetime) -> Notice | None:
    """For the list: the most serious one, without a next step. Asks the database nothing."""
    if states.state_of(template).word == "rejected":
        return _rejected(template)
    if found := _found(template):
        return found[0]
    return _recategorised(template) if is_moved_lately(template, now) else None


def is_moved_lately(template: Template, now: datetime) -> bool:
    """Meta changed its category, and not everybody knows yet."""
    return template.recategorised_at is not None and now - template.recategorised_at < RECENTLY


def about(template: Template, used: usage.Usage | None = None) -> list[Notice]:
    """For its page: the most serious first, with what to do. What was rejected has a place of its own.

    :param used: of its Content SID, where the caller has it; else it is asked for when it is needed.
    """
    notices = [_with_step(notice, template) for notice in _found(template)]
    if template.recategorised_at:
        notices.append(_with_count(_recategorised(template), template, used))
    return notices


def _found(template: Template) -> list[Notice]:
    says = (_submission, _gone, _withdrawn)
    return [notice for say in says if (notice := say(template))]


# What there is


def _rejected(template: Template) -> Notice:
    finding, reason = remedies.broken_rule(template), template.rejection_reason
    words = finding.sentence if finding else reason[:LONGEST] + ("…" if len(reason) > LONGEST else "")
    return Notice("danger", words or _("WhatsApp gave no reason."), _("Fix it"))


def _submission(template: Template) -> Notice | None:
    if template.submission == Template.Submission.FAILED:
        words = template.submission_error or _("Twilio did not take it.")
        return Notice("danger", words, _("Fix it"))
    if template.submission == Template.Submission.UNKNOWN:
        sentence = _("Twilio gave no answer, so it is being looked for in Twilio's list.")
        return Notice("warn", sentence, _("See"))
    return None


def _gone(template: Template) -> Notice | None:
    if not template.is_gone:
        return None
    return Notice("danger", _("Twilio does not have this template any more."), _("What to send instead"))


def _withdrawn(template: Template) -> Notice | None:
    if template.status == Template.PAUSED:
        return Notice("warn", _paused(template), _("What to send instead"))
    if template.status == Template.DISABLED:
        sentence = _("WhatsApp disabled this template for good: many people blocked or reported it.")
        return Notice("danger", sentence, _("What to send instead"))
    return None


def _paused(template: Template) -> str:
    until, now = template.paused_until, clock.now()
    if until is None:
        return _("WhatsApp paused this template: many people blocked or reported it.")
    if until < now:
        return _("WhatsApp paused this template; it should return soon.")
    words = {"moment": moments.day_and_time(until, now)}
    return _("WhatsApp paused this template until %(moment)s: many people blocked or reported it.") % words


def _recategorised(template: Template) -> Notice:
    words = {"now": label(template.category), "before": label(template.previous_category)}
    sentence = _("WhatsApp changed the category: this now bills as %(now)s, no longer as %(before)s.") % words
    return Notice("warn", sentence, _("See what it costs now"))


def label(category: str) -> str:
    """“marketing”; a category that is not known here as it came."""
    known = category in Template.Category.values
    return str(Template.Category(category).label).lower() if known else category.lower()


# What to do


def _with_step(notice: Notice, template: Template) -> Notice:
    step = _STEPS.get(states.state_of(template).word)
    return step(notice, template) if step else _with_other(notice, template)


def _mend(notice: Notice, template: Template) -> Notice:
    if template.content_sid:
        return replace(notice, next_step=_("Submit it again, or make a new version and change that."))
    return replace(notice, next_step=_("Change it and submit it again."))


def _wait(notice: Notice, template: Template) -> Notice:
    return replace(notice, next_step=_("Nothing needs to be done; it is not submitted twice."))


def _with_other(notice: Notice, template: Template) -> Notice:
    near = list(instead_of(template)[:NEAR])
    if not near:
        step = _("No other approved template in this language has its category. Make a new version.")
        return replace(notice, next_step=step)
    sent = usage.of(other.content_sid for other in near)
    best = max(near, key=lambda other: _weight(template, other, sent))
    return replace(notice, next_step=_("Send %(name)s instead.") % {"name": best.name}, instead=best)


_STEPS: dict[str, Callable[[Notice, Template], Notice]] = {"failed": _mend, "unknown": _wait}


def instead_of(template: Template) -> QuerySet[Template]:
    """Approved ones of its language to send in its place: of its own family first, then of its category."""
    near = Case(When(family=template.family_id, then=Value(0)), default=Value(1), output_field=IntegerField())
    rows = Template.objects.filter(
        family__account=template.family.account_id,
        language=template.language,
        status=Template.APPROVED,
        archived_at=None,
        gone_at=None,
    ).exclude(pk=template.pk)
    same = rows.filter(family=template.family_id) | rows.filter(category=template.category)
    return same.select_related("family").order_by(near, "-pk")


def _weight(template: Template, other: Template, sent: dict[str, usage.Usage]) -> tuple[bool, int, int]:
    """Its own family, then what people use, then the newest."""
    used = sent.get(other.content_sid or "", usage.Usage())
    return other.family_id == template.family_id, used.sent, other.pk


def _with_count(notice: Notice, template: Template, used: usage.Usage | None) -> Notice:
    if used is None:
        used = usage.of([template.content_sid]).get(template.content_sid or "", usage.Usage())
    count = ngettext("Used %(count)d time in 30 days.", "Used %(count)d times in 30 days.", used.sent)
    return replace(notice, next_step=count % {"count": used.sent})
