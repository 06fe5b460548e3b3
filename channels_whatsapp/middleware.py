"""The door of the webhooks: everything under one prefix, answered here before sessions, sign-in and CSRF.

It fails closed by prefix. No view below it is reached without a valid signature, whoever adds it.
"""

from __future__ import annotations

import ipaddress
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.urls import Resolver404, resolve

from channels_whatsapp import forgeries, forms, signature, twiml

logger = logging.getLogger(__name__)

PREFIX = "/api/webhooks/whatsapp/twilio"
EVENTS = f"{PREFIX}/events"
ROUTES = {PREFIX, f"{PREFIX}/fallback", f"{PREFIX}/status", EVENTS}
MAX_BODY = 256 * 1024


@dataclass(frozen=True)
class Webhook:
    """A verified one, on `request.webhook`.

    :param params: name → text, or a list of texts where the name came more than once; storable.
    :param events: of an Event Streams batch.
    """

    account_sid: str
    params: dict[str, Any]
    events: tuple[dict[str, Any], ...] = ()


class Refusal(Exception):
    def __init__(self, status: int, error: str) -> None:
        super().__init__(error)
        self.response = JsonResponse({"error": error}, status=status)


INVALID = "Invalid signature"


class WebhookMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if path != PREFIX and not path.startswith(f"{PREFIX}/"):
            return self.get_response(request)
        try:
            return _answer(request)
        except Refusal as refusal:
            return refusal.response
        except Exception:
            # Not stored, so not acknowledged: Twilio's retry and fallback act on the 503.
            logger.exception("a webhook could not be stored")
            return twiml.answer(status=503)


def _answer(request: HttpRequest) -> HttpResponse:
    if request.method in ("GET", "HEAD") and _route(request) == PREFIX:
        return JsonResponse({"status": "ok"})
    if request.method not in ("POST", "PUT"):
        return HttpResponseNotAllowed(["POST", "PUT"])
    request.webhook = _verified(request)  # type: ignore[attr-defined]
    try:
        match = resolve(request.path_info)
    except Resolver404:
        raise Refusal(404, "No such webhook") from None
    return match.func(request, *match.args, **match.kwargs)


def _route(request: HttpRequest) -> str:
    return request.path_info.removesuffix("/")


def _verified(request: HttpRequest) -> Webhook:
    """:raises Refusal: and counts it when the signature is missing or wrong."""
    check = Check(request)
    if not check.given:
        check.refuse({}, "")
    is_json = check.route == EVENTS
    _must_be(request, "application/json" if is_json else "application/x-www-form-urlencoded")
    body = _body(request)
    return check.events(body) if is_json else check.form(body)


def _must_be(request: HttpRequest, content_type: str) -> None:
    charset = (request.content_params or {}).get("charset", "utf-8").strip("\"' ").lower()
    if request.content_type != content_type or charset not in ("utf-8", "utf8"):
        raise Refusal(415, f"Expected {content_type} in UTF-8")


def _body(request: HttpRequest) -> bytes:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdigit() or int(length) > MAX_BODY:
        raise Refusal(413, "Too large")
    return request.read(int(length))


