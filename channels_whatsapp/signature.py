"""Twilio's signature of a webhook: whether it is Twilio, and of which account.

Ours and not the SDK's because it is on the hot path: equal to `RequestValidator` byte for byte, which
the tests prove (Twilio, "Webhooks security" and "Webhook shared keys"). The signed text is the address
and every name and value behind each other, so a signature proves less than it seems: the middleware
asks for the parameters that nobody can fold into one another.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings

from channels_whatsapp.models import Account

HEADER = "X-Twilio-Signature"
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"
SHA1, SHA256 = "HMAC_SHA1", "HMAC_SHA256"
_DIGESTS = {SHA1: hashlib.sha1, SHA256: hashlib.sha256}
_PORTS = {"https": 443, "http": 80}
FRESH_SECONDS = 30.0
# A token that was changed a moment ago must not cost webhooks, nor a flood of forgeries a query each.
LEAST_SECONDS = 1.0

Params = Mapping[str, Iterable[str]]


def sign(secret: str, url: str, params: Params, algorithm: str = SHA1) -> str:
    """The signature as Twilio writes it: base64 of the HMAC.

    :param params: every value of every name; repeated values count once, as the SDK has it.
    """
    text = url + "".join(name + value for name in sorted(params) for value in sorted(set(params[name])))
    # Bytes that are no UTF-8 arrive as lone surrogates (forms.py) and become the same bytes again.
    digest = hmac.new(secret.encode(), text.encode("utf-8", "surrogateescape"), _DIGESTS[algorithm])
    return base64.b64encode(digest.digest()).decode()


def variants(url: str) -> tuple[str, ...]:
    """The address without and with its port: Twilio signs one or the other."""
    parts = urlsplit(url)
    if parts.port:
        return url, urlunsplit(parts._replace(netloc=parts.netloc.rpartition(":")[0]))
    return url, urlunsplit(parts._replace(netloc=f"{parts.netloc}:{_PORTS[parts.scheme]}"))


def matches(given: str, secret: str, url: str, params: Params, algorithm: str = SHA1) -> bool:
    given_bytes = given.encode("utf-8", "replace")
    return any(
        hmac.compare_digest(sign(secret, variant, params, algorithm).encode(), given_bytes)
        for variant in variants(url)
    )


@dataclass(frozen=True)
class Scheme:
    """What the settings header says: the auth token, or one named key and nothing else."""

    key: str = ""
    algorithm: str = SHA1

    @classmethod
    def parse(cls, header: str) -> Scheme | None:
        """None for a header that we do not understand: nothing verifies then."""
        if not header:
            return cls()
        pairs = dict(part.strip().partition("=")[::2] for part in header.split(","))
        scheme = cls(pairs.get("key", "").strip(), pairs.get("algorithm", SHA1).strip().upper())
        if not pairs.keys() & {"key", "algorithm"} or scheme.algorithm not in _DIGESTS:
            return None
        return scheme if scheme.key or scheme.algorithm == SHA1 else None


@dataclass(frozen=True)
class Secrets:
    """What an account signs with."""

    tokens: tuple[str, ...] = ()
    keys: Mapping[str, str] = field(default_factory=dict)  # shared key's id → its secret

    def for_scheme(self, scheme: Scheme) -> Iterator[str]:
        if scheme.key:
            yield from filter(None, [self.keys.get(scheme.key)])
        else:
            yield from self.tokens


class Accounts:
    """The secrets of every account, kept for half a minute: a webhook costs no query for them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.forget()

    def forget(self) -> None:
        self._stored: dict[str, Secrets] = {}
        self._read_at = -FRESH_SECONDS

    def candidates(self, account_sid: str) -> Iterator[Secrets]:
        """What it may have signed with, cheapest first: the settings need no database."""
        if account_sid and account_sid == settings.TWILIO_ACCOUNT_SID:
            yield Secrets(tuple(settings.TWILIO_AUTH_TOKEN))
        for seconds in (FRESH_SECONDS, LEAST_SECONDS):
            yield self._all(seconds).get(account_sid, Secrets())

    def sids(self) -> set[str]:
        return {*self._all(FRESH_SECONDS), settings.TWILIO_ACCOUNT_SID} - {""}

    def _all(self, seconds: float) -> dict[str, Secrets]:
        if time.monotonic() - self._read_at < seconds:
            return self._stored
        with self._lock:
            if time.monotonic() - self._read_at >= seconds:
                self._read()
        return self._stored

    def _read(self) -> None:
        self._stored = {account.sid: _secrets(account) for account in Account.objects.all()}
        self._read_at = time.monotonic()


def _secrets(account: Account) -> Secrets:
    keys = {account.shared_key_id: account.shared_key_secret} if account.shared_key_secret else {}
    return Secrets(tuple(account.verifying_tokens), keys)


accounts = Accounts()


def is_signed(given: str, scheme: Scheme | None, account_sid: str, url: str, params: Params) -> bool:
    """Whether this account made the signature. Without a secret to check with, nobody did."""
    if not given or scheme is None:
        return False
    return any(
        matches(given, secret, url, params, scheme.algorithm)
        for known in accounts.candidates(account_sid)
        for secret in known.for_scheme(scheme)
    )


def digest(body: bytes) -> str:
    """What stands as ``bodySHA256`` in the address of a JSON webhook."""
    return hashlib.sha256(body).hexdigest()
