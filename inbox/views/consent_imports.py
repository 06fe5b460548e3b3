"""Consent from elsewhere, for admins: a file is uploaded, looked at, and recorded."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from inbox import consent_file, consent_imports
from inbox.access import channels_for, consent_import_for
from inbox.refusals import Refused

MOST_BAD = 200


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
    context = {"refusal": refusal, "channels": channels_for(request.user), "columns": consent_file.COLUMNS}
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
    """GET shows what would happen, POST lets it happen."""
    found = consent_import_for(request.user, pk)
    if request.method == "POST":
        return _recorded(request, found)
    plan = None if found.recorded_at else consent_imports.plan(found, request.user)
    context = {"upload": found, "plan": plan, "bad": plan.bad[:MOST_BAD] if plan else []}
    return render(request, "inbox/consent_import_preview.html", context)


def _recorded(request: HttpRequest, found: consent_imports.ConsentImport) -> HttpResponse:
    try:
        count = consent_imports.record(found, by=request.user)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        said = ngettext("%(count)d entry is recorded.", "%(count)d entries are recorded.", count)
        messages.success(request, said % {"count": count})
    return redirect("inbox:consent_import", found.pk)
