"""Help: how to go live, try the sandbox, get templates approved and keep consent. One page a subject."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe


@dataclass(frozen=True)
class Subject:
    """`slug` names the address and the page's template."""

    slug: str
    icon: str
    title: Promise
    summary: Promise


SUBJECTS = (
    Subject("going-live", "plug", _("Going live"), _("From a Twilio account to the first answered message.")),
    Subject("sandbox", "flask-conical", _("The sandbox"), _("Try it with your own phone, without a number.")),
    Subject(
        "templates",
        "layout-template",
        _("Templates that get approved"),
        _("Write first, also when the 24-hour window is closed."),
    ),
    Subject("consent", "shield-check", _("Consent"), _("Who agreed to what, and how to prove it.")),
)
BY_SLUG = {subject.slug: subject for subject in SUBJECTS}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    return render(request, "help/index.html", {"subjects": SUBJECTS})


@require_safe
def subject(request: HttpRequest, slug: str) -> HttpResponse:
    if slug not in BY_SLUG:
        raise Http404
    context = {"subject": BY_SLUG[slug], "others": [s for s in SUBJECTS if s.slug != slug]}
    return render(request, f"help/{slug}.html", context)
