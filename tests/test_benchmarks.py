"""The benchmarks run, and count right. What they measure here means nothing and is not looked at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SECONDS = 600

pytestmark = pytest.mark.timeout(SECONDS)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("benchmarks")


@pytest.fixture(scope="module")
def quick(place: Path) -> subprocess.CompletedProcess[str]:
    """All of them once, a second each, on a PostgreSQL of their own."""
    words = [sys.executable, "-m", "benchmarks", "--quick"]
    environment = {**os.environ, "TMPDIR": str(place)}
    return subprocess.run(words, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=SECONDS)


def test_it_ends_well_only_when_every_count_is_exact(quick: subprocess.CompletedProcess[str]) -> None:
    assert quick.returncode == 0, quick.stderr[-3000:]


@pytest.mark.parametrize("server", ["ingestion", "floor"])
def test_it_counts_what_each_server_stored(quick: subprocess.CompletedProcess[str], server: str) -> None:
    rounds = [line for line in quick.stderr.splitlines() if line.startswith(f"  {server}: ")]
    assert len(rounds) == 2  # 16 and 64 connections
    assert all(line.endswith(" messages: exact") for line in rounds)


def test_it_fills_the_sizes_that_it_names(quick: subprocess.CompletedProcess[str]) -> None:
    assert "500 messages in 50 conversations: exact" in quick.stderr
    assert "5,000 messages in 500 conversations: exact" in quick.stderr


def test_it_finds_every_stream_told_of_every_message(quick: subprocess.CompletedProcess[str]) -> None:
    assert "20 streams heard of 10 messages: exact" in quick.stderr


@pytest.mark.parametrize(
    "figure",
    [
        "ingestion / floor, 16 connections",
        "ingestion / the guide's view, 64 connections",
        "the list: our process / granian WSGI",
        "frame received, p95",
        "stop with 20 streams open",
        "call to Twilio started, idle, p95",
        "sidebar counts: large / small",
        "search, the commonest word",
        "first load of the inbox",
        "memory, web + worker, idle",
    ],
)
def test_it_reports_what_was_asked_for(quick: subprocess.CompletedProcess[str], figure: str) -> None:
    assert figure in quick.stdout


def test_it_leaves_nothing_behind(quick: subprocess.CompletedProcess[str], place: Path) -> None:
    assert quick.returncode == 0
    assert not list(place.iterdir())
