"""The addresses at which Twilio reaches us, and whether it has them right. Pure but for the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urldefrag

from django.conf import settings

PATH = "/api/webhooks/whatsapp/twilio"
# Asks Twilio to try again for up to 15 seconds; not sent and not signed (Twilio, "Connection overrides").
# Twilio itself tries once only, and not after a 5xx.
RETRIES = "#rc=5&rp=5xx,ct,rt"

Webhook = Mapping[str, Any]


def address(tail: str = "", fragment: str = "") -> str:
    """What belongs into Twilio's forms; empty while PUBLIC_BASE_URL is."""
    base = settings.PUBLIC_BASE_URL
    return f"{base}{PATH}{tail}{fragment}" if base else ""


def wanted() -> dict[str, str]:
    """Of a sender, in Twilio's words (`webhook` of the Senders API)."""
    return {
        "callback_url": address("", RETRIES),
        "callback_method": "POST",
        "fallback_url": address("/fallback", RETRIES),
        "fallback_method": "POST",
        "status_callback_url": address("/status"),
        "status_callback_method": "POST",
    }


def is_inbound_ours(told: Webhook) -> bool:
    return urldefrag(told.get("callback_url") or "")[0].rstrip("/") == address()


def is_status_ours(told: Webhook) -> bool:
    return urldefrag(told.get("status_callback_url") or "")[0].rstrip("/") == address("/status")


def of_service(service: Any, webhook: Webhook) -> dict[str, Any]:
    """Where messages really go: the Messaging Service's addresses, unless it defers to the sender's."""
    if service.use_inbound_webhook_on_number:
        return dict(webhook)
    return {**webhook, **{
        "callback_url": service.inbound_request_url,
        "callback_method": service.inbound_method,
        "fallback_url": service.fallback_url,
        "fallback_method": service.fallback_method,
        "status_callback_url": service.status_callback,
        "status_callback_method": "POST",
    }}  # fmt: skip
