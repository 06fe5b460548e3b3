from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from config import setup
from config.secret import kept_secret, secret_key
from inbox.models import Agent

ANSWERS = {
    "username": "ada",
    "email": "ada@example.com",
    "password1": "a door above the window",
    "password2": "a door above the window",
}


@pytest.fixture(autouse=True)
def data_dir(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = tmp_path
    return tmp_path


@pytest.mark.django_db
def test_the_link_makes_the_first_admin_once(client: Client) -> None:
    path = setup.path()
    assert client.get(path).status_code == 200
    answer = client.post(path, ANSWERS)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/connect/")
    admin = Agent.objects.get()
    assert (admin.username, admin.is_superuser, admin.is_admin) == ("ada", True, True)
    assert client.session["_auth_user_id"] == str(admin.pk)
    assert Client().get(path).status_code == 404


@pytest.mark.django_db
def test_another_token_opens_nothing(client: Client) -> None:
    setup.path()
    assert client.get("/setup/another/").status_code == 404


@pytest.mark.django_db
def test_nothing_opens_before_a_link_was_made(client: Client) -> None:
    assert client.get("/setup/x/").status_code == 404


@pytest.mark.django_db
def test_an_installation_with_an_admin_is_closed(client: Client) -> None:
    path = setup.path()
    Agent.objects.create_superuser("root", password="x")
    assert client.get(path).status_code == 404
    assert client.post(path, ANSWERS).status_code == 404
    assert not setup.is_open()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong", [{"password2": "other"}, {"password1": "short", "password2": "short"}, {"email": ""}]
)
def test_a_wrong_answer_is_shown_and_the_link_stays(client: Client, wrong: dict[str, str]) -> None:
    path = setup.path()
    answer = client.post(path, ANSWERS | wrong)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not Agent.objects.exists()
    assert client.get(path).status_code == 200


def test_a_secret_is_made_once_and_for_its_owner_only(data_dir: Path) -> None:
    first = secret_key(data_dir / "new")
    assert secret_key(data_dir / "new") == first
    assert len(first) > 60
    assert (data_dir / "new" / "secret_key").stat().st_mode & 0o777 == 0o600
    assert (data_dir / "new").stat().st_mode & 0o777 == 0o700
    assert [path.name for path in (data_dir / "new").iterdir()] == ["secret_key"]


def test_secrets_differ(data_dir: Path) -> None:
    assert kept_secret(data_dir, "a") != kept_secret(data_dir, "b")
