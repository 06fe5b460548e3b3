"""The schema is true: thousands of requests made from it, each answer held against it."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import schemathesis
from django.core.cache import cache
from django.core.wsgi import get_wsgi_application
from django.test import Client
from hypothesis import HealthCheck, settings

from inbox.models import Tag
from tests import world
from tests.inbox.api.conftest import Api


@pytest.fixture
def lead(db: None) -> Api:
    return Api(world.agent("lead", "lead"))


def test_the_schema_is_valid_and_names_every_route(lead: Api) -> None:
    response = lead.client.get("/api/schema/?format=json", headers=lead.headers())
    paths = response.json()["paths"]
    assert "/api/whatsapp/send/" in paths or "/api/whatsapp/send" in paths
    assert {"/api/v1/conversations/{id}/messages/", "/api/v1/messages/{id}/", "/api/v1/contacts/"} <= set(paths)
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
    policy = response["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "'unsafe-inline'" in policy
    assert "'unsafe-inline'" not in client.get("/api/docs/?lang=de&x=1")["Content-Security-Policy"].partition("style-src")[0]


@pytest.fixture
def api_schema(lead: Api) -> Any:
    talk = world.conversation(over=world.channel())
    world.message(talk)
    world.message(talk, "x", "outbound", status="failed")
    talk.tags.add(Tag.objects.create(name="vip"))
    cache.clear()
    return schemathesis.openapi.from_wsgi(
        "/api/schema/?format=json", get_wsgi_application(), headers=lead.headers()
    )


schema = schemathesis.pytest.from_fixture("api_schema")


@schema.parametrize()
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_every_answer_is_as_the_schema_says(case: Any, lead: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    from inbox.api.throttles import PerCaller

    monkeypatch.setattr(PerCaller, "THROTTLE_RATES", {"api": "1000000/min"})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case.call_and_validate(headers=lead.headers())
