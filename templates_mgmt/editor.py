"""What the editor's page shows of one form: preview, checks, errors beside the fields, languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from channels_whatsapp.models import Account, Sender
from inbox.emoji import EMOJI
from inbox.models import Agent
from inbox.refusals import Refused
from inbox.showing import Showing
from templates_mgmt import checking, editing, languages, policy, shaping, spoken
from templates_mgmt import content as kinds
from templates_mgmt.access import accounts_for, may_manage
from templates_mgmt.checking import Check, Slot
from templates_mgmt.filling import SOURCES
from templates_mgmt.models import Template
from templates_mgmt.placeholders import LONGEST_VALUE
from templates_mgmt.policy import Finding
from templates_mgmt.policy.drafts import APPROVED_BODY, BODY
from templates_mgmt.preview import Preview
from templates_mgmt.reading import written_of
from templates_mgmt.states import State, state_of
from templates_mgmt.written import DOCUMENT, IMAGE, NONE, TEXT, ButtonRow, Written

CATEGORIES: tuple[tuple[str, Promise, Promise], ...] = (
    (policy.UTILITY, _("Utility"),
     _("About something the customer already did: an order, a repair, a booking.")),
    (policy.MARKETING, _("Marketing"), _("Offers, news, restocks. Needs opt-in, costs more.")),
    (policy.AUTHENTICATION, _("Authentication"), _("One-time codes only. Fixed wording.")),
)  # fmt: skip
HEADER_KINDS = ((NONE, _("None")), (TEXT, _("Text")), (IMAGE, _("Image")), (DOCUMENT, _("Document")))
# Field → the parts of the form that have it.
FIELDS: dict[str, frozenset[str]] = {
    "header": frozenset({"header", "title"}),
    "media": frozenset({"header", "media"}),
    "body": frozenset({"body"}),
    "footer": frozenset({"footer", "subtitle"}),
    "buttons": frozenset({"buttons", "code"}),
    "list_button": frozenset({"items"}),
    "items": frozenset({"items"}),
    "cards": frozenset({"cards"}),
    "latitude": frozenset({"place"}),
    "longitude": frozenset({"place"}),
}
BUTTON_LABELS: dict[str, tuple[Promise, Promise]] = {
    kinds.REPLY: (_("Quick reply"), _("")),
    kinds.URL: (_("Link"), _("https://example.com/orders/{{1}}")),
    kinds.PHONE: (_("Phone call"), _("+44 20 7946 0000")),
    kinds.COPY_CODE: (_("Coupon code"), _("SPRING15")),
}


@dataclass(frozen=True)
class Tab:
    """A language of the family: the version that one goes on with."""

    template: Template
    is_current: bool

    @property
    def state(self) -> State:
        return state_of(self.template)


@dataclass(frozen=True)
class Beside:
    """Another language's text, to be read while this one is written."""

    template: Template
    is_source: bool

    @property
    def shown(self) -> Showing:
        return Preview.of(self.template.content, {})

    @property
    def state(self) -> State:
        return state_of(self.template)


