from __future__ import annotations

from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler

from inbox.refusals import Refused

#: The HTTP status of a refusal by its code; anything else is 400.
STATUS = {"window_closed": 409, "newer_messages": 409, "client_id_used": 409, "opted_out": 403, "rate": 429}


def handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    """Refusals as `{"success": false, "error": sentence, "code": …, "next_step": …}`."""
    if isinstance(exc, Refused):
        body = {"success": False, "error": exc.sentence, "code": exc.code, "next_step": exc.next_step}
        return Response(body, status=STATUS.get(exc.code, 400))
    return exception_handler(exc, context)
