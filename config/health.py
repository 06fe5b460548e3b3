"""Is it up, can it work, and how is it doing: for load balancers, alarms and people."""

from __future__ import annotations

import ipaddress
import shutil
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

WORKER_SECONDS = 60  # a worker reports every 10 s
QUEUED_SECONDS = 300

# Each is one number, or NULL when there is nothing to measure; small index reads all of them.
FIGURES = {
    "oldest_queued_seconds": (
        "Age of the oldest message that waits to be sent",
        "SELECT extract(epoch FROM now() - min(created_at)) FROM inbox_message WHERE status = 'queued'",
    ),
    "unknown_messages": (
        "Messages of which nobody knows yet whether they were sent",
        "SELECT count(*) FROM inbox_message WHERE status = 'unknown'",
    ),
    "jobs_waiting": (
        "Jobs that are due",
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'"
        " AND (scheduled_at IS NULL OR scheduled_at <= now())",
    ),
    "jobs_stalled": (
        "Jobs whose worker is gone",
        "SELECT count(*) FROM procrastinate_jobs job"
        " LEFT JOIN procrastinate_workers w ON w.id = job.worker_id"
        " WHERE job.status = 'doing' AND (w.id IS NULL OR w.last_heartbeat < now() - interval '30 s')",
    ),
    "worker_seconds": (
        "Time since a worker last reported",
        "SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers",
    ),
    "senders_drifted": (
        "Numbers about which Twilio says something else than we do",
        "SELECT count(*) FROM channels_whatsapp_sender WHERE drift <> '[]'::jsonb",
    ),
    "accounts_locked_out": (
        "Twilio accounts whose token Twilio and we do not agree about",
        "SELECT count(*) FROM channels_whatsapp_account"
        " WHERE refused_since IS NOT NULL OR unsigned_since IS NOT NULL",
    ),
    "receipts_failed": (
        "Webhooks that could not be processed",
        "SELECT count(*) FROM channels_whatsapp_receipt WHERE outcome = 'failed'",
    ),
    "receipts_unmatched": (
        "Webhooks for a number that is not ours",
        "SELECT count(*) FROM channels_whatsapp_receipt WHERE outcome = 'unmatched'",
    ),
    "wrong_signatures_hour": (
        "Webhooks refused in the last hour",
        "SELECT coalesce(sum(count), 0) FROM channels_whatsapp_badsignature"
        " WHERE minute > now() - interval '1 hour'",
    ),
}
# Only one day back, so that a silent number costs no more than a busy one.
LAST_WEBHOOKS = """
SELECT sender.address, extract(epoch FROM now() - last.received_at)
FROM channels_whatsapp_sender sender, LATERAL (
    SELECT received_at FROM channels_whatsapp_receipt
    WHERE received_at > now() - interval '1 day' AND kind = 'inbound' AND params->>'To' = sender.address
    ORDER BY received_at DESC LIMIT 1
) last
"""


@login_not_required
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is asked, so that a broken database restarts nothing."""
    return JsonResponse({"status": "ok"})


@login_not_required
def readyz(request: HttpRequest) -> HttpResponse:
    """200 when messages can come and go, else 503 and what is wrong, in words.

    `warnings` is what no other process of ours would do better: it leaves the status alone.
    """
    seen: dict[str, float | None] = {}
    problems = list(find_problems(seen))
    body = {"status": "unavailable" if problems else "ok", "problems": problems}
    if warnings := list(find_warnings(seen)):
        body["warnings"] = warnings
    return JsonResponse(body, status=503 if problems else 200, headers={"Cache-Control": "no-store"})


@login_not_required
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text, for whoever has METRICS_TOKEN; without one, for this machine only."""
    if not may_measure(request):
        return HttpResponse("Set METRICS_TOKEN and send it as a Bearer token.\n", "text/plain", status=403)
    return HttpResponse(generate_latest(registry()), CONTENT_TYPE_LATEST)


def find_problems(seen: dict[str, float | None]) -> Iterator[str]:
    """:param seen: gets the figures."""
    try:
        if not is_migrated():
            yield "The database is not up to date. Run: manage.py migrate"
            return
        seen |= figures()
    except Error:
        yield "The database does not answer."
        return
    yield from working_problems(seen)


def find_warnings(seen: dict[str, float | None]) -> Iterator[str]:
    """What admins see as a banner; no number and no name, for these pages are open."""
    if seen.get("accounts_locked_out"):
        yield "Twilio and we do not agree about an account's token. Open /connect/"
    if seen.get("senders_drifted"):
        yield "Something changed at Twilio. Open /connect/senders/"


def working_problems(seen: dict[str, float | None]) -> Iterator[str]:
    """What keeps messages from coming and going, from the figures."""
    worker, queued = seen["worker_seconds"], seen["oldest_queued_seconds"]
    if worker is None or worker > WORKER_SECONDS:
        since = "No worker runs" if worker is None else f"No worker has reported for {worker:.0f} s"
        yield f"{since}; nothing is sent. Run: manage.py worker"
    if queued is not None and queued > QUEUED_SECONDS:
        yield f"A message has waited {queued:.0f} s to be sent."


_migrated: set[str] = set()  # databases that were found up to date


def is_migrated() -> bool:
    """Asked of the database until it is true; from then on only a restart brings new migrations."""
    name = connection.settings_dict["NAME"]
    if name not in _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated.add(name)
    return True


def figures() -> dict[str, float | None]:
    """Every figure's value, in one round trip."""
    parts = ", ".join(f"({query})" for _, query in FIGURES.values())
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {parts}")
        row = cursor.fetchone()
    return {name: None if value is None else float(value) for name, value in zip(FIGURES, row, strict=True)}


def may_measure(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "")
        return constant_time_compare(sent, f"Bearer {settings.METRICS_TOKEN}")
    proxied = {"X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "X-Real-Ip", "Via"} & set(request.headers)
    host = request.get_host().rsplit(":", 1)[0].strip("[]")
    return not proxied and is_loopback(request.META.get("REMOTE_ADDR", "")) and is_loopback(host)


def is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def registry() -> CollectorRegistry:
    """Values that cannot be had are left out, so that an alarm on absence works; `fanlight_up` stays."""
    made = CollectorRegistry()
    up = gauge(made, "up", "Whether the database answered")
    gauge(made, "disk_free_bytes", "Room left under DATA_DIR").set(shutil.disk_usage(settings.DATA_DIR).free)
    try:
        for name, value in figures().items():
            if value is not None:
                gauge(made, name, FIGURES[name][0]).set(value)
        by_sender = gauge(made, "last_webhook_seconds", "Time since a customer's message", ["sender"])
        for sender, seconds in last_webhooks():
            by_sender.labels(sender).set(seconds)
        up.set(1)
    except Error:
        up.set(0)
    return made


def gauge(made: CollectorRegistry, name: str, text: str, labels: Any = ()) -> Gauge:
    return Gauge(f"fanlight_{name}", text, labels, registry=made)


def last_webhooks() -> list[tuple[str, float]]:
    with connection.cursor() as cursor:
        cursor.execute(LAST_WEBHOOKS)
        return [(sender, float(seconds)) for sender, seconds in cursor.fetchall()]
