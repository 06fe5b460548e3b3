"""Secrets at rest: encrypted in the database, readable only with SECRET_KEY.

A changed key opens what the keys in SECRET_KEY_FALLBACKS sealed, and seals anew on the next save.
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


def seal(text: str) -> str:
    return _fernet().encrypt(text.encode()).decode() if text else ""


def unseal(sealed: str) -> str:
    """The secret, or empty when no key of ours opens it (SECRET_KEY was lost): ask for it again."""
    try:
        return _fernet().decrypt(sealed.encode()).decode() if sealed else ""
    except InvalidToken:
        return ""


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(_key(s)) for s in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _key(secret: str) -> bytes:
    return base64.urlsafe_b64encode(hashlib.sha256(b"sealed:" + secret.encode()).digest())


class SealedField(models.TextField):
    """A text that is encrypted on its way to the database."""

    def get_prep_value(self, value: str | None) -> str:
        return seal(super().get_prep_value(value) or "")

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str:
        return unseal(value or "")
