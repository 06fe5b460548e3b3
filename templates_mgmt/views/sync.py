"""How old the comparison with Twilio is, and asking for a new one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event

from inbox import clock
from inbox.models import Agent
from inbox.refusals import Refused
from inbox.views.fragments import number
from templates_mgmt import syncing
from templates_mgmt.access import accounts_for, may_manage, must_manage
from templates_mgmt.models import Sync
from templates_mgmt.views.answers import refused

# The job that was asked for should have begun by then.
PATIENCE = timedelta(minutes=2)


@require_http_methods(["GET", "POST"])
def sync(request: HttpRequest) -> HttpResponse:
    """POST asks for it; GET says how it goes, with `since` when it was asked for, in seconds since 1970."""
    if request.method == "GET":
        return _answer(request, number(request.GET.get("since")))
    try:
        must_manage(request.user)
    except Refused as refusal:
        return refused(request, refusal)
    now = clock.now()
    for account in accounts_for(request.user):
        syncing.request(account, by=request.user)
    if request.htmx:
        return _answer(request, int(now.timestamp()))
    messages.success(request, _("Being compared with Twilio’s list. Look again in a moment."))
    return redirect("templates_mgmt:templates")


def _answer(request: HttpRequest, since: int) -> HttpResponse:
    context = sync_context(request.user, since)
    response = render(request, "templates_mgmt/_sync.html", context)
    if since and not context["is_syncing"]:
        trigger_client_event(response, "fanlight:list")
    return response


def sync_context(agent: Agent, since: int = 0) -> dict[str, object]:
    """Of all accounts together: the oldest age, the first error."""
    rows = list(Sync.objects.filter(account__in=accounts_for(agent).values("pk")).select_related("account"))
    ages = [row.finished_at for row in rows if row.finished_at]
    failed = next((row for row in rows if row.error), None)
    return {
        "synced_at": min(ages, default=None),
        "sync_error": failed.error if failed else "",
        "is_syncing": any(row.is_running for row in rows) or _is_awaited(rows, since),
        "since": since,
        "now": clock.now(),
        "may_manage": may_manage(agent),
    }


def _is_awaited(rows: list[Sync], since: int) -> bool:
    if not since:
        return False
    asked = datetime.fromtimestamp(since, UTC)
    has_begun = any(row.started_at and row.started_at >= asked for row in rows)
    return not has_begun and clock.now() - asked < PATIENCE
