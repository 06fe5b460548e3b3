from __future__ import annotations

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from inbox.models import Agent, ApiKey


class ApiKeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer fan_…`; the caller acts as the key's agent and sees what that agent sees.

    A key for some channels only sees less (inbox/access.py).
    """

    def authenticate(self, request: Request) -> tuple[Agent, ApiKey] | None:
        scheme, _sep, text = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        key = ApiKey.find(text.decode("latin-1").strip())
        if key is None:
            raise AuthenticationFailed(_("This API key is unknown, expired or revoked."))
        key.note_use()
        return key.agent, key

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
