"""One template: its editor, or when it was submitted what became of it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from inbox import clock
from templates_mgmt import states
from templates_mgmt.access import may_manage, template_for
from templates_mgmt.notes import note_on
from templates_mgmt.preview import Preview


@require_GET
def template(request: HttpRequest, pk: int) -> HttpResponse:
    found, now = template_for(request.user, pk), clock.now()
    context = {
        "template": found,
        "state": states.state_of(found),
        "note": note_on(found, now),
        "shown": Preview.of(found.content, {}, samples=True),
        "may_manage": may_manage(request.user),
        "now": now,
        "section": "templates",
    }
    return render(request, "templates_mgmt/template.html", context)
