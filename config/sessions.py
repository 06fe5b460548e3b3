"""Sessions in the database, as Django keeps them (SESSION_ENGINE)."""

from __future__ import annotations

from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    def _validate_session_key(self, key: str | None) -> bool:
        """A forged cookie can hold a NUL, over which the database would trip: only what we make is a key."""
        return bool(super()._validate_session_key(key)) and str(key).isascii() and str(key).isalnum()
