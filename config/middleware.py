from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

# Asked for all day, by browsers and by machines.
QUIET = ("/static/", "/healthz", "/readyz", "/metrics")

logger = logging.getLogger("fanlight.access")


class AccessLogMiddleware:
    """One line per request. Without the query string, which carries searches and numbers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        if not request.path.startswith(QUIET):
            milliseconds = (time.perf_counter() - started) * 1000
            logger.info("%s %s %s %.0f ms", request.method, request.path, response.status_code, milliseconds)
        return response
