"""The inbox page, and the parts of it that the page asks for again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlunsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_GET

from inbox import choices, clock, listing
from inbox.access import channels_for, conversation_for, conversations_for
from inbox.counts import counts_for
from inbox.finding import find
from inbox.listing import Cursor, Filters
from inbox.views.fragments import current, number
from inbox.views.threads import thread_context

FRAGMENTS = {"stage": "inbox/_stage_answer.html", "thread": "inbox/_thread.html"}


@require_GET
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "inbox/inbox.html", {"pane": "list", **_list_pane(request)})


@require_GET
def conversation(request: HttpRequest, pk: int) -> HttpResponse:
    """The page, or for htmx only the stage or the thread in it."""
    opened = conversation_for(request.user, pk)
    filters = Filters.of(request.GET)
    pane = "details" if request.GET.get("pane") == "details" else "thread"
    context = {"opened": opened, "pane": pane, **thread_context(request, opened), "filters": filters}
    fragment = FRAGMENTS.get(request.htmx.target)
    if fragment and not request.htmx.history_restore_request:
        response = render(request, fragment, context)
    else:
        response = render(request, "inbox/inbox.html", {**context, **_list_pane(request)})
    patch_vary_headers(response, ["HX-Request", "HX-Target"])
    return response


@require_GET
def conversation_list(request: HttpRequest) -> HttpResponse:
    """The list as filtered, with tabs and chips that match; or after a cursor, its next page."""
    if cursor := Cursor.parse(request.GET.get("after", "")):
        filters = Filters.of(request.GET)
        page = listing.page(filters, request.user, cursor)
        return render(request, "inbox/_more.html", {"filters": filters, "page": page, "now": page.now})
    context = _list(request)
    context |= {**_head(request, context["filters"]), "oob": True}
    response = render(request, "inbox/_list_answer.html", context)
    address = context["here"] + context["filters"].query
    if address != urlunsplit(current(request)._replace(scheme="", netloc="")):
        # Letters typed into the search box are one step back, not twenty.
        typed = request.htmx.trigger == "list-form"
        response["HX-Replace-Url" if typed else "HX-Push-Url"] = address
    return response


@require_GET
def rows(request: HttpRequest, pks: str) -> HttpResponse:
    """These rows ("12,15") as the list shows them, without those that do not belong in it as filtered."""
    filters = Filters.of(request.GET)
    wanted = [number(pk) for pk in pks.split(",")[: listing.PAGE_LENGTH]]
    visible = conversations_for(request.user) if filters.q else filters.rows(request.user)
    found = list(listing.for_list(visible.filter(pk__in=wanted)))
    if not found:
        return HttpResponse(status=204)
    listing.with_tags(found)
    now = clock.now()
    placed = [(listing.section_of(conversation, filters, now), conversation) for conversation in found]
    return render(request, "inbox/_rows.html", {"rows": placed, "filters": filters, "now": now})


@require_GET
def views(request: HttpRequest) -> HttpResponse:
    """Tabs, chips and the rail's number, after something changed."""
    return render(request, "inbox/_views_answer.html", _head(request, Filters.of(request.GET)))


def _list_pane(request: HttpRequest) -> dict[str, Any]:
    context = _list(request)
    return {
        **context,
        **_head(request, context["filters"]),
        "channels": channels_for(request.user).filter(is_active=True),
    }


def _list(request: HttpRequest) -> dict[str, Any]:
    filters, agent = Filters.of(request.GET), request.user
    if filters.q:
        return {"filters": filters, "found": find(filters, agent), "now": clock.now()}
    page = listing.page(filters, agent, Cursor.parse(request.GET.get("after", "")))
    context = {"filters": filters, "page": page, "now": page.now}
    if not page.rows:
        context["is_first_run"] = not conversations_for(agent).exists()
    return context


def _head(request: HttpRequest, filters: Filters) -> dict[str, Any]:
    counts = counts_for(request.user, filters)
    return {
        "filters": filters,
        "tabs": choices.tabs(filters, counts),
        "chips": choices.chips(filters, counts),
        "only_unread": choices.unread(filters, counts),
        "unread": counts.unread,
        "here": _here(request),
    }


def _here(request: HttpRequest) -> str:
    """The address the person is at, which a fragment's own address is not."""
    path = current(request).path if request.htmx else request.path
    return path if path.startswith("/conversations/") else reverse("inbox:index")