@dataclass
class Editor:
    """A form and what it is based on.

    :ivar tried: somebody wanted to submit it, so that what is not written yet counts as wrong too.
    :ivar stale: the template as somebody else saved it meanwhile.
    :ivar stamp: which state of the template the form was opened with (`editing.stamp_of`).
    """

    agent: Agent
    written: Written
    template: Template | None = None
    account: Account | None = None
    tried: bool = False
    with_samples: bool = True
    refusal: Refused | None = None
    stale: Template | None = None
    stamp: str = ""
    has_new_variables: bool = False
    versions: list[Template] = field(default_factory=list)

    @classmethod
    def of(cls, template: Template, agent: Agent) -> Editor:
        written = shaping.with_first_rows(written_of(template))
        return cls(
            agent, written, template, template.family.account, stamp=editing.stamp_of(template),
            versions=versions_of(template),
        )  # fmt: skip

    @property
    def title(self) -> str:
        return self.template.name if self.template else self.written.name

    @property
    def state(self) -> State | None:
        return state_of(self.template) if self.template else None

    @property
    def may_manage(self) -> bool:
        return may_manage(self.agent)

    # What is written

    @cached_property
    def for_approval(self) -> bool:
        return not self.written.content.is_session_only

    @property
    def may_go_unapproved(self) -> bool:
        return self.for_approval and not self.written.content.needs_approval

    @cached_property
    def draft(self) -> policy.Draft:
        name = self.written.name or (self.template.name if self.template else "untitled")
        return self.written.but(name=name).draft

    @cached_property
    def findings(self) -> list[Finding]:
        return policy.check(self.draft, for_approval=self.for_approval)

    @cached_property
    def checks(self) -> list[Check]:
        waiting = [t.language for t in self.siblings if t.is_draft]
        names = [languages.name_of(code) for code in waiting]
        return checking.checks(self.draft, self.findings, names, for_approval=self.for_approval)

    @property
    def to_fix(self) -> int:
        return sum(finding.is_error for finding in self.findings)

    @cached_property
    def slots(self) -> dict[str, Slot]:
        findings = [*self.findings, *self._refused_name]
        slots = checking.slots(self.field_names, findings, tried=self.tried)
        return {slot.field: slot for slot in slots}

    @property
    def _refused_name(self) -> list[Finding]:
        refusal = self.refusal
        if refusal is None or refusal.code != editing.NAME_TAKEN:
            return []
        return [Finding(refusal.code, refusal.sentence, refusal.next_step, "name")]

    @property
    def namesake(self) -> Template | None:
        """The template that has the name already."""
        rows = Template.objects.filter(family__account=self.account, family__name=self.written.name)
        return rows.filter(archived_at=None).order_by("-pk").first() if self._refused_name else None

    @property
    def field_names(self) -> Iterator[str]:
        """Those that the form of this kind has."""
        written = self.written
        yield from ("name", "language", "category", "type")
        yield from (field for field, parts in FIELDS.items() if parts & written.parts)
        for noun, rows in (("items", written.items), ("cards", written.cards)):
            if noun in written.parts:
                yield from (f"{noun}.{number}" for number in range(1, len(rows) + 1))
        yield from (f"buttons.{number}" for number, _row in self.buttons)
        yield from (f"variables.{row.name}" for row in written.used)

    @cached_property
    def shown(self) -> Showing:
        return Preview.of(self.written.content, {}, samples=self.with_samples)

    @property
    def body_limit(self) -> int:
        longest = BODY.get(self.written.kind, LONGEST_VALUE)
        return min(longest, APPROVED_BODY) if self.for_approval else longest

    @property
    def buttons(self) -> list[tuple[int, ButtonRow]]:
        """Those that the kind takes, numbered as the rules count them; the others stay hidden."""
        if "buttons" not in self.written.parts:
            return []
        return list(enumerate((b for b in self.written.buttons if b.kind in self.written.button_kinds), 1))

    @property
    def other_buttons(self) -> list[ButtonRow]:
        return [b for b in self.written.buttons if b.kind not in self.written.button_kinds]

    # Around it

    @cached_property
    def siblings(self) -> list[Template]:
        return [t for t in self.versions if self.template is None or t.language != self.template.language]

    @property
    def tabs(self) -> list[Tab]:
        return [Tab(t, self.template is not None and t.pk == self.template.pk) for t in self.versions]

    @property
    def other_languages(self) -> list[tuple[str | Promise, list[tuple[str, str]]]]:
        """What can be added, in groups: first what customers read."""
        taken = {t.language for t in self.versions}
        first = [code for code in spoken.spoken_to(self.agent) if code not in taken]
        rest = [code for code in languages.NAMES if code not in {*taken, *first}]
        groups = ((_("Languages of your customers"), first), (_("Other languages"), rest))
        named = languages.name_of
        return [(label, [(code, named(code)) for code in codes]) for label, codes in groups if codes]

    @cached_property
    def source_language(self) -> str:
        """The one that was there first."""
        if not self.template:
            return ""
        rows = self.template.family.templates.filter(archived_at=None).order_by("pk")
        return rows.values_list("language", flat=True).first() or ""

    @cached_property
    def beside(self) -> Beside | None:
        """The source language's text; beside that one itself, its newest translation."""
        if not self.siblings:
            return None
        newest = max(self.siblings, key=lambda t: t.pk)
        source = next((t for t in self.siblings if t.language == self.source_language), None)
        return Beside(source or newest, source is not None)

    @cached_property
    def is_name_fixed(self) -> bool:
        return self.template is not None and editing.is_name_fixed(self.template.family)

    @cached_property
    def accounts(self) -> list[Account]:
        return list(accounts_for(self.agent).order_by("pk")) if self.template is None else []

    @cached_property
    def sender(self) -> Sender | None:
        """The account's first one, for whom the customer sees."""
        if not self.account:
            return None
        return self.account.senders.select_related("channel").order_by("pk").first()

    @property
    def sender_address(self) -> str:
        return self.sender.address if self.sender else ""

    @property
    def business(self) -> str:
        return self.sender.channel.name if self.sender else str(self.account or "Fanlight")

    # For the form's choices

    categories = CATEGORIES
    header_kinds = HEADER_KINDS
    emoji = EMOJI
    kinds = tuple((kind, kinds.LABELS[kind]) for kind in kinds.BUILT)

    @property
    def language_choices(self) -> list[tuple[str, str]]:
        own = self.written.language
        known = list(languages.NAMES.items())
        return known if own in languages.NAMES else [(own, languages.name_of(own)), *known]

    @property
    def sources(self) -> list[tuple[str, str | Promise]]:
        return [(word, source.label) for word, source in SOURCES.items()]

    @property
    def button_choices(self) -> list[tuple[str, Promise]]:
        return [(kind, BUTTON_LABELS[kind][0]) for kind in self.written.button_kinds]


def versions_of(template: Template) -> list[Template]:
    """The newest version of each language, and for its own language this one."""
    rows = template.family.templates.filter(archived_at=None).select_related("family").order_by("-pk")
    heads: dict[str, Template] = {template.language: template}
    for row in rows:
        heads.setdefault(row.language, row)
    return sorted(heads.values(), key=lambda head: languages.name_of(head.language))
