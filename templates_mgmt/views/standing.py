"""A template that was submitted: what became of it, and the way on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inbox import clock
from templates_mgmt import deleting, notices, remedies, usage
from templates_mgmt.economics import Economics, Rate, Recipient
from templates_mgmt.editor import Editor
from templates_mgmt.models import Price, Template


def _rates(template: Template, address: str) -> tuple[Rate, Rate] | None:
    """What one message cost and costs since Meta moved the template, to the sender's own country."""
    if not template.previous_category:
        return None
    economics = Economics(Recipient.at(address), False, Price.rates())
    before, now = economics.cost(template.previous_category), economics.cost(template.category)
    return (before, now) if before and now else None


def standing(request: HttpRequest, template: Template) -> HttpResponse:
    """Read-only, with its history; for agents also what is still a draft."""
    now, editor = clock.now(), Editor.of(template, request.user)
    family = template.family.templates.filter(language=template.language).select_related("author")
    used = usage.of([template.content_sid]).get(template.content_sid or "", usage.Usage())
    history = list(family.order_by("-pk")[:20])
    context = {
        "template": template,
        "editor": editor,
        "state": editor.state,
        "advice": remedies.advice(template) if editor.state.word == "rejected" else None,
        "mended": remedies.mended(template),
        "rates": _rates(template, editor.sender_address),
        "notices": notices.about(template, used),
        "used": used,
        "uses": deleting.uses(template) if template.content_sid else None,
        "history": history,
        "successor": next((t for t in history if t.replaces_id == template.pk and not t.is_archived), None),
        "now": now,
        "section": "templates",
    }
    return render(request, "templates_mgmt/template.html", context)
