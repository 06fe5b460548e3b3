"""Is it up, can it work, and how is it doing: for load balancers, alarms and people."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is asked, so that a broken database restarts nothing."""
    return JsonResponse({"status": "ok"})


readyz = metrics = healthz
