"""Webhooks that were refused: counted, and told apart by what would have verified them.

A wrong address in Twilio's console looks like an attack. `doctor` shows the difference. Cheap on
purpose: one row a minute, route and known account, written at the 1st, 2nd, 4th, 8th … of them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from threading import Lock
from urllib.parse import SplitResult, urlsplit, urlunsplit

from django.db import DatabaseError, connection, transaction

from channels_whatsapp.signature import Params, Scheme, accounts, is_signed

logger = logging.getLogger(__name__)

_UPSERT = """
INSERT INTO channels_whatsapp_badsignature (minute, path, account_sid, count, diagnosis, last_at)
VALUES (%s, %s, %s, %s, %s, clock_timestamp())
ON CONFLICT (minute, path, account_sid) DO UPDATE SET
    count = channels_whatsapp_badsignature.count + excluded.count,
    last_at = excluded.last_at,
    diagnosis = COALESCE(NULLIF(excluded.diagnosis, ''), channels_whatsapp_badsignature.diagnosis)
"""


class Counter:
    """Says when a count is worth writing, and how many that writes."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._minute = 0
        self._counts: dict[tuple[str, str], int] = {}

    def due(self, path: str, account_sid: str) -> int:
        """How many came since the last one that was due; 0 when this one is not."""
        with self._lock:
            minute = int(time.time() // 60)
            if minute != self._minute:
                self._minute, self._counts = minute, {}
            count = self._counts[path, account_sid] = self._counts.get((path, account_sid), 0) + 1
        is_power = count & (count - 1) == 0
        return max(1, count // 2) if is_power else 0


counter = Counter()
# Twilio signs everything, so this was not Twilio.
NO_SIGNATURE = "no signature"
NOT_UNDERSTOOD = "signature settings that are not understood"
# Of these anybody can make as many as they like; every other diagnosis took one of our secrets.
UNPROVEN = ("", NO_SIGNATURE, NOT_UNDERSTOOD)


def note(
    path: str, account_sid: str, given: str, scheme: Scheme | None, url: str, params: Params, host: str
) -> None:
    """Count one, and say why if that can be found out. Never in the way of the refusal itself.

    :param path: a route of ours, or empty for any other address.
    :param host: the request's own Host header.
    """
    account_sid = account_sid if account_sid in accounts.sids() else ""
    if count := counter.due(path, account_sid):
        diagnosis = diagnose(account_sid, given, scheme, url, params, host) if given else NO_SIGNATURE
        write(path, account_sid, count, diagnosis)


def write(path: str, account_sid: str, count: int, diagnosis: str) -> None:
    minute = datetime.fromtimestamp(time.time() // 60 * 60, UTC)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_UPSERT, [minute, path, account_sid, count, diagnosis[:200]])
    except DatabaseError:
        logger.warning("a refused webhook could not be counted", exc_info=True)


def diagnose(account_sid: str, given: str, scheme: Scheme | None, url: str, params: Params, host: str) -> str:
    """What differs between what was signed and what we expect, in a few words; empty when nothing fits."""
    if scheme is None:
        return NOT_UNDERSTOOD
    for other in sorted(accounts.sids(), key=lambda sid: sid != account_sid):
        for words, variant in _variants(urlsplit(url), host):
            if is_signed(given, scheme, other, variant, params):
                return ", ".join([*words, f"token of {other}"] if other != account_sid else words)
    return ""


def _variants(ours: SplitResult, host: str) -> Iterator[tuple[list[str], str]]:
    """Addresses that people enter by mistake, with what is wrong about each."""
    for words, netloc in _hosts(ours, host):
        for scheme in dict.fromkeys([ours.scheme, "https", "http"]):
            for path in (
                ours.path,
                ours.path.removesuffix("/") if ours.path.endswith("/") else ours.path + "/",
            ):
                told = list(words)
                told += [f"{scheme} for {ours.scheme}"] if scheme != ours.scheme else []
                told += ["trailing slash"] if path != ours.path else []
                yield told, urlunsplit(ours._replace(scheme=scheme, netloc=netloc, path=path))


def _hosts(ours: SplitResult, host: str) -> Iterator[tuple[list[str], str]]:
    name = ours.hostname or ""
    yield [], ours.netloc
    if ours.port:
        yield ["other port"], name
    for port in ("8000", "8080", "8443", host.rpartition(":")[2]):
        if port.isdigit() and port != str(ours.port):
            yield ["other port"], f"{name}:{port}"
    if host and host != ours.netloc:
        yield [f"other host: {host}"], host
