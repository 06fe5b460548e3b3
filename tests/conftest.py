"""Tests run on a PostgreSQL of their own under .data/test, or on DATABASE_URL; never on the run's data."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT_SID = "AC" + "5e1f" * 8
AUTH_TOKEN = "0123456789abcdef" * 2

# Everything a `.env` could say is said here first, so that tests do not depend on whose desk this is.
os.environ |= {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "DATA_DIR": str(ROOT / ".data" / "test"),
    "SECRET_KEY": "a key for tests only, forty characters long",
    "DEBUG": "0",
    "DEMO": "0",
    "PORT": "8000",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],testserver,inbox.example",
    "PUBLIC_BASE_URL": "https://inbox.example",
    "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
    "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
    "TWILIO_WHATSAPP_FROM": "whatsapp:+14155238886",
    "WHATSAPP_BUSINESS_PHONE_NUMBER": "",
    # Nothing listens on the discard port: a test that forgets its fake fails, and calls nobody.
    "TWILIO_API_BASE_URL": "http://127.0.0.1:9",
    "DATABASE_URL": os.environ.get("DATABASE_URL", ""),
    "DATABASE_DIRECT_URL": "",
    "METRICS_TOKEN": "",
    "LOG_LEVEL": "WARNING",
    "TIME_ZONE": "UTC",
    "LANGUAGES": "en,ar,he",
}

import django  # noqa: E402
from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402

from config import postgres  # noqa: E402
from tests.jobs import run_due_jobs  # noqa: E402

django.setup()  # so that the conftests below this one may import models
settings.STATIC_ROOT.mkdir(mode=0o700, parents=True, exist_ok=True)
# Threads of a test give their connection back, so that none is left open when the thread is gone.
settings.DATABASES["default"]["CONN_MAX_AGE"] = 0
settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
settings.MEDIA_ROOT = Path(tempfile.mkdtemp(prefix="fanlight-media-"))


def free_slot() -> Iterator[int]:
    """A number that no other test run on this machine uses now, for the name of the test database."""
    settings.DATA_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    for number in range(100):
        with (settings.DATA_DIR / f"slot-{number}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """Start the server only when the first test wants a database."""
    if settings.EMBEDDED_POSTGRES:
        postgres.ensure_running(settings.DATA_DIR)
    database = settings.DATABASES["default"]
    for number in free_slot():
        database["TEST"] = {**database.get("TEST", {}), "NAME": f"test_{database['NAME']}_{number}"}
        yield


# A busy machine is slow, which says nothing about a property.
hypothesis.settings.register_profile(
    "patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("patient")

# Two halves of about the same length, for two cores. Whatever runs real processes against the clock is
# in one of them, so that such tests never disturb each other.
ONE_HALF = ("browser", "inbox", "simulator")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests last: Playwright's event loop stays in the thread for the rest of the run."""
    items.sort(key=lambda item: folder_of(item) == "browser")
    for item in items:
        half = "one" if folder_of(item) in ONE_HALF else "other"
        item.add_marker(pytest.mark.xdist_group(half))


def folder_of(item: pytest.Item) -> str:
    return item.path.relative_to(ROOT / "tests").parts[0]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [r for r in terminalreporter.getreports("skipped") if "no Chromium here" in str(r.longrepr)]
    if skipped:
        terminalreporter.section("BROWSER TESTS DID NOT RUN", sep="!", red=True)
        terminalreporter.line(
            f"{len(skipped)} tests need a Chromium. Install one, or set CHROMIUM to its path."
        )


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Connections hidden from Django by Playwright's event loop would keep the database from going."""
    yield
    mine = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
    with django_db_blocker.unblock(), connection._nodb_cursor() as cursor:
        cursor.execute(mine, [connection.settings_dict["NAME"]])


@pytest.fixture
def run_jobs() -> Callable[..., int]:
    """`run_jobs()` runs every job that is due, in this thread and transaction, and returns how many.

    `run_jobs(later=True)` also runs those that wait for their time (retries, snoozes).
    """
    return run_due_jobs


@pytest.fixture(autouse=True)
def _empty_queue(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Procrastinate's tables are not Django's, so nobody empties them after a test that commits."""
    yield
    marker = request.node.get_closest_marker("django_db")
    commits = {"transactional_db", "live_server"} & set(request.fixturenames)
    if commits or (marker and marker.kwargs.get("transaction")):
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("TRUNCATE procrastinate_workers, procrastinate_jobs, procrastinate_events CASCADE")
