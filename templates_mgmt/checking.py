"""The editor's checks: "Before you submit", and the errors beside the fields. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _later

from templates_mgmt import content as kinds
from templates_mgmt import policy
from templates_mgmt.policy import Draft, Finding

# What is only not written yet is no error beside its field before somebody wants to submit it.
UNWRITTEN = frozenset({
    "body_missing", "sample", "button_count", "button_titles", "button_addresses", "button_phones",
    "list_blanks", "list_twins", "carousel_cards", "carousel_alike", "authentication_code", "media",
    "category", "button_codes", "place",
})  # fmt: skip
# What stands before the next step for one of several.
PLACES = {"buttons": _later("Button %(n)s:"), "items": _later("Line %(n)s:"), "cards": _later("Card %(n)s:")}


@dataclass(frozen=True)
class Line:
    """`act` is the editor's act that mends it, `label` what its button says."""

    text: str
    act: str = ""
    label: str = ""


@dataclass(frozen=True)
class Check:
    title: str | Promise
    lines: tuple[Line, ...] = ()
    tone: str = "ok"

    @property
    def icon(self) -> str:
        return {"ok": "check", "bad": "x", "warn": "triangle-alert"}[self.tone]


@dataclass(frozen=True)
class Slot:
    """The place beside a field for what is wrong with it."""

    field: str
    findings: tuple[Finding, ...] = ()

    @property
    def id(self) -> str:
        return self.field.replace(".", "-")

    @property
    def is_bad(self) -> bool:
        return any(finding.is_error for finding in self.findings)


def checks(
    draft: Draft, findings: list[Finding], drafts: Iterable[str] = (), *, for_approval: bool = True
) -> list[Check]:
    """Each title once, with a line for each place.

    :param drafts: names of the family's other languages that will not go with this one.
    """
    told: set[Finding] = set()
    found = []
    for title, rules in policy.CHECKS:
        broken = [finding for finding in findings if finding.rule in rules]
        told.update(broken)
        if broken:
            lines = (_line(finding, f"{finding.sentence} {finding.fix}") for finding in broken)
            found.append(_check(title, broken, lines))
        elif for_approval and is_asked(rules, draft):
            found.append(Check(title))
    others: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding not in told:
            others.setdefault(finding.sentence, []).append(finding)
    found += [_check(title, same, (_line(f, f.fix) for f in same)) for title, same in others.items()]
    alone = (Line(_("It will not be submitted with this one.")),)
    waiting = (_("%(language)s is still a draft") % {"language": f"\u2068{each}\u2069"} for each in drafts)
    return [*found, *(Check(title, alone, "warn") for title in waiting)]


def is_asked(rules: frozenset[str], draft: Draft) -> bool:
    """Whether they say anything about this one, so that passing them is worth reading."""
    if draft.content.kind == kinds.AUTHENTICATION:
        return False  # in WhatsApp's own words
    return draft.category == policy.UTILITY if "promotion" in rules else bool(draft.content.names)


def _check(title: str | Promise, broken: list[Finding], lines: Iterable[Line]) -> Check:
    return Check(
        title, tuple(dict.fromkeys(lines)), "bad" if any(finding.is_error for finding in broken) else "warn"
    )


def _line(finding: Finding, text: str) -> Line:
    noun, _dot, number = finding.field.partition(".")
    place = f"{PLACES[noun] % {'n': number}} " if noun in PLACES else ""
    act = act_of(finding)
    return Line(place + text, act, label_of(finding) if act else "")


def act_of(finding: Finding) -> str:
    return f"fix:{finding.rule}:{finding.field}" if finding.edit else ""


def label_of(finding: Finding) -> str:
    """What the button that mends it says; '' where there is none."""
    if not finding.edit:
        return ""
    edit = finding.edit
    labels = {
        "starts_with_variable": _("Put “%(word)s” before it") % {"word": edit.partition("{{")[0].strip()},
        "ends_with_variable": _("Add “%(words)s”") % {"words": edit.rpartition("}}")[2].lstrip(" .")},
        "adjacent": _("Put a comma between them"),
        "numbering": _("Number them in order"),
        "braces": _("Mend the braces"),
        "name": _("Call it %(name)s") % {"name": edit},
        "value": _("Put it on one line"),
    }
    return labels.get(finding.rule, _("Mend it"))


def slots(fields: Iterable[str], findings: list[Finding], *, tried: bool) -> list[Slot]:
    """One for each field of the form, empty ones too, so that a page can be brought up to date."""
    shown = [f for f in findings if tried or f.rule not in UNWRITTEN]
    return [Slot(field, tuple(f for f in shown if f.field == field)) for field in fields]
