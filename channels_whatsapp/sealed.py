"""Secrets at rest: encrypted in the database, readable only with SECRET_KEY.

A changed key opens what the keys in SECRET_KEY_FALLBACKS sealed, and seals anew on the next save.
What no key opens is kept as it is: the right key may come back.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

# Before a secret in a dump (`dumpdata`), so that `loaddata` knows it from one that somebody typed.
DUMPED = "sealed:"


class Unreadable(str):
    """Empty, because no key of ours opens it (SECRET_KEY was lost): ask for the secret again."""

    sealed: str

    def __new__(cls, sealed: str) -> Unreadable:
        text = super().__new__(cls)
        text.sealed = sealed
        return text

    def __getnewargs__(self) -> tuple[str]:
        return (self.sealed,)


def seal(text: str | None) -> str:
    if isinstance(text, Unreadable):
        return text.sealed
    return _fernet().encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """The secret; `Unreadable` when no key of ours opens it."""
    try:
        return _fernet().decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        return Unreadable(sealed)


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(_key(s)) for s in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"sealed:" + secret.encode()).digest())


class SealedField(models.TextField):
    """A text that is encrypted on its way to the database, and in dumps of it."""

    def get_prep_value(self, value: str | None) -> str:
        return seal(super().get_prep_value(value))

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str:
        return unseal(value or "")

    def value_to_string(self, obj: models.Model) -> str:
        sealed = seal(self.value_from_object(obj))
        return f"{DUMPED}{sealed}" if sealed else ""

    def to_python(self, value: object) -> str | None:
        text = super().to_python(value)
        return unseal(text.removeprefix(DUMPED)) if text and text.startswith(DUMPED) else text
