"""Fault tests run the real processes. They share one cluster, and each test has customers of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from config import postgres
from tests.faults.cluster import Cluster, Ground, running_cluster

Figures = Callable[..., None]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if "/tests/faults/" in item.path.as_posix() and not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(240))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    lines = [f"{name}: {text}" for report in reports if report.when == "call"
             for name, text in report.user_properties if name.startswith("R")]  # fmt: skip
    if lines:
        terminalreporter.section("what the fault tests measured")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture(scope="session")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    ground = Ground(tmp_path_factory.mktemp("faults"))
    yield ground
    postgres.release(ground.data_dir)


@pytest.fixture(scope="session")
def shared(ground: Ground) -> Iterator[Cluster]:
    with running_cluster(ground) as cluster:
        yield cluster


@pytest.fixture
def cluster(shared: Cluster) -> Iterator[Cluster]:
    """The cluster, all of it running, and after each test a Twilio that does everything right again."""
    shared.revive()
    yield shared
    shared.sim.faults.remove()
    assert shared.sim.wait_idle(60)


@pytest.fixture
def figures(record_property: Callable[[str, object], None]) -> Figures:
    """`figures("R1", lost=0, …)`: kept with the test's report and printed at the end of the run."""

    def note(which: str, **values: object) -> None:
        text = ", ".join(f"{name.replace('_', ' ')} {_shown(value)}" for name, value in values.items())
        record_property(which, text)

    return note


def _shown(value: object) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)
