"""What our own rules know against a rejection: the rule that was broken, and the text with their changes."""

from __future__ import annotations

from templates_mgmt import policy, rejections, shaping
from templates_mgmt.models import Template
from templates_mgmt.reading import written_of
from templates_mgmt.written import Written


def advice(template: Template) -> rejections.Advice:
    return rejections.advise(template.rejection_reason, _broken(template))


def changes(template: Template) -> tuple[str, ...]:
    """What to change, for whoever writes its new version."""
    return rejections.changes(template.rejection_reason, _broken(template))


def _broken(template: Template) -> set[str]:
    return {finding.rule for finding in policy.check(template.draft)}


def broken_rule(template: Template) -> policy.Finding | None:
    """The finding of our own rules that WhatsApp's reason speaks of, else the first that would explain it."""
    rule = rejections.advise(template.rejection_reason).edit
    findings = policy.check(template.draft)
    named = next((f for f in findings if f.rule == rule), None)
    return named or next((f for f in findings if f.is_error), None)


def mended(template: Template) -> Written:
    """Its text with every change that our rules know for what stands in its way."""
    written = written_of(template)
    for finding in policy.check(template.draft):
        if finding.is_error and finding.edit:
            written = shaping.mended(written, finding.rule, finding.field)
    return written
