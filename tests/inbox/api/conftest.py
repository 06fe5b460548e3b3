from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from inbox.models import Agent, ApiKey, Channel, Team
from tests import world


class Api:
    """A program with a key: `api.get(path)`, `api.post(path, {...})`; answers as (status, JSON)."""

    def __init__(self, agent: Agent, scope: str = "write", channels: Iterable[Channel] = ()) -> None:
        self.agent = agent
        self.key, self.text = ApiKey.issue(agent, scope=scope, channels=channels)
        self.client = Client(raise_request_exception=True)

    def get(self, path: str, **query: Any) -> tuple[int, Any]:
        response = self.client.get(path, query, headers=self.headers())
        return response.status_code, response.json()

    def post(self, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        response = self.raw_post(path, body, **headers)
        return response.status_code, response.json()

    def raw_post(self, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(
            path, body if body is not None else {}, "application/json", headers=self.headers() | named
        )

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.text}"}


@pytest.fixture(autouse=True)
def nobody_counted_yet(db: None) -> Iterator[None]:
    cache.clear()
    yield


@pytest.fixture
def api() -> Callable[..., Api]:
    return Api


@pytest.fixture
def lead() -> Api:
    return Api(world.agent("lead", "lead"))


@pytest.fixture
def orders() -> Team:
    return Team.objects.create(name="Orders")


@pytest.fixture
def stranger() -> Api:
    """An agent of another team: sees nothing of the others' channels."""
    return Api(world.agent("stranger", "agent", Team.objects.create(name="Repairs")))
