from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.test import Client

from inbox import counts
from inbox.models import Agent
from tests.security.canaries import shop, written
from tests.security.routes import Orders

__all__ = ["shop", "written"]


@pytest.fixture(autouse=True)
def nobody_counted_yet(request: pytest.FixtureRequest) -> Iterator[None]:
    """Rate limits and kept counts of the tests before are forgotten."""
    if "orders" in request.fixturenames or "db" in request.fixturenames:
        request.getfixturevalue("db")
        cache.clear()
    counts.forget()
    yield


@pytest.fixture
def orders(db: None) -> Orders:
    return Orders()


def signed_in(agent: Agent | None, **options: bool) -> Client:
    client = Client(raise_request_exception=False, **options)
    if agent:
        client.force_login(agent, backend="django.contrib.auth.backends.ModelBackend")
    return client
