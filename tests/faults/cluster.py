"""The product as processes on free loopback ports, to be killed; and the pretend Twilio in this one.

`Ground` is a data directory with a PostgreSQL of its own and a prepared database. A `Cluster` is a copy of
that database with the product running on it: `serve` with its web processes, and beside it a worker that
a test may kill and start at any moment. The simulator runs in the test's own process, because faults are
struck from inside its handlers; the product meets it over HTTP all the same.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import urllib3

from channels_whatsapp.simulator import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    SENDER,
    CustomerHandle,
    Simulator,
    running_simulator,
)
from channels_whatsapp.simulator.records import Message
from config import postgres
from tests.browser.stack import ROOT, free_port

PASSWORD = "a pass phrase for fault tests"
AGENTS = ("ada", "ben")
# In one process, because each start of Django costs seconds where cores are few.
PREPARE = f"""
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
for name in {AGENTS}:
    words = {{"username": name, "email": f"{{name}}@inbox.example"}}
    call_command("createsuperuser", interactive=False, verbosity=0, **words)
call_command("create_api_key", "{AGENTS[0]}")
"""
START_SECONDS = 90
THREADS = 8


def wait_until(done: Callable[[], Any], seconds: float, what: str, every: float = 0.1) -> float:
    """Seconds until `done()` was true.

    :raises AssertionError: with `what` when it did not become true in time.
    """
    began = time.monotonic()
    while not done():
        assert time.monotonic() - began < seconds, f"after {seconds:.0f} s: {what}"
        time.sleep(every)
    return time.monotonic() - began


def in_parallel(act: Callable[[Any], Any], things: Iterable[Any], threads: int = THREADS) -> list[Any]:
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(act, things))


class Ground:
    """PostgreSQL and one migrated database with two admins and an API key, to be copied."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.copies = 0
        postgres.ensure_running(data_dir)
        self.api_key = self.manage("shell", "--verbosity", "0", "-c", PREPARE).splitlines()[-1]

    def url(self, database: str = postgres.DATABASE) -> str:
        return postgres.url(self.data_dir).rsplit("/", 1)[0] + f"/{database}"

    def copy(self) -> str:
        """The name of a new database with everything in it."""
        self.copies += 1
        name = f"faults_{self.copies}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {postgres.DATABASE}")
        return name

    def environment(self, database: str = postgres.DATABASE, **settings: str) -> dict[str, str]:
        empty = ("DATABASE_DIRECT_URL", "METRICS_TOKEN", "WHATSAPP_BUSINESS_PHONE_NUMBER")
        ours = {
            "DATA_DIR": str(self.data_dir),
            "DATABASE_URL": self.url(database),
            "SECRET_KEY": "a key for fault tests only, forty characters long",
            "DEBUG": "0",
            "DEMO": "0",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
            "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
            "TWILIO_WHATSAPP_FROM": SENDER,
            "PUBLIC_BASE_URL": "http://127.0.0.1",
            "TWILIO_API_BASE_URL": "http://127.0.0.1:9",
            "API_RATE": "1000000/min",
            "LOG_LEVEL": "WARNING",
            "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
            "PYTHONUNBUFFERED": "1",
        }
        return {**os.environ, **dict.fromkeys(empty, ""), **ours, **settings}

    def manage(self, *words: str, environment: dict[str, str] | None = None, may_fail: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT, env=environment or self.environment(), text=True, capture_output=True, timeout=120,
        )  # fmt: skip
        assert may_fail or done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
        return done.stdout


