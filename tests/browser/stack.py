"""The real thing for a test: web, worker, simulator and PostgreSQL as processes, on free ports."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "demo password for tests"
READY_SECONDS = 90


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class Stack:
    """`manage.py serve --dev` in a data directory of its own. `environment` adds settings."""

    data_dir: Path
    environment: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    simulator_port: int = field(default_factory=free_port)
    lines: list[str] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def phone_url(self) -> str:
        return f"http://127.0.0.1:{self.simulator_port}"

    @property
    def settings(self) -> dict[str, str]:
        ours = {
            "DATA_DIR": str(self.data_dir),
            "PORT": str(self.port),
            "SIMULATOR_PORT": str(self.simulator_port),
            "DEMO": "1",
            "DEMO_PASSWORD": PASSWORD,
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "LOG_LEVEL": "INFO",
        }
        empty = dict.fromkeys(
            ("DATABASE_URL", "SECRET_KEY", "PUBLIC_BASE_URL", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN",
             "TWILIO_WHATSAPP_FROM", "TWILIO_API_BASE_URL"), ""
        )  # fmt: skip
        return {**os.environ, **empty, **ours, **self.environment}

    def start(self, *words: str) -> None:
        """Start and wait until it says that it is ready. `words` go to `serve`."""
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--dev", *words],
            cwd=ROOT, env=self.settings, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        self.wait_for("Fanlight is ready", READY_SECONDS)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout
        with process.stdout as lines:
            self.lines.extend(iter(lines.readline, ""))

    def wait_for(self, text: str, seconds: float = 20) -> str:
        """The first line of output with `text`, which is waited for."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := next((line for line in self.lines if text in line), None):
                return found
            assert self.process
            assert self.process.poll() is None, f"it ended:\n{self.output}"
            time.sleep(0.05)
        raise AssertionError(f"no {text!r} in:\n{self.output}")

    @property
    def output(self) -> str:
        return "".join(self.lines)

    def stop(self) -> int:
        """Stop it as Ctrl-C does and return its exit status."""
        assert self.process
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(15)

    def kill(self) -> None:
        """`kill -9`, for what did not stop."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a management command with the same settings."""
        command = [sys.executable, "manage.py", *words]
        return subprocess.run(
            command, cwd=ROOT, env=self.settings, text=True, capture_output=True, timeout=60
        )

    def pids(self, name: str) -> list[int]:
        """Process ids whose command line, seen from /proc, has `name` and belongs to this stack."""
        import psutil

        assert self.process
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [p.pid for p in family if re.search(name, " ".join(_words(p)))]


def _words(process: Any) -> list[str]:
    """Its command line; nothing when it has ended meanwhile."""
    import psutil

    try:
        return process.cmdline()
    except psutil.Error:
        return []
