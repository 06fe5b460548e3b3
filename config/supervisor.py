"""Keeps the processes of one machine running: restarts what dies, stops everything together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import IO, cast

FIRST_DELAY, LONGEST_DELAY = 1.0, 30.0
STEADY_SECONDS = 60.0  # who ran this long starts again without a grudge
STOP_SECONDS = 4.0
PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """In a new process: the kernel ends it when its parent dies, also of `kill -9`. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One process to keep. `command` is a list of words."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[str] | None = None
    delay: float = FIRST_DELAY
    started_at: float = 0.0
    due_at: float = 0.0

    def start(self, environment: dict[str, str]) -> IO[str]:
        """Start it and return what it writes, line by line."""
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            text=True, errors="replace", env=environment,
            start_new_session=True,  # so that Ctrl-C reaches it once, through us
            preexec_fn=die_with_parent,
        )  # fmt: skip
        return cast(IO[str], self.process.stdout)

    def plan_restart(self) -> float:
        """Note when to start again; returns the seconds until then."""
        now = time.monotonic()
        if now - self.started_at > STEADY_SECONDS:
            self.delay = FIRST_DELAY
        wait, self.delay = self.delay, min(self.delay * 2, LONGEST_DELAY)
        self.due_at = now + wait
        self.process = None
        return wait

    def signal(self, number: int) -> None:
        if self.process and self.process.poll() is None:
            _signal_group(self.process.pid, number)

    def end_orphans(self) -> None:
        """End what a dead process left behind: its own children would keep the port it is to have again."""
        if self.process:
            _signal_group(self.process.pid, signal.SIGKILL)


def _signal_group(pid: int, number: int) -> None:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        pass


@dataclass
class Supervisor:
    """Runs `children` until `stop` is called. `each_second` is called in between, for other watching."""

    children: list[Child]
    environment: dict[str, str]
    write: Callable[[str], object]
    each_second: Callable[[], None] = lambda: None
    _stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        watched = time.monotonic()
        try:
            while not self._stopping.wait(0.1):
                for child in self.children:
                    self._tend(child)
                if time.monotonic() - watched >= 1:
                    watched = time.monotonic()
                    self.each_second()
        finally:
            self._stop_all()

    def stop(self, *_: object) -> None:
        self._stopping.set()

    def _tend(self, child: Child) -> None:
        if child.process is None:
            if time.monotonic() >= child.due_at:
                output = child.start(self.environment)
                threading.Thread(target=self._copy_output, args=(child.name, output), daemon=True).start()
        elif (code := child.process.poll()) is not None:
            child.end_orphans()
            wait = child.plan_restart()
            self.say("serve", f"{child.name} ended with {code}; starting it again in {wait:.0f} s")

    def _copy_output(self, name: str, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                self.say(name, line.rstrip())

    def say(self, name: str, text: str) -> None:
        self.write(f"{name:<9} | {text}")

    def _stop_all(self) -> None:
        for child in self.children:
            child.signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self.children:
            if child.process:
                try:
                    child.process.wait(max(0.0, deadline - time.monotonic()))
                except subprocess.TimeoutExpired:
                    child.signal(signal.SIGKILL)
                    child.process.wait()
                child.end_orphans()
