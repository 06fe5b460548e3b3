from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

THEMES = ("light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """What every page's frame shows.

    :return: `theme`: "light", "dark", or "" to follow the system; `phone_url`: the pretend customer's
        phone, in a demo only.
    """
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "DEMO": settings.DEMO,
        "phone_url": phone_url(request) if settings.DEMO else "",
    }


def phone_url(request: HttpRequest) -> str:
    host = request.get_host().rpartition(":")[0] if ":" in request.get_host() else request.get_host()
    return f"http://{host}:{settings.SIMULATOR_PORT}/"
