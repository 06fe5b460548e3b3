"""Finds what a dead worker, a killed process or a lost job left behind."""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from procrastinate import exceptions, sql, utils
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from channels_whatsapp.models import BadSignature, Receipt
from channels_whatsapp.replaying import TRIES
from inbox import statuses
from inbox.models import Attachment, Message, SendAttempt

# A worker beats every 10 seconds; after this many without a beat it is gone.
SILENT_SECONDS = 30
# Longer than any call can take.
CALL_SECONDS = 60
# Younger rows have a job that is being written or waits in the queue.
FORGOTTEN_SECONDS = 60
BATCH = 500
# A job that ends its worker each time must not do so for ever.
MOST_ATTEMPTS = 20
FAILED_JOB_HOURS = 30 * 24
LOST = "The worker stopped during the call."

Outcome = SendAttempt.Outcome
logger = logging.getLogger(__name__)


def lock_of(conversation_id: int) -> str:
    return f"conversation-{conversation_id}"


def free_stalled_jobs(own: int | None) -> int:
    """Give the jobs of dead workers to living ones. Returns how many.

    Nothing else does: such a job stays "doing", and its lock would freeze its conversation for ever.
    """
    stalled = stalled_jobs().exclude(pk=own)
    for job in stalled:
        if job.task_name == "send_message":
            lose_calls(Q(message__conversation__messages=job.args["message_id"]))
        give_back(job)
    if stalled:
        logger.warning("sweep: %d jobs of stopped workers start again", len(stalled))
    return len(stalled)


def give_back(job: ProcrastinateJob) -> None:
    """Let it start again; or end it when it had its chances, or when one of its kind waits already."""
    try:
        if job.attempts < MOST_ATTEMPTS and starts_again(job):
            return
        with transaction.atomic():
            app.connector.execute_query(  # type: ignore[attr-defined]
                sql.queries["finish_job"], job_id=job.pk, status="failed", delete_job=False
            )
    except exceptions.ConnectorException as error:
        # Its worker was only slow, or another sweep was first. The other jobs must not suffer for it.
        logger.info("sweep: job %s is settled already: %s", job.pk, error.__cause__)


def starts_again(job: ProcrastinateJob) -> bool:
    """False when another job waits under its queueing lock, and will do the same."""
    try:
        with transaction.atomic():
            app.job_manager.retry_job_by_id(job.pk, retry_at=utils.utcnow())
    except exceptions.UniqueViolation:
        return False
    return True


def stalled_jobs() -> QuerySet[ProcrastinateJob]:
    silent = Q(worker__last_heartbeat__lt=Now() - timedelta(seconds=SILENT_SECONDS))
    return ProcrastinateJob.objects.filter(silent | Q(worker__isnull=True), status="doing")


def lose_calls(which: Q) -> int:
    """Their outcome is unknown now. Never sent again from here (sending.py)."""
    attempts = SendAttempt.objects.filter(which, outcome=Outcome.CALLING)
    return sum(attempt.lose(LOST) for attempt in attempts.select_related("message__conversation").distinct())


def lose_old_calls() -> int:
    return lose_calls(Q(started_at__lt=Now() - timedelta(seconds=CALL_SECONDS)))


def forgotten_messages() -> list[Message]:
    """One queued message of each conversation that no job looks after."""
    old = Now() - timedelta(seconds=FORGOTTEN_SECONDS)
    queued = Message.objects.filter(status=statuses.QUEUED, created_at__lt=old).order_by("pk")[:BATCH]
    by_lock = {lock_of(message.conversation_id): message for message in reversed(queued)}
    waiting = ProcrastinateJob.objects.filter(lock__in=by_lock, status__in=["todo", "doing"])
    kept = set(waiting.values_list("lock", flat=True))
    return [message for lock, message in by_lock.items() if lock not in kept]


def forgotten_attachments() -> list[Attachment]:
    old = Now() - timedelta(seconds=FORGOTTEN_SECONDS)
    pending = Attachment.objects.filter(state=Attachment.State.PENDING, created_at__lt=old)
    pending = pending.exclude(source_url="")
    jobs = ProcrastinateJob.objects.filter(task_name="fetch_attachment", status__in=["todo", "doing"])
    kept = {args["attachment_id"] for args in jobs.values_list("args", flat=True)}
    return [attachment for attachment in pending.order_by("pk")[:BATCH] if attachment.pk not in kept]


def forgotten_receipts() -> list[Receipt]:
    """Failed through a fault of ours, with tries left, and no job looks after them."""
    old = Now() - timedelta(seconds=FORGOTTEN_SECONDS)
    failed = Receipt.objects.filter(outcome=Receipt.Outcome.FAILED, tries__lt=TRIES, received_at__lt=old)
    jobs = ProcrastinateJob.objects.filter(task_name="retry_receipt", status__in=["todo", "doing"])
    kept = {args["receipt_id"] for args in jobs.values_list("args", flat=True)}
    return [receipt for receipt in failed.order_by("pk")[:BATCH] if receipt.pk not in kept]


def expire_receipts() -> int:
    """Delete webhooks older than RECEIPT_DAYS; the messages they became stay."""
    old = Now() - timedelta(days=settings.RECEIPT_DAYS)
    BadSignature.objects.filter(minute__lt=old).delete()
    count = 0
    while some := list(Receipt.objects.filter(received_at__lt=old).values_list("pk", flat=True)[:BATCH]):
        count += Receipt.objects.filter(pk__in=some).delete()[0]
    return count


def remove_old_jobs() -> None:
    """Failed jobs are kept for a month to be looked at; the queue stays small and fast."""
    app.connector.execute_query(  # type: ignore[attr-defined]
        sql.queries["delete_old_jobs"],
        nb_hours=FAILED_JOB_HOURS,
        statuses=["succeeded", "failed", "cancelled", "aborted"],
        queue=None,
    )
