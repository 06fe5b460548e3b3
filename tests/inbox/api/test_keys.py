from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core import serializers
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import get_resolver
from django.utils import timezone

from inbox.models import Agent, ApiKey
from tests import world
from tests.inbox.api.conftest import Api

LIST = "/api/v1/channels/"


def status_with(text: str) -> int:
    return Client().get(LIST, headers={"Authorization": f"Bearer {text}"}).status_code


def test_it_lets_a_key_in_and_notes_when(lead: Api) -> None:
    assert status_with(lead.text) == 200
    lead.key.refresh_from_db()
    assert lead.key.last_used_at is not None


@pytest.mark.parametrize("text", ["", "x", "fan_", "fan_é", "fan_" + "A" * 5000, "\x00"])
def test_it_refuses_what_is_no_key(lead: Api, text: str) -> None:
    response = Client().get(LIST, headers={"Authorization": f"Bearer {text}"})
    assert response.status_code == 401
    assert response.json()["success"] is False
    assert response["WWW-Authenticate"] == "Bearer"


def test_it_refuses_nobody_as_json() -> None:
    response = Client().get(LIST)
    assert (response.status_code, response["Content-Type"]) == (401, "application/json")


@pytest.mark.parametrize(
    "change",
    [
        lambda key: ApiKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now()),
        lambda key: ApiKey.objects.filter(pk=key.pk).update(expires_at=timezone.now() - timedelta(seconds=1)),
        lambda key: Agent.objects.filter(pk=key.agent_id).update(is_active=False),
        lambda key: key.delete(),
    ],
    ids=["revoked", "expired", "inactive agent", "deleted"],
)
def test_it_refuses_a_key_that_ended(lead: Api, change: Callable[[ApiKey], object]) -> None:
    change(lead.key)
    assert status_with(lead.text) == 401


def test_the_database_holds_no_usable_key(lead: Api) -> None:
    dump = serializers.serialize("json", ApiKey.objects.all())
    assert lead.text not in dump
    for value in json.loads(dump)[0]["fields"].values():
        assert status_with(str(value)) == 401


def test_a_reading_key_changes_nothing() -> None:
    reader = Api(world.agent("reader", "lead"), scope="read")
    conversation = world.conversation()
    path = f"/api/v1/conversations/{conversation.pk}"
    assert reader.get(path)[0] == 200
    for action in ("resolve/", "reopen/", "assign/", "messages/"):
        status, answer = reader.post(f"{path}/{action}", {"body": "x", "assignee": None})
        assert (status, answer["code"]) == (403, "permission_denied")
    assert reader.post("/api/whatsapp/send", {"to": "+447700900318", "message": "x"})[0] == 403
    conversation.refresh_from_db()
    assert conversation.status == "open"
    assert not conversation.messages.exists()


def test_a_session_needs_a_csrf_token_to_change_something() -> None:
    agent = world.agent("lead", "lead")
    conversation = world.conversation()
    client = Client(enforce_csrf_checks=True)
    client.force_login(agent)
    assert client.get(LIST).status_code == 200
    response = client.post(f"/api/v1/conversations/{conversation.pk}/resolve/")
    assert (response.status_code, response.json()["success"]) == (403, False)


def test_the_command_prints_the_key_as_its_last_line(capsys: pytest.CaptureFixture[str]) -> None:
    world.agent("lead", "lead", email="ines@bramblecart.example")
    call_command("create_api_key", "lead", "--name", "ERP", "--scope", "read", "--days", "7")
    text = capsys.readouterr().out.splitlines()[-1]
    key = ApiKey.find(text)
    assert key is not None
    assert (key.agent.username, key.name, key.scope) == ("lead", "ERP", "read")
    assert key.expires_at is not None
    call_command("create_api_key", "INES@bramblecart.example")
    assert ApiKey.find(capsys.readouterr().out.splitlines()[-1]) is not None


@pytest.mark.parametrize("words", [["nobody"], ["away"], [""], ["lead", "--days", "0"]])
def test_the_command_refuses_in_one_sentence(words: list[str]) -> None:
    world.agent("lead", "lead")
    world.agent("away", is_active=False)
    with pytest.raises(CommandError) as error:
        call_command("create_api_key", *words)
    assert error.value.returncode == 1
    assert "\n" not in str(error.value)
    assert not ApiKey.objects.exists()


def api_routes() -> list[str]:
    """Every address of the API, with numbers for its parameters. Webhooks and file links are signed."""
    routes = []
    for prefix in get_resolver().url_patterns:
        for pattern in getattr(prefix, "url_patterns", [prefix]):
            route = str(pattern.pattern)
            if route.startswith("api/") and not route.startswith("api/files/"):
                routes.append("/" + re.sub(r"<[^>]+>", "1", route))
    return routes


def test_strangers_get_nothing_from_any_route() -> None:
    routes = api_routes()
    assert len(routes) > 20
    for route in routes:
        for method in ("get", "post"):
            response = getattr(Client(), method)(route)
            # Of the documentation and its schema a browser is sent to sign in.
            assert response.status_code in (401, 302), route