class Cluster:
    def __init__(self, ground: Ground, sim: Simulator, port: int, **settings: str) -> None:
        self.ground, self.sim, self.port = ground, sim, port
        self.url = f"http://127.0.0.1:{port}"
        self.database = ground.copy()
        base = {"PORT": str(port), "PUBLIC_BASE_URL": self.url, "TWILIO_API_BASE_URL": sim.url}
        self.environment = ground.environment(self.database, **{**base, "TWILIO_TIMEOUT": "2", **settings})
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.pool = urllib3.PoolManager(maxsize=32, retries=False, timeout=20)
        self.customers = 0

    # Processes

    def start(self, *, web: int = 2, worker: bool = True) -> None:
        self._launch("serve", "serve", "--no-worker", "--workers", str(web))
        if worker:
            self.start_worker()
        self.wait_for_web()
        if worker:
            self.wait_for_worker()

    def revive(self) -> None:
        """Start again what a test may have left dead."""
        if "worker" not in self.processes:
            self.start_worker()
        self.wait_for_web()
        self.wait_for_worker()

    def start_worker(self) -> None:
        self._launch("worker", "worker", "--grace", "1")

    def _launch(self, name: str, *words: str) -> None:
        with self.log(name).open("ab") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "manage.py", *words],
                cwd=ROOT, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def log(self, name: str) -> Path:
        return self.ground.data_dir / f"{self.database}-{name}.log"

    def wait_for_web(self, seconds: float = START_SECONDS) -> float:
        return wait_until(self.web_answers, seconds, f"the web does not answer; see {self.log('serve')}")

    def web_answers(self) -> bool:
        try:
            return self.pool.request("GET", f"{self.url}/healthz", timeout=2).status == 200
        except urllib3.exceptions.HTTPError:
            return False

    def wait_for_worker(self) -> None:
        alive = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '8 s'"
        wait_until(lambda: self.one(alive), START_SECONDS, f"no worker; see {self.log('worker')}")

    def web_pids(self) -> list[int]:
        """The processes that answer; `web_master` starts them again. None while there is no master."""
        try:
            workers = psutil.Process(self.web_master()).children()
            return [worker.pid for worker in workers if "spawn_main" in " ".join(worker.cmdline())]
        except (StopIteration, psutil.Error):
            return []

    def web_master(self) -> int:
        """:raises StopIteration: there is none now."""
        family = psutil.Process(self.processes["serve"].pid).children()
        return next(child.pid for child in family if "uvicorn" in child.cmdline())

    def kill_worker(self) -> None:
        process = self.processes.pop("worker")
        process.send_signal(signal.SIGKILL)
        process.wait()

    def stop(self) -> None:
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.pool.clear()

    # The database, as it is

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.ground.url(self.database), autocommit=True) as connection:
            cursor = connection.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def one(self, query: str, *values: object) -> Any:
        return self.rows(query, *values)[0][0]

    def waiting(self, messages: list[int]) -> int:
        """How many of them are not settled yet."""
        return self.one(
            "SELECT count(*) FROM inbox_message WHERE id = ANY(%s) AND status = ANY(%s)",
            messages,
            ["queued", "sending", "unknown"],
        )

    def outbound_to(self, address: str) -> list[int]:
        return [message for (message,) in self.rows(
            """
            SELECT m.id FROM inbox_message m JOIN inbox_conversation c ON c.id = m.conversation_id
            JOIN inbox_address a ON a.contact_id = c.contact_id
            WHERE a.value = %s AND m.direction = 'outbound' ORDER BY m.id
            """, address,
        )]  # fmt: skip

    def wait_until_settled(self, messages: list[int], seconds: float) -> float:
        return wait_until(
            lambda: not self.waiting(messages), seconds, "messages are still waiting", every=0.3
        )

    # What people and programs do

    def manage(self, *words: str, may_fail: bool = False) -> str:
        return self.ground.manage(*words, environment=self.environment, may_fail=may_fail)

    def new_customer(self) -> CustomerHandle:
        self.customers += 1
        return self.sim.customer(f"+4477{self.customers:08d}", name=f"Customer {self.customers}")

    def friends(self, count: int) -> list[CustomerHandle]:
        """Customers who just wrote, so that a reply may go to them."""
        people = [self.new_customer() for _ in range(count)]
        for person in people:
            person.send_text("hello")
        assert self.sim.wait_idle(60)
        return people

    def post_send(self, to: str, text: str, key: str = "") -> urllib3.BaseHTTPResponse:
        headers = {"Authorization": f"Bearer {self.ground.api_key}"}
        headers["Idempotency-Key"] = key or str(uuid.uuid4())
        return self.pool.request(
            "POST", f"{self.url}/api/whatsapp/send", json={"to": to, "message": text}, headers=headers
        )

    def send(self, to: str, text: str) -> int:
        """Queue it; returns the message's id."""
        answer = self.post_send(to, text)
        assert answer.status == 202, answer.data
        return answer.json()["id"]

    def send_each(self, texts: Iterable[tuple[str, str]]) -> list[int]:
        """Queue `(address, text)` one after another, so that their order is known."""
        return [self.send(to, text) for to, text in texts]

    def send_rounds(self, friends: list[CustomerHandle], texts: Iterable[str]) -> list[int]:
        """Queue each text for everybody before the next one, so that each conversation's order is known."""
        rounds = [in_parallel(lambda friend, t=text: self.send(friend.address, t), friends) for text in texts]
        return [message for ids in rounds for message in ids]

    def sent_to(self, friends: Iterable[CustomerHandle]) -> list[Message]:
        """What Twilio has of ours for these customers, oldest first."""
        ids = {id(friend.customer) for friend in friends}
        with self.sim.twilio.lock:
            messages = list(self.sim.twilio.messages.values())
        return [message for message in messages if not message.inbound and id(message.customer) in ids]


@contextmanager
def running_cluster(
    ground: Ground, *, web: int = 2, worker: bool = True, seed: int = 1, **settings: str
) -> Iterator[Cluster]:
    port = free_port()
    with running_simulator(webhook_base=f"http://127.0.0.1:{port}", seed=seed) as sim:
        cluster = Cluster(ground, sim, port, **settings)
        try:
            cluster.start(web=web, worker=worker)
            yield cluster
        finally:
            cluster.stop()
