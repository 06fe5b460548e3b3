"""What is done with a template as a whole: archived, deleted, taken up again, in another language."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from inbox.models import Agent
from inbox.refusals import Refused
from inbox.views.fragments import is_removal
from templates_mgmt import deleting, remedies
from templates_mgmt import languages as names
from templates_mgmt.access import must_manage, template_for
from templates_mgmt.models import Template
from templates_mgmt.views.answers import refused, submitted_words

View = Callable[..., HttpResponse]
# What one press archived carries nearly the same time.
SAME_ACT = timedelta(seconds=2)


def managing(view: Callable[[HttpRequest, Template], HttpResponse]) -> View:
    """For leads and admins, with the template that they see; a refusal is answered in words."""

    @wraps(view)
    def guarded(request: HttpRequest, pk: int) -> HttpResponse:
        template = template_for(request.user, pk)
        try:
            must_manage(request.user)
            return view(request, template)
        except Refused as refusal:
            return refused(request, refusal, template)

    return guarded


@require_POST
@managing
def versions(request: HttpRequest, template: Template) -> HttpResponse:
    """A draft that takes this one's place, with what our rules can mend of it mended."""
    if not template.content.is_built:
        sentence = _("This kind of content is made in Twilio’s console.")
        raise Refused("not_built", sentence, _("Change it there, then sync."))
    if template.is_draft:
        return redirect("templates_mgmt:template", template.pk)
    changes = {name: value for name, value in remedies.mended(template).columns.items() if name != "language"}
    draft = template.new_version(by=request.user, **changes)
    return redirect("templates_mgmt:template", draft.pk)


@require_POST
@managing
def languages(request: HttpRequest, template: Template) -> HttpResponse:
    """A draft in another language that starts with this one's text and samples."""
    code = request.POST.get("language", "")
    if code not in names.NAMES:
        raise Refused("no_language", _("This is no language that WhatsApp knows."), _("Choose another one."))
    copy = template.in_language(code, by=request.user)
    return redirect("templates_mgmt:template", copy.pk)


@require_POST
@managing
def submission(request: HttpRequest, template: Template) -> HttpResponse:
    """Ask WhatsApp for approval of what Twilio has."""
    chosen = request.POST.get("category", "")
    category = chosen if chosen in Template.Category.values else ""
    if template.may_be_submitted and template.submit(by=request.user, category=category):
        messages.success(request, submitted_words(template))
    return redirect("templates_mgmt:template", template.pk)


@require_http_methods(["POST", "DELETE"])
@managing
def archive(request: HttpRequest, template: Template) -> HttpResponse:
    """POST archives it, with `whole` all its languages; DELETE brings back what went at that time.

    What still uses it is said first; `sure` says that it was read.
    """
    if is_removal(request):
        _restore(template, by=request.user)
    else:
        rows = _what_goes(template, whole=bool(request.POST.get("whole")))
        uses = deleting.Uses() if request.POST.get("sure") else deleting.uses(*rows)
        if uses.is_used:
            return _asked(request, template, uses)
        _archive(rows, by=request.user)
        template.refresh_from_db()
    if request.htmx:
        response = render(request, "templates_mgmt/_archived.html", {"template": template})
        response["HX-Trigger"] = "fanlight:list"
        return response
    if template.is_archived:
        messages.success(request, _("Archived. It is not offered any more; what was sent stays."))
        others = template.family.templates.filter(archived_at=None).order_by("pk")
        if request.POST.get("then") == "family" and (source := others.first()):
            return redirect("templates_mgmt:template", source.pk)
    return redirect("templates_mgmt:template", template.pk)


@require_http_methods(["GET", "POST"])
@managing
def deletion(request: HttpRequest, template: Template) -> HttpResponse:
    """GET asks, and says what still uses it; POST with `sure` deletes it at Twilio."""
    deleting.must_be_known(template)
    if request.method != "POST" or not request.POST.get("sure"):
        context = {"template": template, "uses": deleting.uses(template), "section": "templates"}
        return render(request, "templates_mgmt/deletion.html", context)
    if deleting.delete_at_twilio(template, by=request.user):
        messages.success(request, _("Deleted at Twilio. Here it stays, archived."))
    return redirect("templates_mgmt:template", template.pk)


def _asked(request: HttpRequest, template: Template, uses: deleting.Uses) -> HttpResponse:
    name = "_archive_asked.html" if request.htmx else "archive.html"
    context = {"template": template, "uses": uses, "whole": request.POST.get("whole"), "section": "templates"}
    return render(request, f"templates_mgmt/{name}", context)


def _what_goes(template: Template, *, whole: bool) -> list[Template]:
    if not whole:
        return [template]
    others = template.family.templates.filter(archived_at=None).exclude(pk=template.pk)
    return [template, *others.select_related("family")]


@transaction.atomic
def _archive(rows: list[Template], *, by: Agent) -> None:
    for row in rows:
        row.archive(by=by)


@transaction.atomic
def _restore(template: Template, *, by: Agent) -> None:
    if template.archived_at is None:
        return
    near = template.family.templates.filter(
        archived_at__range=(template.archived_at - SAME_ACT, template.archived_at + SAME_ACT)
    )
    for row in near.select_related("family"):
        row.restore(by=by)
    template.refresh_from_db()
