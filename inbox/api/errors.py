"""One shape for everything that goes wrong in the API.

`{"success": false, "error": sentence, "code": word}`, for a refusal with `next_step`, for wrong input
with `fields`: `{"field": ["sentence", …]}`.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext_lazy as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from inbox.refusals import Refused

#: The HTTP status of a refusal by its code; anything else is 400.
STATUS = {
    "window_closed": 409,
    "newer_messages": 409,
    "client_id_used": 409,
    "not_failed": 409,
    "other_open": 409,
    "submitted": 409,
    "not_draft": 409,
    "opted_out": 403,
    "no_opt_in": 403,
    "not_allowed": 403,
    "rate": 429,
}


def handler(exc: Exception, context: dict[str, Any]) -> Response | None:
    if isinstance(exc, Refused):
        body = {"success": False, "error": exc.sentence, "code": exc.code, "next_step": exc.next_step}
        return Response(body, status=STATUS.get(exc.code, 400))
    response = exception_handler(exc, context)
    if response is not None:
        response.data = body_of(exc, response.data)
    return response


def body_of(exc: Exception, detail: Any) -> dict[str, Any]:
    if isinstance(exc, exceptions.ValidationError):
        fields = detail if isinstance(detail, dict) else {"non_field_errors": detail}
        return {"success": False, "error": " ".join(sentences(fields)), "code": "invalid", "fields": fields}
    code = getattr(exc, "default_code", "not_found")
    return {"success": False, "error": str(detail["detail"]), "code": code}


def sentences(errors: Any, name: str = "") -> list[str]:
    """Every message with the path of its field: `content_variables.1: This field may not be blank.`"""
    if isinstance(errors, dict):
        return [s for key, value in errors.items() for s in sentences(value, _under(name, str(key)))]
    if isinstance(errors, list):
        return [s for value in errors for s in sentences(value, name)]
    return [f"{name}: {errors}" if name else str(errors)]


def _under(name: str, key: str) -> str:
    if key == "non_field_errors":
        return name
    return f"{name}.{key}" if name else key


def not_found(request: HttpRequest) -> JsonResponse:
    """What lies under /api/ and is nothing."""
    body = {"success": False, "error": str(_("There is nothing at this address.")), "code": "not_found"}
    return JsonResponse(body, status=404)
