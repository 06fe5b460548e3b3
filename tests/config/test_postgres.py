from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from config import identity, postgres
from tests.browser.stack import ROOT

START = """
import sys
from pathlib import Path
from config import postgres
postgres.ensure_running(Path(sys.argv[1]))
"""


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "a path, with 'spaces' and more than one hundred characters" / ("x" * 60)
    yield path
    postgres.release(path)
    postgres.stop(path)


def ask(data_dir: Path, query: str) -> object:
    with psycopg.connect(postgres.url(data_dir)) as connection:
        row = connection.execute(query).fetchone()
        return row and row[0]


def server_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "data" / "postmaster.pid").read_text().split()[0])


def test_it_starts_from_nothing_in_a_long_path_with_spaces(data_dir: Path) -> None:
    postgres.ensure_running(data_dir)
    assert ask(data_dir, "SELECT current_database()") == "fanlight"
    assert ask(data_dir, "SHOW data_checksums") == "on"
    assert ask(data_dir, "SHOW fsync") == "on"
    assert ask(data_dir, "SHOW server_encoding") == "UTF8"
    assert ask(data_dir, "SHOW listen_addresses") == ""


def test_only_we_may_enter_the_directory_of_its_socket(data_dir: Path) -> None:
    postgres.ensure_running(data_dir)
    assert os.stat(str(ask(data_dir, "SHOW unix_socket_directories")).strip('"')).st_mode & 0o777 == 0o700


def test_the_last_one_to_let_go_stops_it(data_dir: Path) -> None:
    postgres.ensure_running(data_dir)
    words = [sys.executable, "-c", START + "input()", str(data_dir)]
    other = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE)
    while len(_holders(data_dir)) < 2:
        time.sleep(0.05)
    postgres.release(data_dir)
    assert postgres.is_running(data_dir)
    other.communicate(b"\n", timeout=20)
    assert not postgres.is_running(data_dir)


def _holders(data_dir: Path) -> list[str]:
    inode = (data_dir / "postgres" / "users.lock").stat().st_ino
    return [line for line in Path("/proc/locks").read_text().splitlines() if f":{inode} " in line]


def test_two_who_start_it_at_once_share_one(data_dir: Path) -> None:
    words = [sys.executable, "-c", START, str(data_dir)]
    callers = [subprocess.Popen(words, cwd=ROOT) for _ in range(3)]
    assert [caller.wait(60) for caller in callers] == [0, 0, 0]
    assert not postgres.is_running(data_dir)


def test_it_recovers_after_kill_9_with_its_data(data_dir: Path) -> None:
    postgres.ensure_running(data_dir)
    with psycopg.connect(postgres.url(data_dir)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    os.kill(server_pid(data_dir), signal.SIGKILL)
    while postgres.is_running(data_dir):
        time.sleep(0.02)
    postgres.ensure_running(data_dir)
    assert ask(data_dir, "SELECT answer FROM kept") == 42


def test_a_stale_pid_file_that_names_another_process_is_no_server(data_dir: Path) -> None:
    postgres.ensure_running(data_dir)
    postgres.release(data_dir)
    stale = data_dir / "postgres" / "data" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{stale.parent}\n1\n5432\n/tmp\n\n\nready\n")
    assert not postgres.is_running(data_dir)
    postgres.ensure_running(data_dir)
    assert ask(data_dir, "SELECT 1") == 1


def test_a_first_start_that_was_cut_short_is_begun_again(data_dir: Path) -> None:
    half = data_dir / "postgres" / "draft"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    postgres.ensure_running(data_dir)
    assert ask(data_dir, "SELECT 1") == 1


def test_the_address_is_the_same_before_and_while_it_runs(data_dir: Path) -> None:
    before = postgres.url(data_dir)
    assert before == postgres.url(data_dir)
    assert len(before) < 140


@pytest.mark.skipif(os.geteuid() != 0, reason="for root only")
@pytest.mark.parametrize("way", [0, 1])
def test_as_root_it_runs_in_a_directory_that_only_root_may_enter(
    data_dir: Path, way: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    ways = list(identity.others(0))
    if not identity.works(ways[way], ["true"]):
        pytest.skip("this kernel does not allow it")
    monkeypatch.setattr(postgres, "_identity", lambda: ways[way])
    data_dir.mkdir(parents=True)
    data_dir.parent.chmod(0o700)
    postgres.ensure_running(data_dir)
    assert ask(data_dir, "SELECT 1") == 1
    assert data_dir.parent.stat().st_mode & 0o777 == 0o700


def test_several_threads_may_ask_for_it(data_dir: Path) -> None:
    threads = [threading.Thread(target=postgres.ensure_running, args=(data_dir,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ask(data_dir, "SELECT 1") == 1
