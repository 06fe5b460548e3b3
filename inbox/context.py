from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from inbox import gateways, statuses
from inbox.models import Message

THEMES = ("light", "dark")
# A worker that is well takes a message within a second.
IMPAIRED_AFTER = timedelta(seconds=60)


def shell(request: HttpRequest) -> dict[str, Any]:
    """What every page's frame shows.

    :return: `theme`: "light", "dark", or "" to follow the system; `phone_url`: the pretend customer's
        phone, in a demo only; `is_impaired`: true while messages wait for a worker;
        `alarms`: what admins must put right. Both are asked when shown.
    """
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "DEMO": settings.DEMO,
        "phone_url": phone_url(request) if settings.DEMO else "",
        "is_impaired": SimpleLazyObject(is_impaired),
        "alarms": SimpleLazyObject(lambda: alarms(request)),
    }


def phone_url(request: HttpRequest) -> str:
    """Empty under a name that is not ours: the page that says so has this frame too."""
    try:
        host = re.sub(r":\d+$", "", request.get_host())
    except DisallowedHost:
        return ""
    return f"http://{host}:{settings.SIMULATOR_PORT}/"


def alarms(request: HttpRequest) -> list[gateways.Alarm]:
    """For whoever is signed in; a page that says what went wrong may know nobody."""
    user = getattr(request, "user", None)
    return gateways.alarms(user) if user is not None and user.is_authenticated else []


def is_impaired() -> bool:
    """Whether a message has been waiting so long that sending cannot be well."""
    return Message.objects.filter(status=statuses.QUEUED, created_at__lt=Now() - IMPAIRED_AFTER).exists()
