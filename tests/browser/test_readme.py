"""What README tells people to type does what it says, on the running product."""

from __future__ import annotations

import json
import urllib.request

import pytest

from tests.browser.stack import ROOT, Stack
from tests.test_commands import lines, words_after

README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("line", [line for line in lines() if "manage.py " in line])
def test_a_command_of_readme_ends_well(live: Stack, line: str) -> None:
    done = live.manage(*words_after(line, "manage.py"))
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_was_missed_is_looked_for_on_demand(live: Stack) -> None:
    assert "`manage.py reconcile [--since 2h]`" in README
    assert live.manage("reconcile", "--since", "2h").returncode == 0


def test_a_program_sends_as_readme_shows_it(live: Stack) -> None:
    """The example's customer is one of the demo's, so the same words work here."""
    example = README.partition("POST /api/whatsapp/send")[2].partition("```")[0].splitlines()
    body = json.loads(next(line for line in example if line.startswith("{")))
    key = live.manage("create_api_key", "lead").stdout.splitlines()[-1]
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    answers = []
    for _ in range(2):
        request = urllib.request.Request(
            f"{live.url}/api/whatsapp/send",
            json.dumps(body).encode(),
            headers | {"Idempotency-Key": "readme"},
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            answers.append((answer.status, json.load(answer)))
    assert answers[0][0] == 202
    assert answers[0][1].keys() == {"success", "id", "status", "messageSid"}
    assert answers[0][1]["id"] == answers[1][1]["id"]
