"""The list of templates: one row per family, in groups by what it needs.

The standing of every family is worked out from narrow rows, so that chips can count; texts are read only
for the page that is shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple
from urllib.parse import urlencode

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from inbox.models import Agent
from inbox.views.fragments import number
from templates_mgmt import languages, sorting, states, usage
from templates_mgmt.access import templates_for
from templates_mgmt.models import Template
from templates_mgmt.notices import RECENTLY, Notice
from templates_mgmt.states import State
from templates_mgmt.usage import Usage

PAGE_LENGTH = 60  # families
LONGEST_SEARCH = 100
CHIPS = (
    ("", _("All")), ("approved", _("Approved")), ("session", _("Open conversations")),
    ("review", _("In review")), ("rejected", _("Rejected")), ("paused", _("Paused")), ("draft", _("Draft")),
    ("archived", _("Archived")),
)  # fmt: skip
ARCHIVED = "archived"
ORDER = list(states.GROUPS)


@dataclass(frozen=True)
class Filters:
    """What the address asks for; what is not known counts as not asked."""

    status: str = ""
    category: str = ""
    language: str = ""
    q: str = ""
    sort: str = ""
    after: int = 0

    @classmethod
    def of(cls, asked: QueryDict) -> Filters:
        status, category = asked.get("status", ""), asked.get("category", "")
        return cls(
            status=status if status in dict(CHIPS) else "",
            category=category if category in Template.Category.values else "",
            language=asked.get("language", "").replace("\0", "")[:16],
            q=asked.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH],
            sort=sort if (sort := asked.get("sort", "")) in sorting.SORTS else "",
            after=number(asked.get("after")),
        )

    def but(self, **changes: object) -> Filters:
        return replace(self, **changes)  # type: ignore[arg-type]

    @property
    def query(self) -> str:
        names = ("status", "category", "language", "q", "sort", "after")
        asked = {name: value for name in names if (value := getattr(self, name))}
        return f"?{urlencode(asked)}" if asked else ""

    @property
    def is_narrow(self) -> bool:
        return bool(self.status or self.category or self.language or self.q)


class Version(NamedTuple):
    """The narrow row of one template."""

    pk: int
    family_id: int
    name: str
    language: str
    category: str
    status: str
    submission: str
    content_sid: str | None
    wants_approval: bool
    gone_at: datetime | None
    edited_at: datetime
    recategorised_at: datetime | None

    @property
    def state(self) -> State:
        return states.state_of(self)

    @property
    def is_draft(self) -> bool:
        return self.state.word == "draft"

    @property
    def language_name(self) -> str:
        return languages.name_of(self.language)

    @property
    def language_tag(self) -> str:
        return languages.tag_of(self.language)


@dataclass
class Row:
    """A family: for each language the version that counts, and drafts that are to take their place."""

    heads: list[Version]
    drafts: list[Version] = field(default_factory=list)
    # Approved versions that a newer one, which is not, is to replace: they are still sent.
    approved: list[Version] = field(default_factory=list)
    template: Template | None = None
    notice: Notice | None = None
    used: Usage = field(default_factory=Usage)

    @cached_property
    def state(self) -> State:
        return states.worst([head.state for head in self.heads])

    @cached_property
    def first(self) -> Version:
        """The version that the row is about."""
        return next(head for head in self.heads if head.state == self.state)

    @property
    def draft(self) -> Version | None:
        return next((draft for draft in self.drafts if draft.language == self.first.language), None)

    @property
    def edited_at(self) -> datetime:
        return max(version.edited_at for version in (*self.heads, *self.drafts))

    @property
    def is_recategorised(self) -> bool:
        moments = [head.recategorised_at for head in self.heads if head.recategorised_at]
        return bool(moments) and timezone.now() - max(moments) < RECENTLY

    @property
    def group(self) -> str:
        return states.NEEDS if self.is_recategorised else self.state.group

    @property
    def chips(self) -> set[str]:
        """The filters that find it."""
        return {version.state.chip for version in (*self.heads, *self.approved)}

    @property
    def categories(self) -> set[str]:
        return {head.category for head in self.heads}


@dataclass
class Group:
    title: object
    rows: list[Row]


@dataclass
class Page:
    """`counts` are of what category, language and search leave, by chip; "" counts all of it."""

    groups: list[Group]
    counts: Counter[str]
    languages: list[str]
    next_after: int = 0
    total: int = 0

    @property
    def most_sent(self) -> int:
        return max((row.used.sent for row in self.rows), default=0)

    @property
    def rows(self) -> list[Row]:
        return [row for group in self.groups for row in group.rows]


def page(agent: Agent, filters: Filters) -> Page:
    visible = templates_for(agent)
    gone = visible.filter(archived_at__isnull=False)
    visible = visible.filter(archived_at=None)
    everything, archived = families(visible), families(gone)
    found = _found(everything, visible, filters)
    found_archived = _found(archived, gone, filters)
    counts = Counter(chip for row in found for chip in row.chips | {""})
    counts |= Counter({"": len(found), "archived": len(found_archived)})
    is_archive = filters.status == ARCHIVED
    wanted = found_archived if is_archive else [row for row in found if filters.status in row.chips | {""}]
    shown, next_after = _slice(_sorted(wanted, filters.sort), filters.after)
    with_texts(shown)
    groups = [Group("", shown)] if filters.sort and shown else _grouped(shown, is_archive)
    codes = {head.language for row in everything for head in row.heads}
    return Page(groups, counts, sorted(codes, key=languages.name_of), next_after, len(everything))


def _found(rows: list[Row], templates: QuerySet[Template], filters: Filters) -> list[Row]:
    found = [row for row in rows if _fits(row, filters)]
    if not filters.q:
        return found
    hits = set(_search(templates, filters.q).values_list("family", flat=True))
    return [row for row in found if row.first.family_id in hits]


def families(rows: QuerySet[Template]) -> list[Row]:
    """Every family of these templates, sorted as the list shows them."""
    columns = ("pk", "family_id", "family__name", *Version._fields[3:])
    by_family: dict[int, list[Version]] = defaultdict(list)
    for values in rows.order_by("-pk").values_list(*columns):
        by_family[values[1]].append(Version(*values))
    return sorted((_row(versions) for versions in by_family.values()), key=_place)


def _sorted(rows: list[Row], sort: str) -> list[Row]:
    if not sort:
        return rows
    if sorting.BY_KEY[sort.removeprefix("-")].is_use:
        _with_use(rows)
    return sorting.sorted_by(rows, sort)


def with_texts(rows: list[Row]) -> None:
    """And how they were used."""
    by_pk = Template.objects.select_related("family").in_bulk([row.first.pk for row in rows])
    for row in rows:
        row.template = by_pk.get(row.first.pk)
    _with_use(rows)


def _with_use(rows: list[Row]) -> None:
    """Within 30 days, by whole families."""
    used = usage.of_families([row.first.family_id for row in rows])
    for row in rows:
        row.used = used.get(row.first.family_id, Usage())


def _row(versions: list[Version]) -> Row:
    """`versions` newest first."""
    heads: dict[str, Version] = {}
    for version in versions:
        known = heads.get(version.language)
        if known is None or (known.is_draft and not version.is_draft):
            heads[version.language] = version
    drafts = [v for v in versions if v.is_draft and heads[v.language].pk < v.pk]
    older: dict[str, Version] = {}
    for version in versions:
        if version.state.word == "approved" != heads[version.language].state.word:
            older.setdefault(version.language, version)
    return Row(sorted(heads.values(), key=lambda v: v.pk), drafts, list(older.values()))


def _place(row: Row) -> tuple[int, float, int]:
    return ORDER.index(row.group), -row.edited_at.timestamp(), -row.first.family_id


def _fits(row: Row, filters: Filters) -> bool:
    in_category = not filters.category or filters.category in row.categories
    return in_category and (not filters.language or any(h.language == filters.language for h in row.heads))


def _search(rows: QuerySet[Template], words: str) -> QuerySet[Template]:
    rows = rows.annotate(words=Cast("types", TextField()))
    return rows.filter(
        Q(family__name__icontains=words) | Q(words__icontains=words) | Q(content_sid__istartswith=words)
    )


def _slice(rows: list[Row], after: int) -> tuple[list[Row], int]:
    start = next((n for n, row in enumerate(rows, 1) if row.first.family_id == after), 0)
    shown = rows[start : start + PAGE_LENGTH]
    is_more = start + PAGE_LENGTH < len(rows)
    return shown, shown[-1].first.family_id if is_more else 0


def _grouped(rows: list[Row], is_archive: bool) -> list[Group]:
    if is_archive:
        return [Group(_("Archived"), rows)] if rows else []
    groups = [Group(title, [row for row in rows if row.group == key]) for key, title in states.GROUPS.items()]
    return [group for group in groups if group.rows]