class Check:
    """The signature of one request."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.route = _route(request)
        self.given = request.headers.get(signature.HEADER, "")
        self.scheme = signature.Scheme.parse(request.headers.get(signature.SETTINGS_HEADER, ""))
        query = request.META.get("QUERY_STRING", "")
        self.url = f"{base_url(request)}{request.path_info}{'?' if query else ''}{query}"

    def form(self, body: bytes) -> Webhook:
        try:
            fields = forms.read(body)
        except forms.TooManyFields:
            raise Refusal(400, "Too many fields") from None
        named = fields.get("AccountSid", [])
        account_sid = named[0] if len(named) == 1 else ""
        readings = [fields, forms.replaced(fields)] if forms.has_invalid_text(fields) else [fields]
        if not any(self._is_signed(account_sid, reading) for reading in readings):
            self.refuse(fields, account_sid)
        if fault := ambiguity(fields, is_status=self.route.endswith("/status")):
            self._note_fault(account_sid, fault)
            raise Refusal(400, fault)
        return Webhook(account_sid, forms.stored(fields, body))

    def events(self, body: bytes) -> Webhook:
        """An Event Streams batch: the digest of the body stands in the signed address."""
        digest = signature.digest(body)
        if self.request.GET.getlist("bodySHA256") != [digest]:
            self.refuse({}, "")
        events, named = _batch(body)
        tried = named or accounts_of_settings_first()
        account_sid = next((sid for sid in tried if self._is_signed(sid, {})), "")
        if not account_sid or named - {account_sid}:
            self.refuse({}, next(iter(named), ""))
        return Webhook(account_sid, {}, tuple(events))

    def refuse(self, fields: signature.Params, account_sid: str) -> None:
        """:raises Refusal: always."""
        path = self.route if self.route in ROUTES else ""
        host = self.request.META.get("HTTP_HOST", "")
        forgeries.note(path, account_sid, self.given, self.scheme, self.url, fields, host)
        raise Refusal(403, INVALID)

    def _is_signed(self, account_sid: str, fields: signature.Params) -> bool:
        return signature.is_signed(self.given, self.scheme, account_sid, self.url, fields)

    def _note_fault(self, account_sid: str, fault: str) -> None:
        if count := forgeries.counter.due(f"{self.route} {fault}", account_sid):
            forgeries.write(self.route, account_sid, count, f"signed, but: {fault}")


def accounts_of_settings_first() -> list[str]:
    return sorted(signature.accounts.sids(), key=lambda sid: sid != settings.TWILIO_ACCOUNT_SID)


def _batch(body: bytes) -> tuple[list[dict[str, Any]], set[str]]:
    """The events, and the accounts that they name.

    :raises Refusal: it is not a JSON array of objects.
    """
    try:
        batch = forms.from_json(body)
    except (ValueError, RecursionError):
        raise Refusal(400, "Expected JSON") from None
    events = batch if isinstance(batch, list) else [batch]
    if not all(isinstance(event, dict) for event in events):
        raise Refusal(400, "Expected a list of events")
    named = (event["data"].get("accountSid") for event in events if isinstance(event.get("data"), dict))
    return events, {str(sid) for sid in named if sid}


# One signature is valid for several shapes of the same text. These parameters, each there once and of
# its own form, are what cannot be made by moving letters between names and values.
_FORMS = {
    "AccountSid": re.compile(r"\AAC[0-9a-fA-F]{32}\Z"),
    "MessageSid": re.compile(r"\A(SM|MM)[0-9a-fA-F]{32}\Z"),
    "From": re.compile(r"\Awhatsapp:\S{1,150}\Z"),
    "To": re.compile(r"\Awhatsapp:\S{1,150}\Z"),
}


def ambiguity(fields: dict[str, list[str]], *, is_status: bool) -> str:
    """What is wrong with the parameters that must be there once, or empty."""
    for name, form in _FORMS.items():
        values = fields.get(name, [])
        if is_status and name == "From" and values in ([], [""]) and fields.get("MessagingServiceSid"):
            continue  # a service that found no sender for it
        if len(values) != 1:
            return f"{name} must be there once"
        if not form.match(values[0]) or "\x00" in values[0]:
            return f"{name} is not in its form"
    return ""


def base_url(request: HttpRequest) -> str:
    """Where Twilio thinks we are. Not what the request says about itself, but for development."""
    if settings.PUBLIC_BASE_URL:
        return settings.PUBLIC_BASE_URL
    if settings.DEBUG or _is_local(request):
        return f"{request.scheme}://{request.META.get('HTTP_HOST', 'localhost')}"
    return "https://public-base-url-is-not-set.invalid"


def _is_local(request: HttpRequest) -> bool:
    host = request.META.get("HTTP_HOST", "").rpartition(":")[0] or request.META.get("HTTP_HOST", "")
    try:
        is_loopback = ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return is_loopback and host in ("localhost", "127.0.0.1", "[::1]")
