from __future__ import annotations

import logging
import time
from collections.abc import Callable

from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.views.defaults import bad_request

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


class BackOfficeMiddleware:
    """Django's admin asks the database for whatever a filter in the address says.

    What the database cannot even read (a NUL, a word that is no status) is a bad request and no accident.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if isinstance(exception, DataError) and request.path_info.startswith("/admin/"):
            return bad_request(request, exception)
        return None
