"""How templates are shown: states, languages, addresses of the filtered list."""

from __future__ import annotations

from django import template

from templates_mgmt import languages, states
from templates_mgmt.listing import Filters
from templates_mgmt.models import Template

register = template.Library()


@register.simple_tag
def filtered(filters: Filters, **changes: object) -> str:
    """The address's "?…" for these filters with some of them changed, from the first page on."""
    return filters.but(**{"after": 0, **changes}).query


@register.filter
def state(row: states.Standing) -> states.State:
    return states.state_of(row)


@register.filter
def category_label(code: str) -> str:
    """As Twilio wrote it when it is not one that is known here."""
    return str(dict(Template.Category.choices).get(code, code)) or "–"


@register.filter
def language_name(code: str) -> str:
    return languages.name_of(code)


@register.filter
def language_tag(code: str) -> str:
    return languages.tag_of(code)


@register.filter
def language_dir(code: str) -> str:
    return languages.direction_of(code)


@register.filter
def share(part: int, whole: int) -> str:
    """Width of a bar out of 100; a full stop in every language."""
    return f"{100 * part / whole:.1f}" if whole else "0"
