"""What people should know about a template, in words: what it costs now, what to send instead."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.template.defaultfilters import date as written
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from inbox import clock
from templates_mgmt import usage
from templates_mgmt.models import Template

NEAR = 20  # of those that could be sent instead, how many are looked at


@dataclass(frozen=True)
class Notice:
    """`level` is info, warn or danger; `next_step` may be empty."""

    level: str
    sentence: str
    next_step: str = ""


def about(template: Template, used: usage.Usage | None = None) -> list[Notice]:
    """The most serious first.

    :param used: of its Content SID, where the caller has it; else it is asked for when it is needed.
    """
    notices = (_submission(template), _gone(template), _withdrawn(template), _category(template, used))
    return [notice for notice in notices if notice]


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


def _submission(template: Template) -> Notice | None:
    if template.submission == Template.Submission.FAILED:
        fix = _("Change it and submit it again.")
        if template.content_sid:
            fix = _("Submit it again, or make a new version and change that.")
        return Notice("danger", template.submission_error, fix)
    if template.submission == Template.Submission.UNKNOWN:
        sentence = _("Twilio gave no answer, so it is being looked for in Twilio's list.")
        return Notice("warn", sentence, _("Nothing needs to be done; it is not submitted twice."))
    return None


def _gone(template: Template) -> Notice | None:
    if not template.is_gone:
        return None
    return Notice("danger", _("Twilio does not have this template any more."), _instead(template))


def _withdrawn(template: Template) -> Notice | None:
    if template.status == Template.PAUSED:
        return Notice("warn", _paused(template), _instead(template))
    if template.status == Template.DISABLED:
        sentence = _("WhatsApp disabled this template after customers blocked or reported it.")
        return Notice("danger", sentence, _instead(template))
    return None


def _paused(template: Template) -> str:
    until = template.paused_until
    if until is None or until < clock.now():
        return _("WhatsApp paused this template; it should return soon.")
    local = timezone.localtime(until)
    moment = written(local, "H:i" if local.date() == timezone.localdate() else "j F, H:i")
    return _("WhatsApp paused this template until %(moment)s.") % {"moment": moment}


def _instead(template: Template) -> str:
    near = list(instead_of(template)[:NEAR])
    if not near:
        return _("No other approved template in this language has its category. Make a new version.")
    sent = usage.of(other.content_sid for other in near)
    best = max(near, key=lambda other: _weight(template, other, sent))
    return _("Send %(name)s instead.") % {"name": best.name}


def _weight(template: Template, other: Template, sent: dict[str, usage.Usage]) -> tuple[bool, int, int]:
    """Its own family, then what people use, then the newest."""
    used = sent.get(other.content_sid or "", usage.Usage())
    return other.family_id == template.family_id, used.sent, other.pk


def _category(template: Template, used: usage.Usage | None) -> Notice | None:
    if template.recategorised_at is None:
        return None
    if used is None:
        used = usage.of([template.content_sid]).get(template.content_sid or "", usage.Usage())
    words = {"now": label(template.category), "before": label(template.previous_category)}
    sentence = _("WhatsApp changed the category: this now bills as %(now)s, no longer as %(before)s.") % words
    count = ngettext(
        "Used %(count)d time in 30 days.", "Used %(count)d times in 30 days.", used.sent
    ) % {"count": used.sent}  # fmt: skip
    return Notice("warn", sentence, count)


def label(category: str) -> str:
    """“marketing”; a category that is not known here as it came."""
    known = category in Template.Category.values
    return str(Template.Category(category).label).lower() if known else category.lower()
