"""A template that was submitted: what became of it, and the way on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from inbox import clock
from templates_mgmt import rejections
from templates_mgmt.editor import Editor
from templates_mgmt.models import Template
from templates_mgmt.notes import RECENTLY, note_on, remedies, until


def standing(request: HttpRequest, template: Template) -> HttpResponse:
    """Read-only, with its history; for agents also what is still a draft."""
    now, editor = clock.now(), Editor.of(template, request.user)
    family = template.family.templates.filter(language=template.language).select_related("author")
    recategorised = template.recategorised_at and now - template.recategorised_at < RECENTLY
    context = {
        "template": template,
        "editor": editor,
        "state": editor.state,
        "note": note_on(template, now),
        "advice": rejections.advise(template.rejection_reason) if editor.state.word == "rejected" else None,
        "remedies": remedies(template),
        "returns": until(template.paused_until, now) if template.paused_until else "",
        "is_recategorised": recategorised,
        "history": list(family.order_by("-pk")[:20]),
        "now": now,
        "section": "templates",
    }
    return render(request, "templates_mgmt/template.html", context)
