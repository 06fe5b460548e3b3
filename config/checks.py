"""System checks: what is missing or contradicts itself, with the setting's name and the mend."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import connections
from django.http.request import validate_host

ACCOUNT_SID = re.compile(r"AC[0-9a-f]{32}")
NUMBER = re.compile(r"\+[1-9]\d{6,14}")

Finding = tuple[str, str, str]  # id, what is wrong, the mend


@register()
def check_settings(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    rules: tuple[Callable[[], Iterator[Finding]], ...] = (
        credentials, sender, public_address, hosts, ports, amounts, demo
    )  # fmt: skip
    errors: list[CheckMessage] = [
        Error(wrong, hint=mend, id=f"fanlight.{number}") for rule in rules for number, wrong, mend in rule()
    ]
    return errors + list(_warnings())


def credentials() -> Iterator[Finding]:
    sid, tokens = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    if sid and not ACCOUNT_SID.fullmatch(sid):
        yield "E001", "TWILIO_ACCOUNT_SID is not an account SID.", "It begins with AC and has 34 characters."
    if sid and not tokens:
        yield (
            "E002",
            "TWILIO_AUTH_TOKEN is missing.",
            "Copy it from the Twilio Console, beside the account SID.",
        )
    if tokens and not sid:
        yield "E003", "TWILIO_AUTH_TOKEN is set without TWILIO_ACCOUNT_SID.", "Set both, or neither."


def sender() -> Iterator[Finding]:
    address, number = settings.TWILIO_WHATSAPP_FROM, settings.WHATSAPP_BUSINESS_PHONE_NUMBER
    kind, _, digits = address.partition(":")
    is_address = kind == "whatsapp" and NUMBER.fullmatch(digits)
    if address and not is_address:
        yield "E004", "TWILIO_WHATSAPP_FROM is not a WhatsApp address.", "Write it as whatsapp:+14155238886."
    if number and not NUMBER.fullmatch(number):
        yield (
            "E005",
            "WHATSAPP_BUSINESS_PHONE_NUMBER is not an international number.",
            "Write it as +14155238886, without spaces.",
        )
    elif number and is_address and number != digits:
        yield (
            "E006",
            "WHATSAPP_BUSINESS_PHONE_NUMBER and TWILIO_WHATSAPP_FROM name different numbers.",
            "Set them to the same number, or leave WHATSAPP_BUSINESS_PHONE_NUMBER empty.",
        )


def public_address() -> Iterator[Finding]:
    if not settings.PUBLIC_BASE_URL:
        return
    try:
        parts = urlsplit(settings.PUBLIC_BASE_URL)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        parts, host = urlsplit(""), ""
    if parts.scheme not in ("http", "https") or not host or parts.path or parts.query or parts.fragment:
        yield (
            "E007",
            "PUBLIC_BASE_URL is not the start of a web address.",
            "Write scheme and host only: https://inbox.example.com",
        )
    elif "_" in host:
        yield (
            "E008",
            "PUBLIC_BASE_URL has an underscore in its host name, which Twilio refuses as a callback.",
            "Use a host name with letters, digits and hyphens.",
        )
    elif parts.scheme == "http" and is_real():
        yield (
            "E009",
            "PUBLIC_BASE_URL is not https, and Twilio sends customers' messages there.",
            "Put a proxy with a certificate in front (compose.yaml has one) and write https://.",
        )
    if settings.DEBUG and parts.scheme == "https":
        yield (
            "E010",
            "DEBUG is on at a public address: its error pages show secrets.",
            "Set DEBUG=0, or clear PUBLIC_BASE_URL.",
        )


def hosts() -> Iterator[Finding]:
    try:
        host = urlsplit(settings.PUBLIC_BASE_URL).hostname
    except ValueError:
        return  # E007 says it
    if host and not validate_host(host, settings.ALLOWED_HOSTS):
        yield "E011", f"ALLOWED_HOSTS does not contain {host}, the host of PUBLIC_BASE_URL.", "Add it."
    if "*" in settings.ALLOWED_HOSTS and is_real():
        yield "E012", "ALLOWED_HOSTS is *, which lets a stranger choose our address.", "Name the hosts."


def ports() -> Iterator[Finding]:
    for name in ("PORT", "SIMULATOR_PORT"):
        if not 0 < getattr(settings, name) < 65536:
            yield "E013", f"{name} is not a port.", "Choose a number from 1 to 65535."
    if settings.DEMO and settings.PORT == settings.SIMULATOR_PORT:
        yield "E014", "PORT and SIMULATOR_PORT are the same.", "Leave SIMULATOR_PORT empty: it is PORT + 1."


def amounts() -> Iterator[Finding]:
    for name in ("WEB_THREADS", "RECEIPT_DAYS", "TWILIO_TIMEOUT"):
        if not getattr(settings, name) > 0:
            yield "E016", f"{name} is not more than 0.", "Set it to a larger number, or leave it empty."


def demo() -> Iterator[Finding]:
    if settings.DEMO and settings.TWILIO_ACCOUNT_SID != settings.DEMO_ACCOUNT_SID:
        yield (
            "E015",
            "DEMO is on although there are Twilio credentials.",
            "Set DEMO=0 to use Twilio, or clear TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN for the demo.",
        )


def is_real() -> bool:
    """True when messages really go to Twilio."""
    return bool(settings.TWILIO_ACCOUNT_SID) and not settings.DEMO and not settings.TWILIO_API_BASE_URL


def _warnings() -> Iterator[CheckMessage]:
    if is_real() and not settings.PUBLIC_BASE_URL:
        yield Warning(
            "PUBLIC_BASE_URL is empty: Twilio cannot tell us what became of a message.",
            hint="Set it to the https address under which Twilio reaches this machine.",
            id="fanlight.W001",
        )
    has_sender = settings.TWILIO_WHATSAPP_FROM or settings.WHATSAPP_BUSINESS_PHONE_NUMBER
    if settings.TWILIO_ACCOUNT_SID and settings.TWILIO_AUTH_TOKEN and not settings.DEMO and not has_sender:
        yield Warning(
            "TWILIO_WHATSAPP_FROM is empty: the settings name no number to answer.",
            hint="Set it to your WhatsApp sender, as whatsapp:+14155238886, or enter senders in the admin.",
            id="fanlight.W002",
        )


@register(Tags.database)
def check_database(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """PostgreSQL 15 or newer, with the extensions of the search, that keeps what it has confirmed."""
    if not databases or "default" not in databases:
        return []
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT name FROM pg_available_extensions WHERE name IN ('pg_trgm', 'unaccent')")
        missing = {"pg_trgm", "unaccent"} - {name for (name,) in cursor.fetchall()}
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('fsync')")
        version, fsync = cursor.fetchone()
    return list(judge_database(missing, version, fsync))


def judge_database(missing: set[str], version: int, fsync: str) -> Iterator[CheckMessage]:
    """`version` as PostgreSQL numbers itself (180003 is 18.3); `fsync` is "on" or "off"."""
    if version < 150000:
        yield Error("PostgreSQL is older than 15.", hint="Upgrade the server.", id="fanlight.E020")
    if missing:
        names = " and ".join(sorted(missing))
        mend = "Install the server's contrib package (postgresql-contrib)."
        yield Error(f"PostgreSQL lacks the extension {names}.", hint=mend, id="fanlight.E021")
    if fsync != "on":
        mend = "Set fsync = on in postgresql.conf."
        yield Error("PostgreSQL's fsync is off: a crash loses messages.", hint=mend, id="fanlight.E022")
