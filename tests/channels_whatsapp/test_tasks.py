from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Job

from channels_whatsapp import retries, sweeping, tasks
from channels_whatsapp.models import BadSignature, Receipt, Sender
from channels_whatsapp.retries import Again, TryAgain, backoff
from channels_whatsapp.simulator import Simulator
from inbox import statuses
from inbox.models import Attachment, Channel, Conversation, Message, SendAttempt
from tests import world
from tests.jobs import run_due_jobs

Outcome = SendAttempt.Outcome


def execute(query: str, *values: object) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall() if cursor.description else []


def die_while_doing(job_id: int, seconds_ago: int = 40) -> None:
    """The job was taken by a worker that is dead since."""
    [(worker,)] = execute(
        "INSERT INTO procrastinate_workers (last_heartbeat)"
        " VALUES (now() - make_interval(secs => %s)) RETURNING id",
        seconds_ago,
    )
    execute("UPDATE procrastinate_jobs SET status = 'doing', worker_id = %s WHERE id = %s", worker, job_id)


def sweep() -> None:
    tasks.defer_once(tasks.sweep)
    run_due_jobs()


@pytest.mark.django_db
def test_a_message_and_its_job_wait_under_their_conversations_lock() -> None:
    conversation = world.conversation()
    [message] = conversation.reply("hello", by=None)
    job = ProcrastinateJob.objects.get()
    assert (job.task_name, job.args, job.lock) == (
        "send_message", {"message_id": message.pk}, f"conversation-{conversation.pk}",
    )  # fmt: skip


def test_a_stalled_send_frees_its_conversation_and_is_never_posted_again(sim: Simulator, talk: Any) -> None:
    conversation = talk()
    [first] = conversation.reply("the worker died during this one", by=None)
    [second] = conversation.reply("this one waits behind it", by=None)
    die_while_doing(ProcrastinateJob.objects.earliest("pk").pk)
    SendAttempt.claim(first)
    assert run_due_jobs() == 0  # the dead worker's lock

    sweep()
    assert Message.objects.get(pk=first.pk).status == statuses.UNKNOWN
    SendAttempt.objects.update(started_at=F("started_at") - timedelta(seconds=100))
    run_due_jobs(later=True)
    assert Message.objects.get(pk=second.pk).status in (statuses.ACCEPTED, statuses.SENT, statuses.DELIVERED)
    assert [m.body for m in sim.twilio.messages.values() if not m.inbound] == ["this one waits behind it"]


@pytest.mark.django_db
def test_a_job_of_a_living_worker_is_left_alone() -> None:
    world.conversation().reply("hello", by=None)
    job = ProcrastinateJob.objects.get()
    die_while_doing(job.pk, seconds_ago=5)
    assert sweeping.free_stalled_jobs(own=None) == 0


@pytest.mark.django_db
def test_a_job_that_ends_every_worker_is_given_up() -> None:
    world.conversation().reply("hello", by=None)
    job = ProcrastinateJob.objects.get()
    die_while_doing(job.pk)
    execute("UPDATE procrastinate_jobs SET attempts = 20")
    sweeping.free_stalled_jobs(own=None)
    assert ProcrastinateJob.objects.get().status == "failed"


@pytest.mark.django_db
def test_workers_that_died_sweeping_do_not_end_all_sweeping() -> None:
    """Of their jobs only one can wait again, under the queueing lock that they have in common."""
    for _ in range(2):
        tasks.sweep.defer(timestamp=0)
        die_while_doing(ProcrastinateJob.objects.latest("pk").pk)
    world.conversation().reply("hello", by=None)
    frozen = ProcrastinateJob.objects.latest("pk")
    die_while_doing(frozen.pk)
    assert sweeping.free_stalled_jobs(own=None) == 3
    left = ProcrastinateJob.objects.filter(task_name="sweep").order_by("pk")
    assert [job.status for job in left] == ["todo", "failed"]
    assert ProcrastinateJob.objects.get(pk=frozen.pk).status == "todo"


@pytest.mark.django_db
def test_a_job_that_was_settled_meanwhile_is_left_alone() -> None:
    tasks.sweep.defer(timestamp=0)
    job = ProcrastinateJob.objects.get()
    execute("UPDATE procrastinate_jobs SET status = 'succeeded'")
    sweeping.give_back(job)
    assert ProcrastinateJob.objects.get().status == "succeeded"


@pytest.mark.django_db
def test_a_call_that_took_too_long_is_unknown() -> None:
    message = world.message(world.conversation(), "hello", "outbound")
    attempt = SendAttempt.claim(message)
    sweep()
    assert SendAttempt.objects.get().outcome == Outcome.CALLING
    SendAttempt.objects.update(started_at=Now() - timedelta(seconds=61))
    sweep()
    assert SendAttempt.objects.get().outcome == Outcome.UNKNOWN
    assert Message.objects.get().status == statuses.UNKNOWN
    # The worker was only slow: what it says now counts.
    assert attempt and attempt.accept("SM" + "1" * 32)
    assert Message.objects.get().status == statuses.ACCEPTED


