"""Structured logs, one line each, in which nobody's number, secret or words appear.

Masking sits in the last step before a line is written, so it also covers what libraries log.
"""

from __future__ import annotations

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any

import structlog

HIDDEN = "•••"
# They would quote requests, queries and their values, and whole contexts of pages.
QUIET = (
    "django.db.backends", "django.template", "twilio.http_client", "urllib3", "procrastinate", "asyncio",
    "uvicorn.access", "PIL",
)  # fmt: skip
# Values under these names are never written, whatever they look like.
PRIVATE_NAMES = re.compile(
    r"^(body|text|message_body|payload|parameters|params|data|subject|caption|profile_?name)$"
    r"|password|secret|token|authorization|cookie|signature|api_?key",
    re.IGNORECASE,
)
RULES = (
    (re.compile(r"(?i)\b(basic|bearer)\s+[\w\-.~+/]{8,}=*"), rf"\1 {HIDDEN}"),
    (re.compile(r"(?i)(authorization|x-twilio-signature)(['\"]?\s*[:=]\s*['\"]?)(?!basic|bearer)[^\s'\",}]+"),
     rf"\1\2{HIDDEN}"),
    (re.compile(r"\bAC[0-9a-f]{32}:[^\s@'\"]+"), f"AC…:{HIDDEN}"),
    (re.compile(r"\bfan_[\w-]{16,}"), f"fan_{HIDDEN}"),
    # Addresses that open something to whoever knows them.
    (re.compile(r"(/setup/|/password/reset/key/|/api/files/)[^\s/\"']+"), rf"\1{HIDDEN}"),
    (re.compile(r"\b[0-9a-f]{32}\b"), HIDDEN),  # auth tokens; SIDs begin with two capitals and stay
    (re.compile(r"(?:\+|%2B)(\d\d)\d{2,10}(\d{3})(?!\d)"), rf"+\1{HIDDEN}\2"),
    (re.compile(r"(whatsapp(?::|%3A)[A-Z]{2}\.)\w+"), rf"\1{HIDDEN}"),
    (re.compile(r"(postgres(?:ql)?://[^:/@\s]+):[^@\s]+@"), rf"\1:{HIDDEN}@"),
    # The database quotes whole rows in these lines, message bodies among them.
    (re.compile(r"(?m)^(\s*(?:DETAIL|CONTEXT|LINE \d+|STATEMENT):).*$"), rf"\1 {HIDDEN}"),
)  # fmt: skip


def mask(text: str) -> str:
    """The text with numbers as `+44•••142` and without secrets."""
    for pattern, replacement in RULES:
        text = pattern.sub(replacement, text)
    return text


def masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {name: HIDDEN if PRIVATE_NAMES.search(str(name)) else masked(v) for name, v in value.items()}
    if isinstance(value, list | tuple | set):
        return [masked(item) for item in value]
    return value if isinstance(value, int | float | bool | None) else mask(str(value))


def mask_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """structlog processor: masks names and values of the whole line, tracebacks included."""
    for name, value in event.items():
        if not name.startswith("_"):
            event[name] = HIDDEN if PRIVATE_NAMES.search(name) else masked(value)
    return event


def configure(config: dict[str, Any]) -> None:
    """Django's LOGGING_CONFIG. `config`: `level` (a name) and `json` (else lines for a person)."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            *shared,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(_dict_config(config["level"], _formatter(shared, config["json"])))
    logging.captureWarnings(True)


def _formatter(shared: list[Any], as_json: bool) -> dict[str, Any]:
    last: Any = structlog.processors.JSONRenderer(ensure_ascii=False)
    if not as_json:
        last = structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0)
    return {
        "()": structlog.stdlib.ProcessorFormatter,
        "foreign_pre_chain": shared,
        "processors": [
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            mask_event,
            last,
        ],
    }


def _dict_config(level: str, formatter: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {name: {"level": "WARNING"} for name in QUIET}
        | {"django.request": {"level": "ERROR"}, "django.utils.autoreload": {"level": "WARNING"}},
    }
