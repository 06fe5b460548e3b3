"""A place to measure in: data directory, PostgreSQL, one database per variant, processes, and their end."""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

ROOT = Path(__file__).resolve().parent.parent
ACCOUNT_SID = "AC" + "0123456789abcdef" * 2
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
PUBLIC_BASE_URL = "https://inbox.example"
NUMBER = "whatsapp:+447700900142"
READY_SECONDS, STOP_SECONDS = 60.0, 15.0
UVICORN = [
    *("-m", "uvicorn", "--host", "127.0.0.1", "--no-access-log", "--no-server-header", "--no-proxy-headers"),
    *("--log-level", "warning", "--timeout-graceful-shutdown", "3"),
]


class WrongCount(AssertionError):
    """What is stored is not what was sent: no figure of this run means anything."""


class NotRunning(RuntimeError):
    """A process that we started has ended, or does not answer."""


@contextmanager
def temporary_installation(options: argparse.Namespace) -> Iterator[Installation]:
    directory = Path(tempfile.mkdtemp(prefix="fanlight-bench-"))
    os.environ |= environment(directory)
    # Only now: the settings read the environment when they are imported.
    import django

    from config import postgres

    try:
        postgres.ensure_running(directory)
        django.setup()
        installation = Installation(directory, options)
        installation.prepare()
        yield installation
    finally:
        close_connections()
        postgres.release(directory)
        shutil.rmtree(directory, ignore_errors=True)


def environment(data_dir: Path) -> dict[str, str]:
    """Everything that a `.env` could say, so that figures do not depend on whose desk this is."""
    empty = (
        "DATABASE_URL",
        "DATABASE_DIRECT_URL",
        "TWILIO_API_BASE_URL",
        "METRICS_TOKEN",
        "WHATSAPP_BUSINESS_PHONE_NUMBER",
    )
    return dict.fromkeys(empty, "") | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATA_DIR": str(data_dir),
        "SECRET_KEY": "a key for benchmarks only, forty characters long",
        "DEBUG": "0",
        "DEMO": "0",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,inbox.example",
        "PUBLIC_BASE_URL": PUBLIC_BASE_URL,
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_WHATSAPP_FROM": NUMBER,
        "LOG_LEVEL": "WARNING",
        "TIME_ZONE": "UTC",
        "PYTHONUNBUFFERED": "1",
    }


def close_connections() -> None:
    from django.apps import apps
    from django.db import connections

    if apps.ready:
        connections.close_all()


class Installation:
    """The product's code on databases of its own. `rounds` and `quick` are what was asked for."""

    def __init__(self, data_dir: Path, options: argparse.Namespace) -> None:
        self.data_dir = data_dir
        self.quick: bool = options.quick
        self.rounds: int = 1 if options.quick else options.rounds
        self.explain: str | None = options.explain

    def prepare(self) -> None:
        """The database that all others are copies of, and the static files as production serves them."""
        from django.core.management import call_command

        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        make_channel()
        close_connections()

    # Databases

    def database(self, name: str, *, empty: bool = False) -> str:
        """Make one, as migrated or empty, and return its address."""
        from config import postgres

        template = "template1" if empty else postgres.DATABASE
        with self.connection("postgres") as connection, connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.address(name)

    def address(self, name: str) -> str:
        from config import postgres

        return postgres.url(self.data_dir).rsplit("/", 1)[0] + f"/{name}"

    @contextmanager
    def connection(self, name: str) -> Iterator[BaseDatabaseWrapper]:
        made = connection_to(name)
        try:
            yield made
        finally:
            made.close()

    @contextmanager
    def using(self, name: str) -> Iterator[BaseDatabaseWrapper]:
        """Django's models in this process speak to that database."""
        with self.connection(name) as connection, as_default(connection):
            yield connection

    # Processes

    @contextmanager
    def web(self, database: str, *, workers: int = 1, application: str = "config.asgi:application",
            **settings: str) -> Iterator[Process]:  # fmt: skip
        """A server of an ASGI application, ready when it accepts connections."""
        port = free_port()
        words = [*UVICORN, "--port", str(port), "--workers", str(workers), application]
        with self.process(words, database, port=port, **settings) as process:
            process.wait_for_port()
            yield process

    @contextmanager
    def process(
        self, words: list[str], database: str, *, port: int = 0, **settings: str
    ) -> Iterator[Process]:
        environment = {
            **os.environ,
            "DATABASE_URL": self.address(database),
            "PORT": str(port or 8000),
            **settings,
        }
        log = self.data_dir / f"{database}-{words[1].rpartition('/')[2]}-{port}.log"
        with log.open("wb") as output:
            started = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment, stdout=output,
                                       stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)  # fmt: skip
        process = Process(started, port, log)
        try:
            yield process
        finally:
            process.stop()


class Process:
    """One that we started, and what it says."""

    def __init__(self, started: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.started, self.port, self.log = started, port, log

    @property
    def pid(self) -> int:
        return self.started.pid

    def wait_for_port(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not accepts(self.port):
            self.must_run()
            if time.monotonic() > deadline:
                raise NotRunning(self.output)
            time.sleep(0.05)

    def must_run(self) -> None:
        """:raises NotRunning: with what it said last."""
        if self.started.poll() is not None:
            raise NotRunning(self.output)

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")[-3000:]

    def stop(self) -> float:
        """Ask it to stop; returns the seconds that it took."""
        began = time.monotonic()
        if self.started.poll() is None:
            self.started.terminate()
            try:
                self.started.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.started.kill()
                self.started.wait()
        return time.monotonic() - began


def accepts(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def connection_to(name: str) -> BaseDatabaseWrapper:
    from django.db import connections

    made = connections.create_connection("default")
    made.settings_dict = {**made.settings_dict, "NAME": name}  # a copy: other connections keep their database
    return made


@contextmanager
def as_default(connection: BaseDatabaseWrapper) -> Iterator[None]:
    from django.db import connections

    before: Any = connections["default"]
    connections["default"] = connection
    try:
        yield
    finally:
        connections["default"] = before


def make_channel() -> None:
    from channels_whatsapp.models import Account, Sender
    from inbox.models import Channel

    channel = Channel.objects.create(name="Shop", address=NUMBER)
    account, _made = Account.objects.get_or_create(sid=ACCOUNT_SID)
    Sender.objects.create(channel=channel, account=account, address=NUMBER)
