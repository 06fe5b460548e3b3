from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from inbox.models import ApiKey

if TYPE_CHECKING:
    from rest_framework.views import APIView


class PerCaller(SimpleRateThrottle):
    """`API_RATE` requests for each key, and for each person who is signed in.

    Counted in the database cache, so that all web processes count together.
    """

    scope = "api"

    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return f"api-rate-{caller(request)}" if request.user.is_authenticated else None


def caller(request: Request) -> str:
    """Who asks, as one word: the key, or without one the person."""
    return f"key-{request.auth.pk}" if isinstance(request.auth, ApiKey) else f"agent-{request.user.pk}"
