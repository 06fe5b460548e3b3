"""What `serve` does before it starts its processes."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder

from config import setup
from config.management.commands import serve
from inbox.models import Agent

PRINTED = "printed"


@pytest.fixture
def command(db: None, settings: Any, tmp_path: Path) -> serve.Command:
    settings.DATA_DIR, settings.DEMO_PASSWORD = tmp_path, ""
    (tmp_path / "demo_password").write_text(PRINTED)
    return serve.Command(stdout=StringIO())


@pytest.fixture
def logins(command: serve.Command) -> list[Agent]:
    admin = Agent.objects.create_superuser("admin", password=PRINTED)
    return [admin, Agent.objects.create_user("agent", password=PRINTED)]


def active() -> set[str]:
    return set(Agent.objects.filter(is_active=True).values_list("username", flat=True))


def test_without_the_demo_its_logins_are_switched_off(command: serve.Command, logins: list[Agent]) -> None:
    Agent.objects.create_user("lead", password="a password of her own")
    command.close_demo()
    command.close_demo()
    assert active() == {"lead"}
    assert command.stdout._out.getvalue() == "The demo is over: its logins (admin, agent) are switched off.\n"
    assert setup.is_open()
    assert "Create the first admin" in command.sign_in_lines()[0]


def test_a_password_from_the_settings_is_the_demos_too(command: serve.Command, settings: Any) -> None:
    settings.DEMO_PASSWORD = "chosen"
    Agent.objects.create_user("agent", password="chosen")
    command.close_demo()
    assert active() == set()


def test_the_demo_switches_its_logins_on_again(
    command: serve.Command, logins: list[Agent], settings: Any
) -> None:
    command.close_demo()
    settings.DEMO_PASSWORD = PRINTED
    command.load_demo()
    assert active() == {"admin", "agent"}


def test_a_database_that_does_not_answer_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise OperationalError("connection failed: refused\nIs the server running?")

    monkeypatch.setattr(connection, "ensure_connection", refuse)
    with pytest.raises(CommandError, match=r"does not answer: connection failed: refused\. .*DATABASE_URL"):
        serve.must_answer()


@pytest.mark.django_db
def test_a_database_that_lacks_migrations_names_the_option() -> None:
    serve.must_be_up_to_date()
    MigrationRecorder.Migration.objects.filter(app="channels_whatsapp").delete()
    with pytest.raises(CommandError, match="--migrate"):
        serve.must_be_up_to_date()
