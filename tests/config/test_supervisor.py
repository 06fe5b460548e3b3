from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from config import postgres
from config.supervisor import Child
from tests.browser.stack import ROOT, Stack

KEEPER = """
import sys
from config.supervisor import Child, Supervisor
code = "import os, time; print('pid', os.getpid(), flush=True); time.sleep(600)"
sleeper = Child("sleeper", [sys.executable, "-c", code])
Supervisor([sleeper], {}, lambda text: print(text, flush=True)).run()
"""


@pytest.fixture
def keeper() -> Iterator[subprocess.Popen[str]]:
    """A supervisor of one child, which prints its process id."""
    process = subprocess.Popen([sys.executable, "-uc", KEEPER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    yield process
    process.kill()
    process.communicate()


def next_pid(keeper: subprocess.Popen[str]) -> int:
    assert keeper.stdout
    while "| pid " not in (line := keeper.stdout.readline()):
        assert line, "it ended"
    return int(line.split()[-1])


def is_there(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(*pids: int, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while any(is_there(pid) for pid in pids):
        assert time.monotonic() < deadline, "still there"
        time.sleep(0.05)


def test_a_killed_child_is_started_again(keeper: subprocess.Popen[str]) -> None:
    first = next_pid(keeper)
    os.kill(first, signal.SIGKILL)
    assert next_pid(keeper) != first


PARENT = """
import sys
from config.supervisor import Child, Supervisor
code = ("import os, subprocess, time; child = subprocess.Popen(['sleep', '600']); "
        "print('pid', os.getpid(), child.pid, flush=True); time.sleep(600)")
parent = Child("parent", [sys.executable, "-c", code])
Supervisor([parent], {}, lambda text: print(text, flush=True)).run()
"""


def test_a_killed_childs_own_children_do_not_outlive_it() -> None:
    """A web master's processes would go on listening, and its successor could never have the port."""
    words = [sys.executable, "-uc", PARENT]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as keeper:
        assert keeper.stdout
        parent, child = (int(word) for word in keeper.stdout.readline().split()[-2:])
        os.kill(parent, signal.SIGKILL)
        wait_until_gone(parent, child)
        keeper.kill()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_children_die_with_a_killed_supervisor(keeper: subprocess.Popen[str]) -> None:
    child = next_pid(keeper)
    keeper.kill()
    wait_until_gone(child)


def test_who_dies_again_and_again_is_started_ever_later() -> None:
    child = Child("x", [])
    child.started_at = time.monotonic()
    assert [child.plan_restart() for _ in range(7)] == [1, 2, 4, 8, 16, 30, 30]
    child.started_at -= 120
    assert child.plan_restart() == 1


# --- manage.py serve, all of it ---------------------------------------------------------------


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path / "data of a run")
    yield stack
    stack.kill()
    postgres.stop(stack.data_dir)


def test_it_starts_everything_and_leaves_nothing(stack: Stack) -> None:
    stack.start()
    stack.wait_for(f"Inbox: {stack.url}/")
    stack.wait_for(f"Phone: {stack.phone_url}/")
    stack.wait_for("admin")
    family = [p.pid for p in psutil.Process(stack.process.pid).children(recursive=True)]
    assert len(family) >= 4
    started = time.monotonic()
    assert stack.stop() == 0
    assert time.monotonic() - started < 6
    wait_until_gone(*family)


def test_it_survives_the_death_of_each_part(stack: Stack) -> None:
    stack.start()
    for part in ("uvicorn", "manage.py worker", "postgres -D"):
        [pid, *_] = stack.pids(part)
        os.kill(pid, signal.SIGKILL)
        wait_until_gone(pid)
    deadline = time.monotonic() + 40
    while not all(stack.pids(part) for part in ("uvicorn", "manage.py worker", "postgres -D")):
        assert time.monotonic() < deadline, stack.output
        time.sleep(0.2)


def test_a_busy_port_is_one_sentence(stack: Stack) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", stack.port))
        taken.listen()
        answer = stack.manage("serve", "--dev")
    assert answer.returncode == 1
    assert f"Cannot listen on 127.0.0.1:{stack.port}" in answer.stderr
    assert "Set PORT" in answer.stderr or "set PORT" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"PORT": "eighty"}, "PORT is set to something it cannot be"),
        ({"DATA_DIR": "/proc/nowhere"}, "Set DATA_DIR to a directory of yours"),
        ({"DEMO": "0", "TWILIO_ACCOUNT_SID": "AC1", "TWILIO_AUTH_TOKEN": "x"}, "TWILIO_ACCOUNT_SID is not"),
    ],
)
def test_a_wrong_setting_is_one_sentence(stack: Stack, settings: dict[str, str], sentence: str) -> None:
    stack.environment = settings
    answer = stack.manage("serve", "--dev")
    assert answer.returncode == 1
    assert sentence in answer.stderr
    assert "Traceback" not in answer.stderr
