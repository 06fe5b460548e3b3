"""The editor's checks: "Before you submit", and the errors beside the fields. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from templates_mgmt import policy
from templates_mgmt.content import Content
from templates_mgmt.policy import Finding

# What is only not written yet is no error beside its field before somebody wants to submit it.
UNWRITTEN = frozenset({
    "body_missing", "sample", "button_count", "button_titles", "button_addresses", "button_phones",
    "list_blanks", "carousel_cards", "authentication_code", "media", "category",
})  # fmt: skip
# With these the list of passed checks is worth reading.
NEEDS_VARIABLES = frozenset({"starts_with_variable", "numbering", "sample", "few_words"})


@dataclass(frozen=True)
class Check:
    """`act` is the editor's act that mends it, `label` what its button says."""

    title: str | Promise
    text: str = ""
    tone: str = "ok"
    act: str = ""
    label: str = ""

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


def checks(content: Content, findings: list[Finding], drafts: Iterable[str] = ()) -> list[Check]:
    """:param drafts: names of the family's other languages that will not go with this one."""
    told: set[int] = set()
    found = list(_passed_and_broken(content, findings, told))
    others = [_check(f.sentence, f.fix, f) for n, f in enumerate(findings) if n not in told]
    waiting = [
        Check(_("%(language)s is still a draft") % {"language": f"\u2068{language}\u2069"},
              _("It will not be submitted with this one."), "warn")
        for language in drafts
    ]  # fmt: skip
    return [*found, *others, *waiting]


def _passed_and_broken(content: Content, findings: list[Finding], told: set[int]) -> Iterator[Check]:
    for title, rules in policy.CHECKS:
        broken = [(n, f) for n, f in enumerate(findings) if f.rule in rules]
        told.update(n for n, _finding in broken)
        if broken:
            yield from (_check(title, f"{f.sentence} {f.fix}", f) for _n, f in broken)
        elif content.names or not rules & NEEDS_VARIABLES:
            yield Check(title)


def _check(title: str | Promise, text: str, finding: Finding) -> Check:
    tone = "bad" if finding.is_error else "warn"
    act = act_of(finding)
    return Check(title, text, tone, act, label_of(finding) if act else "")


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
