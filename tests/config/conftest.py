from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client

from inbox.models import Agent
from tests.browser.stack import ROOT, free_port


def database_url() -> str:
    """Address of the test database, for a process of its own."""
    database = connection.settings_dict
    host = quote(database["HOST"], safe="") + (f":{database['PORT']}" if database["PORT"] else "")
    user = database["USER"] + (f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else "")
    return f"postgresql://{user}@{host}/{database['NAME']}"


class Web:
    """A web process as `serve` starts it, on the test database."""

    def __init__(self, log: Path) -> None:
        self.port, self.log = free_port(), log.open("w")
        self.lines: list[http.client.HTTPConnection] = []
        words = ["-m", "uvicorn", "config.asgi:application", "--port", str(self.port), "--no-proxy-headers"]
        words += ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "3"]
        self.process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT, env={**os.environ, "DATABASE_URL": database_url()},
            stdout=self.log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._wait_until_up()

    def _wait_until_up(self) -> None:
        for _ in range(600):
            try:
                assert self.get("/healthz").status == 200
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("the web process did not come up")

    def request(self, method: str, path: str, body: bytes = b"", **headers: str) -> http.client.HTTPResponse:
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        self.lines.append(line)
        line.request(method, path, body, {"Host": "localhost", **headers})
        return line.getresponse()

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        return self.request("GET", path, **headers)

    def stream(self, client: Client) -> http.client.HTTPResponse:
        """An open event stream of whom `client` is signed in as, past its `ready`."""
        response = self.get("/events/", Cookie=f"sessionid={client.cookies['sessionid'].value}")
        assert response.status == 200, response.status
        assert "ready" in frame(response)
        return response

    def stop(self) -> float:
        """Seconds that a SIGTERM took."""
        started = time.monotonic()
        self.process.terminate()
        self.process.wait(20)
        seconds = time.monotonic() - started
        self.log.close()
        return seconds

    def hang_up(self) -> None:
        for line in self.lines:
            line.close()


def frame(response: http.client.HTTPResponse) -> str:
    """The next event of a stream."""
    lines: list[str] = []
    while line := response.readline().decode():
        if line == "\n" and lines:
            break
        lines.append(line)
    return "".join(lines)


@pytest.fixture
def web(transactional_db: None, tmp_path: Path) -> Iterator[Web]:
    web = Web(tmp_path / "web.log")
    yield web
    web.stop()
    web.hang_up()


@pytest.fixture
def agent(db: None) -> Agent:
    return Agent.objects.create_user("ada", password="pass words are long")


@pytest.fixture
def signed_in() -> Callable[[Agent], Client]:
    def enter(agent: Agent) -> Client:
        client = Client()
        client.force_login(agent)
        return client

    return enter
