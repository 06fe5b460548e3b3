from __future__ import annotations

import os
import signal
import socket
import sys
import time
import urllib.request
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import Error, connection, connections

from channels_whatsapp import doctor
from channels_whatsapp.setup import ensure_from_settings, seal_anew
from config import postgres, setup
from config.supervisor import Child, Supervisor

DEMO_LOGINS = ("admin", "lead", "agent")
READY_SECONDS = 60


class Command(BaseCommand):
    help = "Runs the inbox on this machine: web, worker and, in a demo, the simulator. Ctrl-C stops all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--workers", type=int, default=1, help="web processes (1)")
        parser.add_argument("--migrate", action="store_true", help="bring the database up to date first")
        parser.add_argument("--no-worker", action="store_true", help="the worker runs elsewhere")
        parser.add_argument(
            "--dev", action="store_true", help="migrate; a demo when there are no credentials"
        )

    def handle(self, *, host: str, workers: int, migrate: bool, dev: bool, **options: Any) -> None:
        self.check_ports(host)
        start_database()
        self.prepare(migrate or dev)
        lines = self.sign_in_lines()
        connections.close_all()
        children = processes(host, workers, with_worker=not options["no_worker"])
        supervisor = Supervisor(children, environment(dev), self.say)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, supervisor.stop)
        supervisor.each_second = Announcer(supervisor, host, lines).each_second
        supervisor.run()
        self.say("Stopped.")

    def say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def check_ports(self, host: str) -> None:
        check_port(host, settings.PORT, "PORT")
        if settings.DEMO:
            check_port("127.0.0.1", settings.SIMULATOR_PORT, "SIMULATOR_PORT")

    def prepare(self, migrate: bool) -> None:
        """Everything that a start needs and that is quick when it is there already."""
        must_answer()
        if migrate:
            self.say("Bringing the database up to date …")
            call_command("migrate", verbosity=0, interactive=False)
        must_be_up_to_date()
        self.check(databases=["default"])
        ensure_from_settings()
        seal_anew()
        call_command("createcachetable", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        if settings.DEMO:
            self.load_demo()
        else:
            self.close_demo()

    def load_demo(self) -> None:
        agents = get_user_model().objects
        if not agents.exists() and "demo" in get_commands():
            self.say("Loading demo data …")
            call_command("demo", verbosity=0)
        # What is printed must open the door, also after DEMO_PASSWORD was changed.
        for agent in agents.filter(username__in=DEMO_LOGINS):
            if not agent.is_active or not agent.check_password(settings.DEMO_PASSWORD):
                agent.is_active = True
                agent.set_password(settings.DEMO_PASSWORD)
                agent.save(update_fields=["is_active", "password"])

    def close_demo(self) -> None:
        """Where customers write, a password that was printed opens nothing."""
        passwords = demo_passwords()
        agents = get_user_model().objects.filter(username__in=DEMO_LOGINS, is_active=True).order_by("pk")
        ours = [agent for agent in agents if any(agent.check_password(word) for word in passwords)]
        for agent in ours:
            agent.is_active = False
            agent.save(update_fields=["is_active"])
        if ours:
            names = ", ".join(agent.username for agent in ours)
            self.say(f"The demo is over: its logins ({names}) are switched off.")

    def sign_in_lines(self) -> list[str]:
        if settings.DEMO:
            return [f"Sign in as {name:<6} / {settings.DEMO_PASSWORD}" for name in DEMO_LOGINS]
        if setup.is_open():
            return [f"Create the first admin at {base_url()}{setup.path()} (works once)"]
        return []


class Announcer:
    """Says once that everything is up, and keeps the embedded database running."""

    def __init__(self, supervisor: Supervisor, host: str, lines: list[str]) -> None:
        self.supervisor, self.host, self.lines = supervisor, host, lines
        self.is_waiting, self.deadline = True, time.monotonic() + READY_SECONDS

    def each_second(self) -> None:
        keep_database()
        if not self.is_waiting:
            return
        if answers(self.host):
            self.is_waiting = False
            self.supervisor.write("\n".join(["", "Fanlight is ready.", "", *self.text(), ""]))
        elif time.monotonic() > self.deadline:
            self.is_waiting = False
            self.supervisor.write("The web process does not answer; its lines above say why.")

    def text(self) -> list[str]:
        phone = [f"Phone: http://127.0.0.1:{settings.SIMULATOR_PORT}/"] if settings.DEMO else []
        end = ["", "Ctrl-C stops everything and keeps the data."]
        return [f"  {line}" for line in (f"Inbox: {base_url()}/", *phone, *self.lines, *end)]


def base_url() -> str:
    return settings.PUBLIC_BASE_URL or f"http://127.0.0.1:{settings.PORT}"


def check_port(host: str, port: int, setting: str) -> None:
    """:raises CommandError: when somebody else listens there."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or error
            mend = f"Stop what runs there, or set {setting} to another port."
            raise CommandError(f"Cannot listen on {host}:{port}: {reason}. {mend}") from error


def start_database() -> None:
    if settings.EMBEDDED_POSTGRES:
        try:
            postgres.ensure_running(settings.DATA_DIR)
        except (postgres.PostgresError, OSError) as error:
            raise CommandError(str(error)) from error


def must_answer() -> None:
    """:raises CommandError:"""
    try:
        connection.ensure_connection()
    except Error as error:
        reason = str(error).partition("\n")[0]
        mend = "See that it runs, and compare DATABASE_URL with it."
        raise CommandError(f"The database does not answer: {reason}. {mend}") from error


def must_be_up_to_date() -> None:
    """:raises CommandError:"""
    finding = doctor.database()
    if finding.level == doctor.Level.BAD:
        raise CommandError(f"{finding.title}: {finding.detail} {finding.mend}")


def demo_passwords() -> set[str]:
    """With which a demo on this DATA_DIR has made its logins."""
    kept = settings.DATA_DIR / "demo_password"
    return {settings.DEMO_PASSWORD, kept.read_text().strip() if kept.exists() else ""} - {""}


def keep_database() -> None:
    if settings.EMBEDDED_POSTGRES and not postgres.is_running(settings.DATA_DIR):
        start_database()


def processes(host: str, workers: int, *, with_worker: bool) -> list[Child]:
    python, manage = sys.executable, str(settings.BASE_DIR / "manage.py")
    web = [python, "-m", "uvicorn", "config.asgi:application", "--app-dir", str(settings.BASE_DIR)]
    web += ["--host", host, "--port", str(settings.PORT), "--workers", str(workers)]
    # Django judges what a proxy says; a second judge would make one client of all.
    web += ["--no-proxy-headers", "--no-access-log", "--no-server-header", "--log-level", "warning"]
    web += ["--timeout-graceful-shutdown", "3"]
    children = [Child("web", web)]
    if with_worker:
        children.append(Child("worker", [python, manage, "worker", "--grace", "3"]))
    if settings.DEMO:
        children.append(Child("simulator", [python, manage, "simulator"]))
    return children


def environment(dev: bool) -> dict[str, str]:
    """Ours, plus what the children could not find out: `--dev` is not among their words."""
    ours = dict(os.environ) | {"DEMO": str(int(settings.DEMO)), "PYTHONUNBUFFERED": "1"}
    if dev or sys.stderr.isatty():
        ours.setdefault("LOG_JSON", "0")
    return ours


def answers(host: str) -> bool:
    """Does the web process answer?"""
    address = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104
    request = urllib.request.Request(
        f"http://{address}:{settings.PORT}/healthz", headers={"Host": "localhost"}
    )
    try:
        with urllib.request.urlopen(request, timeout=1) as response:  # noqa: S310 (our own address)
            return response.status == 200
    except OSError:
        return False
