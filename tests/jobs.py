"""Procrastinate's worker without threads, polling or a second connection, for tests."""

from __future__ import annotations

import json
import time
from typing import Any

from procrastinate import exceptions, sql, utils
from procrastinate.contrib.django.procrastinate_app import app
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job

LIMIT = 2000


def run_due_jobs(*, later: bool = False, raising: bool = True) -> int:
    """Run jobs as a worker would: in order, one per lock, with their retry rules. Returns how many ran.

    `later` also runs those whose time has not come. What a job raises is raised here when it is not
    to be retried; with `raising=False` the job only ends as failed, as it does in a worker.
    """
    count = 0
    while job := _next(later):
        _run(job, raising)
        count += 1
        assert count < LIMIT, f"{job.task_name} defers itself without end"
    return count


def _next(later: bool) -> Job | None:
    connector: Any = app.connector
    if later:
        connector.execute_query("UPDATE procrastinate_jobs SET scheduled_at = NULL WHERE status = 'todo'")
    row = connector.execute_query_one(sql.queries["fetch_job"], queues=None, worker_id=None)
    if row["id"] is None:
        return None
    return Job.from_row({**row, "args": json.loads(row["args"])})  # Django leaves JSON as text


def _run(job: Job, raising: bool) -> None:
    task = app.tasks[job.task_name]
    context = JobContext(app=app, job=job, start_timestamp=time.time(), abort_reason=lambda: None)
    try:
        task(*([context] if task.pass_context else []), **job.task_kwargs)
    except Exception as error:
        if retry := task.get_retry_exception(exception=error, job=job):
            _retry(job, retry)
            return
        _finish(job, "failed")
        if raising:
            raise
    else:
        _finish(job, "succeeded")


def _retry(job: Job, retry: exceptions.JobRetry) -> None:
    decision = retry.retry_decision
    app.connector.execute_query(
        sql.queries["retry_job"],
        job_id=job.id,
        retry_at=decision.retry_at or utils.utcnow(),
        new_priority=decision.priority,
        new_queue_name=decision.queue,
        new_lock=decision.lock,
    )


def _finish(job: Job, status: str) -> None:
    app.connector.execute_query(
        sql.queries["finish_job"], job_id=job.id, status=status, delete_job=status == "succeeded"
    )
