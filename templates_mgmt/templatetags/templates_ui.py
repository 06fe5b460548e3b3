"""How templates are shown: states, languages, addresses of the filtered list."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext_lazy as _

from templates_mgmt import checking, languages, remedies, states
from templates_mgmt.checking import Slot
from templates_mgmt.content import LABELS
from templates_mgmt.editor import BUTTON_LABELS
from templates_mgmt.filling import SOURCES, TYPED
from templates_mgmt.listing import Filters
from templates_mgmt.models import Template
from templates_mgmt.written import ButtonRow

register = template.Library()


@register.simple_tag
def filtered(filters: Filters, **changes: object) -> str:
    """The address's "?…" for these filters with some of them changed, from the first page on."""
    return filters.but(**{"after": 0, **changes}).query


register.filter("state", states.state_of)
register.filter("language_name", languages.name_of)
register.filter("language_tag", languages.tag_of)
register.filter("language_dir", languages.direction_of)


@register.filter
def category_label(code: str) -> str:
    """As Twilio wrote it when it is not one that is known here."""
    return str(dict(Template.Category.choices).get(code, code)) or "–"


QUALITIES = {"HIGH": _("High"), "MEDIUM": _("Medium"), "LOW": _("Low"), "UNKNOWN": _("Not known yet"),
             "GREEN": _("High"), "YELLOW": _("Medium"), "RED": _("Low")}  # fmt: skip


@register.filter
def quality_label(code: str) -> str:
    """As Meta wrote it when it is not one that is known here."""
    return str(QUALITIES.get(code.upper(), code))


@register.filter
def share(part: int, whole: int) -> str:
    """Width of a bar out of 100; a full stop in every language."""
    return f"{100 * part / whole:.1f}" if whole else "0"


@register.filter
def percent_of(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)}%" if whole else "–"


# The editor

register.filter("fix_act", checking.act_of)
register.filter("fix_label", checking.label_of)
register.filter("changes", remedies.changes)


@register.filter
def slot_of(slots: dict[str, Slot], field: str) -> Slot:
    """The place for what is wrong with this field."""
    return slots.get(field) or Slot(field)


@register.filter
def numbered(field: str, number: object) -> str:
    """The name of one of several: "buttons" and 2 are "buttons.2"."""
    return f"{field}.{number}"


@register.filter
def value_hint(row: ButtonRow) -> str:
    """An example of what belongs beside the words of this button."""
    return str(BUTTON_LABELS[row.kind][1])


@register.filter
def kind_name(kind: str) -> str:
    """As Twilio writes it when it is not one that is known here."""
    return str(LABELS.get(kind, kind))


@register.filter
def source_label(word: str) -> str:
    return str((SOURCES.get(word) or SOURCES[TYPED]).label)


@register.filter
def as_list(thing: object) -> list[object]:
    return [thing]