def test_a_queued_message_without_a_job_is_found(sim: Simulator, talk: Any) -> None:
    conversation = talk()
    for text in ("one", "two"):
        conversation.reply(text, by=None)
    execute("DELETE FROM procrastinate_jobs")
    sweep()
    assert Message.objects.filter(status=statuses.QUEUED).count() == 2  # too young
    Message.objects.filter(status=statuses.QUEUED).update(created_at=Now() - timedelta(minutes=2))
    assert len(sweeping.forgotten_messages()) == 1
    sweep()
    assert [m.body for m in sim.twilio.messages.values() if not m.inbound] == ["one", "two"]


@pytest.mark.django_db
def test_a_pending_file_without_a_job_is_found() -> None:
    conversation = world.conversation()
    message = world.message(conversation)
    old = Now() - timedelta(minutes=2)
    lost, kept = (
        Attachment.objects.create(
            conversation=conversation, message=message, position=n, source_url="https://x", created_at=old
        )
        for n in range(2)
    )
    tasks.defer_fetch(kept)
    assert sweeping.forgotten_attachments() == [lost]


@pytest.mark.django_db
def test_old_receipts_expire_and_young_ones_stay(settings: Any) -> None:
    for days in (1, settings.RECEIPT_DAYS + 1):
        Receipt.objects.create(
            kind="inbound",
            account_sid="AC",
            key=str(days),
            params={},
            received_at=Now() - timedelta(days=days),
        )
        BadSignature.objects.create(minute=Now() - timedelta(days=days), path="/x")
    tasks.defer_once(tasks.expire)
    run_due_jobs()
    assert [receipt.key for receipt in Receipt.objects.all()] == ["1"]
    assert BadSignature.objects.count() == 1


@pytest.mark.django_db
def test_a_worker_begins_with_a_sweep_and_a_comparison_once() -> None:
    tasks.at_start()
    tasks.at_start()
    names = sorted(ProcrastinateJob.objects.values_list("task_name", flat=True))
    assert names == ["drift", "reconcile", "resolve_unknown", "sweep"]
    assert Sender.objects.get().address == "whatsapp:+14155238886"


def test_what_must_happen_by_the_clock_is_on_it() -> None:
    crons = {each.task.name: each.cron for each in app.periodic_registry.periodic_tasks.values()}
    ours = {"sweep", "resolve_unknown", "reconcile", "reconcile_days", "expire", "drift", "watch_signatures"}
    assert ours <= set(crons)
    assert crons["sweep"] == crons["resolve_unknown"] == "* * * * *"


def test_the_dots_show_once_and_mark_the_message_read(sim: Simulator, talk: Any) -> None:
    conversation: Conversation = talk()
    Channel.objects.update(shows_typing=True)
    tasks.defer_typing(conversation)
    tasks.defer_typing(conversation)
    assert run_due_jobs() == 1
    assert sim.twilio.typing
    assert sim.calls("POST", "Typing") == 1


def test_dots_that_cannot_be_shown_are_no_failure(sim: Simulator, talk: Any) -> None:
    conversation = talk()
    sim.faults.add("error_before", on="POST *Typing*")
    tasks.defer_typing(conversation)
    assert run_due_jobs() == 1


def job_after(attempts: int) -> Job:
    return Job(id=1, queue="default", lock=None, queueing_lock=None, task_name="x", attempts=attempts)


def test_waits_grow_are_capped_and_spread() -> None:
    for tries, exact in [(1, 1), (2, 2), (3, 4), (7, 60), (500, 60)]:
        waits = [backoff(tries) for _ in range(200)]
        assert all(0.8 * exact <= wait <= 1.2 * exact for wait in waits)
        assert max(waits) - min(waits) > 0.1 * exact


@pytest.mark.parametrize(
    ("error", "attempts", "again"),
    [
        (ValueError(), 0, True),
        (ValueError(), 4, True),
        (ValueError(), 5, False),
        (TryAgain(30), 1000, True),
        (KeyboardInterrupt(), 0, False),
    ],
)
def test_a_job_is_tried_again_a_few_times_or_as_often_as_it_asks(
    error: BaseException, attempts: int, again: bool
) -> None:
    decision = Again(times=5).get_retry_decision(exception=error, job=job_after(attempts))
    assert (decision is not None) is again


def test_a_job_that_asks_waits_as_long_as_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, float]] = []
    monkeypatch.setattr(retries, "RetryDecision", lambda retry_in: asked.append(retry_in))
    Again().get_retry_decision(exception=TryAgain(7.5), job=job_after(0))
    assert asked == [{"seconds": 7.5}]
