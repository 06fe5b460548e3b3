from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client, override_settings

from config import health


def test_the_process_says_it_is_up_without_a_database(client: Client) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.fixture
def worker(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers DEFAULT VALUES")


def test_it_is_ready_with_a_worker(client: Client, worker: None) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "problems": []})


@pytest.mark.django_db
def test_it_is_not_ready_without_one_and_says_so(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["No worker runs; nothing is sent. Run: manage.py worker"]


def test_it_is_not_ready_when_the_worker_fell_silent(client: Client, worker: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_workers SET last_heartbeat = now() - interval '5 min'")
    assert "No worker has reported for 300 s" in client.get("/readyz").json()["problems"][0]


@pytest.mark.parametrize(
    ("worker", "queued", "words"),
    [(5.0, None, []), (5.0, 10.0, []), (5.0, 900.0, ["A message has waited 900 s to be sent."])],
)
def test_a_message_that_waits_long_is_a_problem(
    worker: float, queued: float | None, words: list[str]
) -> None:
    seen = {"worker_seconds": worker, "oldest_queued_seconds": queued}
    assert list(health.working_problems(seen)) == words


def test_without_a_database_it_says_that(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> bool:
        raise health.Error

    monkeypatch.setattr(health, "is_migrated", gone)
    assert client.get("/readyz").json()["problems"] == ["The database does not answer."]


@pytest.mark.django_db
def test_metrics_are_prometheus_text(client: Client, worker: None) -> None:
    text = client.get("/metrics", headers={"host": "localhost:8000"}).content.decode()
    assert "fanlight_up 1.0" in text
    assert "fanlight_jobs_waiting 0.0" in text
    assert "fanlight_worker_seconds" in text
    assert "fanlight_disk_free_bytes" in text


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"host": "localhost"}, "192.0.2.1"),
        ({"host": "localhost", "x-forwarded-for": "192.0.2.1"}, "127.0.0.1"),
        ({"host": "inbox.example"}, "127.0.0.1"),
        ({"host": "localhost"}, ""),
    ],
)
def test_metrics_are_for_this_machine_only(client: Client, headers: dict[str, str], address: str) -> None:
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == 403


@pytest.mark.django_db
@override_settings(METRICS_TOKEN="a long token")
def test_metrics_with_a_token_are_for_who_has_it(client: Client) -> None:
    good = {"authorization": "Bearer a long token"}
    assert client.get("/metrics", headers=good, REMOTE_ADDR="192.0.2.1").status_code == 200
    for headers in ({}, {"authorization": "Bearer another"}, {"authorization": "a long token"}):
        assert client.get("/metrics", headers={"host": "localhost", **headers}).status_code == 403
