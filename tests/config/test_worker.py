from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection, connections, transaction
from procrastinate import RetryStrategy
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.contrib.django.procrastinate_app import app

from config.management.commands.worker import WorkerLoop, worker_app
from tests.jobs import run_due_jobs

seen: list[int] = []


@app.task(name="tests.second")
def second(number: int) -> None:
    seen.append(number)


@app.task(name="tests.defer_and_fail")
def defer_and_fail() -> None:
    with transaction.atomic():
        second.defer(number=1)
        raise RuntimeError("and the job with it")


@app.task(name="tests.twice", retry=RetryStrategy(max_attempts=1, wait=60))
def twice(number: int) -> None:
    seen.append(number)
    raise RuntimeError("again")


@pytest.fixture(autouse=True)
def nothing_seen() -> Iterator[None]:
    seen.clear()
    yield


def work_once() -> None:
    """Let a real worker, with its threads, run what is there."""

    async def work() -> None:
        async with worker_app().open_async() as working:
            await working.run_worker_async(wait=False, install_signal_handlers=False, listen_notify=False)

    thread = threading.Thread(target=lambda: asyncio.run(work()))
    thread.start()
    thread.join()


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_job_deferred_inside_a_task_rolls_back_with_it() -> None:
    defer_and_fail.defer()
    work_once()
    ours = ProcrastinateJob.objects.filter(task_name__startswith="tests.")  # others come by the clock
    assert list(ours.values_list("task_name", "status")) == [("tests.defer_and_fail", "failed")]
    assert seen == []


@pytest.mark.django_db(transaction=True)
def test_a_worker_comes_back_after_the_database_cut_it_off() -> None:
    second.defer(number=1)
    loop = WorkerLoop(concurrency=2, grace=1)
    worker = threading.Thread(target=_run_without_signals, args=(loop,))
    worker.start()
    try:
        _until(lambda: seen == [1])
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database()"
            )
        second.defer(number=2)
        _until(lambda: seen == [1, 2])
    finally:
        loop.stop_from_outside()
        worker.join(20)
    assert not worker.is_alive()


def _run_without_signals(loop: WorkerLoop) -> None:
    loop.run()
    connections.close_all()


def _until(condition: object, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.django_db
def test_the_runner_of_the_tests_obeys_retries_and_locks() -> None:
    twice.configure(lock="one").defer(number=1)
    second.configure(lock="one").defer(number=2)
    second.defer(number=3)
    assert run_due_jobs() == 2  # the second of the lock waits for the first one's retry
    assert seen == [1, 3]
    assert run_due_jobs(later=True, raising=False) == 2
    assert seen == [1, 3, 1, 2]


@pytest.mark.django_db
def test_the_runner_of_the_tests_is_quick() -> None:
    started = time.perf_counter()
    for number in range(20):
        second.defer(number=number)
        assert run_due_jobs() == 1
    assert (time.perf_counter() - started) / 20 < 0.05


@pytest.mark.django_db
def test_the_runner_of_the_tests_shows_what_went_wrong() -> None:
    defer_and_fail.defer()
    with pytest.raises(RuntimeError):
        run_due_jobs()
