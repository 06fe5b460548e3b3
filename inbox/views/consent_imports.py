"""Consent from elsewhere, for admins: a file is uploaded, looked at, and recorded."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRefresh

from inbox import consent_file, consent_imports
from inbox.access import channels_for, consent_import_for, consent_imports_for
from inbox.refusals import Refused

MOST_LISTED = 10


@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    if not request.user.is_admin:
        raise Http404
    refusal = None
    if request.method == "POST":
        try:
            return redirect("inbox:consent_import", _uploaded(request).pk)
        except Refused as refused:
            refusal = refused
    context = {
        "refusal": refusal,
        "channels": channels_for(request.user),
        "columns": consent_file.COLUMNS,
        "imports": consent_imports_for(request.user)
        .defer("content", "left_out")
        .order_by("-pk")[:MOST_LISTED],
    }
    return render(request, "inbox/consent_import.html", context, status=422 if refusal else 200)


def _uploaded(request: HttpRequest) -> consent_imports.ConsentImport:
    """:raises Refused: there is no file, or it is none of consent."""
    file = request.FILES.get("file")
    if file is None:
        raise Refused("no_file", _("No file was chosen."), _("Choose a CSV file."))
    data = file.read(consent_file.MAX_BYTES + 1)
    return consent_imports.upload(file.name or "consent.csv", data, by=request.user)


@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, pk: int) -> HttpResponse:
    """GET shows what would happen, or how it goes; POST lets it happen."""
    found = consent_import_for(request.user, pk)
    if request.method == "POST":
        consent_imports.ask(found, by=request.user)
        return redirect("inbox:consent_import", found.pk)
    if request.htmx:
        return _progress(request, found)
    plan = consent_imports.plan(found, request.user) if found.is_undecided else None
    bad = plan.told if plan else found.left_out
    context = {"upload": found, "plan": plan, "bad": bad, "skipped": len(plan.bad) if plan else found.skipped}
    return render(request, "inbox/consent_import_preview.html", context)


def _progress(request: HttpRequest, found: consent_imports.ConsentImport) -> HttpResponse:
    """How far it is; the whole page when there is nothing more to wait for."""
    if not found.is_recording:
        return HttpResponseClientRefresh()
    return render(request, "inbox/_consent_progress.html", {"upload": found})
