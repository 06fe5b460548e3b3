"""What sending has cost; for admins."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from templates_mgmt.costs import Costs, Month


@require_GET
def costs(request: HttpRequest) -> HttpResponse:
    """:raises Http404: for all but admins."""
    if not request.user.is_admin:
        raise Http404
    today = timezone.localdate()
    month = Month.of(request.GET.get("month", ""), today)
    context = {
        "costs": Costs(request.user, month),
        "month": month,
        "is_last": month.first >= today.replace(day=1),
        "section": "templates",
    }
    return render(request, "templates_mgmt/costs.html", context)
