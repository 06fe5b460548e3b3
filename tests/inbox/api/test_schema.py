"""The schema is true: thousands of requests made from it, each answer held against it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from inbox.api.throttles import PerCaller
from inbox.models import Tag
from tests import world
from tests.inbox.api.conftest import Api

#: Requests for each operation and each of both modes; more of them before a release.
CASES = int(os.environ.get("API_CASES", "10"))


@pytest.fixture
def lead(db: None) -> Api:
    return Api(world.agent("lead", "lead"))


def test_the_schema_is_valid_and_names_every_route(lead: Api) -> None:
    response = lead.client.get("/api/schema/?format=json", headers=lead.headers())
    paths = response.json()["paths"]
    assert "/api/whatsapp/send/" in paths or "/api/whatsapp/send" in paths
    assert {"/api/v1/conversations/{id}/messages/", "/api/v1/messages/{id}/"} <= set(paths)
    assert response.json()["components"]["securitySchemes"]["key"]["scheme"] == "bearer"


def test_the_generator_has_nothing_to_warn_about(lead: Api) -> None:
    from drf_spectacular.drainage import GENERATOR_STATS
    from drf_spectacular.generators import SchemaGenerator
    from drf_spectacular.validation import validate_schema

    GENERATOR_STATS.reset()
    validate_schema(SchemaGenerator().get_schema(request=None, public=True))
    assert not GENERATOR_STATS


@pytest.mark.parametrize("path", ["/api/schema/", "/api/docs/"])
def test_strangers_do_not_read_the_documentation(db: None, client: Client, path: str) -> None:
    assert client.get(path).status_code in (302, 401)


def test_the_documentation_comes_from_here_alone(lead: Api) -> None:
    client = Client()
    client.force_login(lead.agent)
    response = client.get("/api/docs/")
    text = response.content.decode()
    assert response.status_code == 200
    assert "https://" not in text
    assert "<script>" not in text
    policy = [directive.strip() for directive in response["Content-Security-Policy"].split(";")]
    assert "script-src 'self'" in policy
    assert "style-src 'self' 'unsafe-inline'" in policy
    assert "unsafe-inline" not in client.get("/login/")["Content-Security-Policy"]


@pytest.fixture
def one_connection() -> Iterator[None]:
    """The requests below run in this test's transaction; between them its connection stays open."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def api_schema(lead: Api, one_connection: None) -> Any:
    talk = world.conversation(over=world.channel())
    world.message(talk)
    world.message(talk, "x", "outbound", status="failed")
    talk.tags.add(Tag.objects.create(name="vip"))
    cache.clear()
    return schemathesis.openapi.from_wsgi(
        "/api/schema/?format=json", get_wsgi_application(), headers=lead.headers()
    )


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["right", "wrong"])
def test_every_answer_is_as_the_schema_says(
    api_schema: Any, lead: Api, mode: GenerationMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All checks, for input that fits the schema and for input that does not.

    But for one: that whatever fits is accepted. Who may be written to when is no matter of a schema.
    """
    monkeypatch.setattr(PerCaller, "THROTTLE_RATES", {"api": "1000000/min"})
    for result in api_schema.get_all_operations():
        try_out(result.ok(), mode, lead)


def try_out(operation: Any, mode: GenerationMode, caller: Api) -> None:
    @given(case=operation.as_strategy(generation_mode=mode))
    @settings(
        max_examples=CASES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def fits(case: Any) -> None:
        case.call_and_validate(headers=caller.headers(), excluded_checks=[positive_data_acceptance])

    fits()
