"""What README tells people to type exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.core.management import get_commands, load_command_class

from tests.browser.stack import ROOT

README = ROOT / "README.md"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
OUR_COMMANDS = ("serve", "worker", "simulator", "demo", "doctor", "reconcile", "create_api_key")


def lines() -> Iterator[str]:
    """Every command line of README's shell blocks, without comments and continuations."""
    text = README.read_text() if README.exists() else ""
    for block in BLOCK.findall(text):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip() and not line.lstrip().startswith("#"):
                yield line.strip()


def words_after(line: str, word: str) -> list[str]:
    words = shlex.split(line, comments=True)
    at = next((n for n, w in enumerate(words) if w.rpartition("/")[2] == word), None)
    return [] if at is None else words[at + 1 :]


def test_readme_has_commands() -> None:
    assert any(line.startswith("make run") for line in lines())


@pytest.mark.parametrize("line", [line for line in lines() if "make " in line])
def test_a_make_target_exists(line: str) -> None:
    targets = [word for word in words_after(line, "make") if re.fullmatch(r"[a-z]+", word)]
    for target in targets:
        answer = subprocess.run(["make", "-n", target], cwd=ROOT, capture_output=True, text=True)
        assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("line", [line for line in lines() if "manage.py " in line])
def test_a_management_command_exists_with_its_options(line: str) -> None:
    name, *words = words_after(line, "manage.py")
    command = load_command_class(get_commands()[name], name)
    options = {
        option
        for action in command.create_parser("manage.py", name)._actions
        for option in action.option_strings
    }
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options


@pytest.mark.parametrize("name", OUR_COMMANDS)
def test_our_command_says_what_it_is_for(name: str) -> None:
    assert load_command_class(get_commands()[name], name).help


def test_help_needs_neither_database_nor_settings_of_ones_own() -> None:
    answer = subprocess.run([sys.executable, "manage.py", "help"], cwd=ROOT, capture_output=True, text=True)
    assert answer.returncode == 0
    assert "serve" in answer.stdout


def test_the_image_brings_its_database_up_to_date() -> None:
    [command] = re.findall(r"^CMD (.*)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert '"serve"' in command
    assert '"--migrate"' in command


def test_compose_listens_where_its_proxy_asks_whatever_the_env_file_says() -> None:
    text = (ROOT / "compose.yaml").read_text()
    assert 'PORT: "8000"' in text
    assert "reverse_proxy @outside web:8000" in text
    assert re.search(r"ALLOWED_HOSTS: \S*,web,", text)
