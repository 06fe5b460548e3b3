from __future__ import annotations

import io
import logging

import pytest

from config import logs

TOKEN = "f3" * 16
SID = "AC" + "a1" * 16


@pytest.mark.parametrize(
    ("text", "canary"),
    [
        ("to whatsapp:+447700900142 now", "7700900"),
        ("To=whatsapp%3A%2B447700900142&x=1", "7700900"),
        (f"https://{SID}:{TOKEN}@api.twilio.com/", TOKEN),
        (f"auth {TOKEN} used", TOKEN),
        ("Authorization: Basic QUM6c2VjcmV0c2VjcmV0", "QUM6"),
        ("Authorization: Bearer fan_abcdefghijklmnop1234", "abcdefghijklmnop"),
        ("{'X-Twilio-Signature': 'c2lnbmF0dXJl='}", "c2lnbmF0"),
        ("whatsapp:DE.8a7sd6f87a6sdf", "8a7sd6f"),
        ("postgresql://fan:pa55word@db/fanlight", "pa55word"),
        ("duplicate key\nDETAIL:  Failing row contains (1, see you at six).", "see you at six"),
        ("GET /setup/Abc-def_123/ 200", "Abc-def_123"),
    ],
)
def test_a_secret_or_number_does_not_survive(text: str, canary: str) -> None:
    assert canary not in logs.mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "GET /conversations/42/ 200 12 ms",
        "SM" + "0a" * 16,
        "2026-11-22T22:15:25.600566Z",
        "sent 63016 to 14 of 20",
    ],
)
def test_ordinary_text_stays(text: str) -> None:
    assert logs.mask(text) == text


def test_a_number_keeps_its_country_and_its_end() -> None:
    assert logs.mask("whatsapp:+447700900142") == "whatsapp:+44•••142"


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def logger(written: io.StringIO) -> logging.Logger:
    formatter = logs._formatter([], as_json=True)
    handler = logging.StreamHandler(written)
    handler.setFormatter(formatter.pop("()")(**formatter))
    logger = logging.Logger("canary")
    logger.addHandler(handler)
    return logger


def test_a_traceback_is_masked_too(logger: logging.Logger, written: io.StringIO) -> None:
    try:
        raise ValueError("no such contact +447700900142")
    except ValueError:
        logger.exception("could not send to %s", "+447700900142")
    assert "Traceback" in written.getvalue()
    assert "7700900" not in written.getvalue()


def test_values_under_private_names_are_hidden() -> None:
    event = {
        "event": "inbound",
        "body": "my card is lost",
        "deep": {"params": {"Body": "lost"}},
        "kind": "text",
    }
    seen = logs.mask_event(None, "info", event)
    assert seen == {"event": "inbound", "body": "•••", "deep": {"params": "•••"}, "kind": "text"}


def test_libraries_that_quote_requests_are_quiet() -> None:
    for name in ("twilio.http_client", "urllib3", "procrastinate"):
        assert logs._dict_config("DEBUG", {})["loggers"][name] == {"level": "WARNING"}
