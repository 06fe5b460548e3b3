from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.settings import Env
from tests.browser.stack import ROOT

EMPTY = dict.fromkeys(
    ("PORT", "SIMULATOR_PORT", "WEB_THREADS", "TWILIO_TIMEOUT", "RECEIPT_DAYS", "EMAIL_URL", "EMAIL_FROM",
     "ALLOWED_HOSTS", "DATA_DIR", "LANGUAGES", "API_RATE", "LOG_LEVEL", "TIME_ZONE", "DATABASE_URL",
     "DEBUG"), ""
)  # fmt: skip
SHOW = """
import json
from config import settings as s
print(json.dumps([s.PORT, s.SIMULATOR_PORT, s.WEB_THREADS, s.TWILIO_TIMEOUT, s.RECEIPT_DAYS, s.ALLOWED_HOSTS,
                  str(s.DATA_DIR), s.LANGUAGES, s.API_RATE, s.LOG_LEVEL, s.TIME_ZONE, s.DEBUG,
                  s.EMAIL_BACKEND, s.DEFAULT_FROM_EMAIL, s.EMAIL_TIMEOUT]))
"""


def run(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *words]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **changes}, text=True, capture_output=True)


def test_an_empty_setting_is_its_default() -> None:
    answer = run("-c", SHOW, **EMPTY)
    assert json.loads(answer.stdout) == [
        8000, 8001, 4, 10.0, 30, ["localhost", "127.0.0.1", "[::1]", "inbox.example"],
        str(ROOT / ".data"), [["en", "English"]], "600/min", "INFO", "UTC", False,
        "django.core.mail.backends.console.EmailBackend", "Fanlight <noreply@inbox.example>", 10,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("DATABASE_URL", "mysql://fanlight:hush@localhost/fanlight", "Write it as postgres://"),
        ("DATABASE_URL", "127.0.0.1/x", "Write it as postgres://"),
        ("DATABASE_URL", "postgres://localhost:port/x", "Write it as postgres://"),
        ("DATABASE_URL", "postgres://localhost", "Write it as postgres://"),
        ("EMAIL_URL", "mail.example.com", "Write it as smtp+tls://"),
        ("LOG_LEVEL", "loud", "Write one of DEBUG, INFO"),
        ("TIME_ZONE", "Mars/X", "Write a name such as Europe/London"),
        ("LANGUAGES", "xx", "Write codes such as en,de"),
        ("API_RATE", "lots", "such as 600/min"),
        ("DEBUG", "maybe", "write 1 or 0"),
    ],
)
def test_a_broken_setting_is_a_sentence_with_its_mend(name: str, value: str, mend: str) -> None:
    answer = run("manage.py", "version", **{name: value})
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Error: {name} ")
    assert mend in answer.stderr
    assert answer.stderr.count("\n") == 1
    assert "hush" not in answer.stderr


@pytest.mark.parametrize("value", ["1", "true", "Yes", "on"])
def test_a_yes_may_be_a_word(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("DEBUG", value)
    assert Env().bool("DEBUG", default=False) is True


def test_an_env_file_that_may_not_be_read_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".env"
    Env().read_file(path)  # none at all is fine
    path.write_text("PORT=9000\n")
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may read everything
    with pytest.raises(ImproperlyConfigured, match=r"may not be read by this user\. Make it readable"):
        Env().read_file(path)
