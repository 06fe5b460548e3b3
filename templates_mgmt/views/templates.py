"""The list of templates, and what its rows ask for again."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET
from django_htmx.http import trigger_client_event

from inbox import clock
from inbox.views.fragments import number
from templates_mgmt import languages, listing, notices, sorting, states
from templates_mgmt.access import accounts_for, may_manage, templates_for
from templates_mgmt.listing import Filters
from templates_mgmt.models import Template
from templates_mgmt.views.sync import sync_context

MOST_BADGES = 200


@require_GET
def templates(request: HttpRequest) -> HttpResponse:
    """The page, or for htmx the list with chips that match; after a family, the rows that follow."""
    filters = Filters.of(request.GET)
    is_fragment = request.htmx.target in ("template-list", "template-more")
    fragment = is_fragment and not request.htmx.history_restore_request
    name = (
        "templates_mgmt/_rows.html"
        if request.htmx.target == "template-more"
        else "templates_mgmt/_answer.html"
    )
    context = _context(request, filters) | {"oob": fragment}
    if not fragment:
        context |= sync_context(request.user)
    response = render(request, name if fragment else "templates_mgmt/templates.html", context)
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


@require_GET
def badges(request: HttpRequest) -> HttpResponse:
    """The badges of these templates (`ids=12,15`) as they are now; asked while one is in review."""
    asked = [number(pk) for pk in request.GET.get("ids", "").split(",")[:MOST_BADGES]]
    found = list(templates_for(request.user).filter(pk__in=asked))
    watched = [t for t in found if states.state_of(t).group == states.REVIEW]
    context = {"templates": [(t, states.state_of(t)) for t in found], "watched": watched}
    response = render(request, "templates_mgmt/_badges.html", context)
    if len(watched) < len(found):
        trigger_client_event(response, "fanlight:list")
    return response


def _context(request: HttpRequest, filters: Filters) -> dict[str, Any]:
    page, now = listing.page(request.user, filters), clock.now()
    for row in page.rows:
        if row.template and filters.status != listing.ARCHIVED:
            row.notice = notices.in_short(row.template, now)
    watched = [row.first for row in page.rows if row.first.state.group == states.REVIEW]
    return {
        "filters": filters,
        "page": page,
        "headings": sorting.headings(filters),
        "now": now,
        "chips": [
            (chip, label, page.counts[chip])
            for chip, label in listing.CHIPS
            if chip in (filters.status, "") or chip != listing.ARCHIVED or page.counts[chip]
        ],
        "categories": Template.Category.choices,
        "languages": [(code, languages.name_of(code)) for code in page.languages],
        "may_manage": may_manage(request.user),
        "is_archive": filters.status == listing.ARCHIVED,
        "has_account": accounts_for(request.user).exists(),
        "watched": watched,
        "section": "templates",
    }
