"""Posts webhooks as Twilio does: a form, and the signature of the SDK over the public address."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.test import Client
from twilio.request_validator import RequestValidator

from tests.conftest import AUTH_TOKEN

BASE = "https://inbox.example"
PATH = "/api/webhooks/whatsapp/twilio"
FORM = "application/x-www-form-urlencoded"
FIXTURES = Path(__file__).parent.parent / "fixtures" / "twilio"

Fields = dict[str, Any]


def fixture(name: str, **changes: Any) -> Fields:
    """The parameters of `fixtures/twilio/<name>.json` with changes; None takes one away."""
    fields = json.loads((FIXTURES / f"{name}.json").read_text()) | changes
    return {key: value for key, value in fields.items() if value is not None}


def sid_of(name: object, prefix: str = "SM") -> str:
    return prefix + hashlib.md5(str(name).encode()).hexdigest()


def path_of(name: str) -> str:
    return f"{PATH}/status" if name.startswith("status/") else PATH


def headers(url: str, fields: Fields, token: str = AUTH_TOKEN) -> dict[str, str]:
    return {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, fields)}


def post_fields(
    fields: Fields,
    path: str = PATH,
    *,
    token: str = AUTH_TOKEN,
    base: str = BASE,
    client: Client | None = None,
) -> HttpResponse:
    """Signed with `token` for `base` + `path`, which may have a query."""
    return (client or Client()).post(
        path,
        urlencode(fields, doseq=True),
        content_type=FORM,
        headers=headers(f"{base}{path}", fields, token),
    )


def post_signed(name: str, *, path: str = "", token: str = AUTH_TOKEN, **changes: Any) -> HttpResponse:
    """Post a fixture, for example ``post_signed("inbound/text", Body="hi")``."""
    return post_fields(fixture(name, **changes), path or path_of(name), token=token)


def post_json(
    batch: Any, *, token: str = AUTH_TOKEN, body: bytes | None = None, digest: str = ""
) -> HttpResponse:
    """Post an Event Streams batch."""
    body = json.dumps(batch).encode() if body is None else body
    path = f"{PATH}/events?bodySHA256={digest or hashlib.sha256(body).hexdigest()}"
    signed = headers(f"{BASE}{path}", {}, token)
    return Client().post(path, body, content_type="application/json", headers=signed)
