"""The JSON of Twilio's resources, as its OpenAPI files describe them, and its two ways of paging."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import Any, TypeVar
from urllib.parse import urlencode

from .errors import TwilioError
from .records import Account, Approval, Content, Media, Message, Sender, Service
from .webhooks import media_uri

T = TypeVar("T")
V2010 = "/2010-04-01"


def rfc2822(when: datetime | None) -> str | None:
    return format_datetime(when) if when else None


def iso(when: datetime) -> str:
    return when.isoformat(timespec="seconds").replace("+00:00", "Z")


def message(account: Account, m: Message) -> dict[str, Any]:
    uri = f"{V2010}/Accounts/{account.sid}/Messages/{m.sid}"
    over = m.status not in ("accepted", "scheduled", "queued", "sending")
    return {
        "sid": m.sid,
        "account_sid": account.sid,
        "messaging_service_sid": m.service_sid or None,
        "from": m.from_,
        "to": m.to,
        "body": m.body,
        "status": m.status,
        "direction": m.direction,
        "num_media": str(len(m.media) if m.inbound else len(m.media_urls)),
        "num_segments": "1",
        "error_code": m.error_code,
        "error_message": m.error_message,
        "price": "-0.00500" if over else None,
        "price_unit": "USD" if over else None,
        "date_created": rfc2822(m.created),
        "date_updated": rfc2822(m.updated),
        "date_sent": rfc2822(m.sent),
        "api_version": "2010-04-01",
        "uri": f"{uri}.json",
        "subresource_uris": {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"},
    }


def media(account: Account, parent: str, each: Media) -> dict[str, Any]:
    return {
        "sid": each.sid,
        "account_sid": account.sid,
        "parent_sid": parent,
        "content_type": each.content_type,
        "date_created": rfc2822(each.created),
        "date_updated": rfc2822(each.created),
        "uri": f"{media_uri(account, parent, each.sid)}.json",
    }


def account(record: Account, now: datetime) -> dict[str, Any]:
    uri = f"{V2010}/Accounts/{record.sid}"
    return {
        "sid": record.sid,
        "owner_account_sid": record.sid,
        "friendly_name": record.friendly_name,
        "auth_token": record.tokens[0],
        "status": "active",
        "type": "Full",
        "date_created": rfc2822(now),
        "date_updated": rfc2822(now),
        "uri": f"{uri}.json",
        "subresource_uris": {"messages": f"{uri}/Messages.json"},
    }


def phone_number(record: Account, sender: Sender, now: datetime) -> dict[str, Any]:
    sid = f"PN{sender.sid[2:]}"
    return {
        "sid": sid,
        "account_sid": record.sid,
        "phone_number": sender.address.removeprefix("whatsapp:"),
        "friendly_name": sender.name,
        "capabilities": {"voice": True, "sms": True, "mms": False, "fax": False},
        "address_requirements": "none",
        "beta": False,
        "origin": "twilio",
        "status": "in-use",
        "api_version": "2010-04-01",
        "date_created": rfc2822(now),
        "date_updated": rfc2822(now),
        "uri": f"{V2010}/Accounts/{record.sid}/IncomingPhoneNumbers/{sid}.json",
    }


def content(account: Account, record: Content, base: str) -> dict[str, Any]:
    url = f"{base}/v1/Content/{record.sid}"
    requests = f"{url}/ApprovalRequests"
    return _content_core(account, record) | {
        "url": url,
        "links": {"approval_create": f"{requests}/whatsapp", "approval_fetch": requests},
    }


def content_and_approvals(account: Account, record: Content, shape: str = "flat") -> dict[str, Any]:
    """`shape`: "flat" as in the OpenAPI files, or "keyed" by the channel as seen in the wild."""
    requests = approval(record.approval)
    if shape == "keyed":
        requests = {"whatsapp": {"type": "whatsapp"} | requests}
    return _content_core(account, record) | {"approval_requests": requests}


def _content_core(account: Account, record: Content) -> dict[str, Any]:
    return {
        "sid": record.sid,
        "account_sid": account.sid,
        "friendly_name": record.friendly_name,
        "language": record.language,
        "variables": record.variables,
        "types": record.types,
        "date_created": iso(record.created),
        "date_updated": iso(record.updated),
    }


def approval(record: Approval | None) -> dict[str, Any]:
    if record is None:
        return {
            "name": "",
            "category": "",
            "content_type": "",
            "status": "unsubmitted",
            "rejection_reason": "",
        }
    return {
        "name": record.name,
        "category": record.category,
        "content_type": record.content_type,
        "status": record.status,
        "rejection_reason": record.rejection_reason,
        "allow_category_change": True,
    }


def sender(record: Sender, base: str) -> dict[str, Any]:
    return {
        "sid": record.sid,
        "sender_id": record.address,
        "status": record.status,
        "configuration": {"waba_id": "12345678912345"} | record.configuration,
        "webhook": record.webhook,
        "profile": {k: v for k, v in record.profile.items() if v is not None},
        "properties": {"quality_rating": record.quality, "messaging_limit": record.limit},
        "offline_reasons": record.offline_reasons or None,
        "url": f"{base}/v2/Channels/Senders/{record.sid}",
    } | _name_review(record)


def _name_review(record: Sender) -> dict[str, Any]:
    """Only the SDK knows these; Twilio's OpenAPI files are older."""
    if not record.pending_name:
        return {}
    return {
        "pending_display_name": record.pending_name,
        "pending_display_name_status": record.pending_name_status,
    }


def service(account: Account, record: Service, base: str) -> dict[str, Any]:
    url = f"{base}/v1/Services/{record.sid}"
    settings = record.settings
    return {
        "sid": record.sid,
        "account_sid": account.sid,
        "friendly_name": record.friendly_name,
        "inbound_request_url": settings.get("InboundRequestUrl"),
        "inbound_method": settings.get("InboundMethod", "POST"),
        "fallback_url": settings.get("FallbackUrl"),
        "fallback_method": settings.get("FallbackMethod", "POST"),
        "status_callback": settings.get("StatusCallback"),
        "use_inbound_webhook_on_number": settings.get("UseInboundWebhookOnNumber", "false") == "true",
        "validity_period": int(settings.get("ValidityPeriod", 36000)),
        "sticky_sender": True,
        "date_created": iso(record.created),
        "date_updated": iso(record.created),
        "url": url,
        "links": {"channel_senders": f"{url}/ChannelSenders"},
    }


def channel_sender(account: Account, parent: Service, record: Sender, base: str) -> dict[str, Any]:
    return {
        "sid": record.sid,
        "account_sid": account.sid,
        "messaging_service_sid": parent.sid,
        "sender": record.address,
        "sender_type": "WhatsApp",
        "country_code": "GB",
        "date_created": iso(parent.created),
        "date_updated": iso(parent.created),
        "url": f"{base}/v1/Services/{parent.sid}/ChannelSenders/{record.sid}",
    }


# Paging


def page(items: list[T], query: dict[str, str], size: int = 50) -> tuple[list[T], int, int, bool]:
    """One page of `items`: (items, page number, page size, whether there is another)."""
    size_given, number_given = query.get("PageSize", str(size)), query.get("Page", "0")
    if not size_given.isdigit() or not number_given.isdigit() or not int(size_given):
        raise TwilioError(20001, "Page size must be between 1 and 1000")
    per_page, number = min(1000, int(size_given)), int(number_given)
    start = number * per_page
    return items[start : start + per_page], number, per_page, len(items) > start + per_page


def page_2010(
    name: str, path: str, items: list[dict[str, Any]], query: dict[str, str], found: tuple[int, int, bool]
) -> dict[str, Any]:
    """The page envelope of the 2010 API: relative `next_page_uri`, empty fields null."""
    number, size, more = found

    def uri(n: int) -> str:
        return f"{path}?{urlencode(query | {'PageSize': size, 'Page': n})}"

    return {
        name: items,
        "page": number,
        "page_size": size,
        "start": number * size,
        "end": number * size + max(0, len(items) - 1),
        "uri": uri(number),
        "first_page_uri": uri(0),
        "next_page_uri": uri(number + 1) if more else None,
        "previous_page_uri": uri(number - 1) if number else None,
    }


def page_meta(
    name: str, url: str, items: list[dict[str, Any]], query: dict[str, str], found: tuple[int, int, bool]
) -> dict[str, Any]:
    """The page envelope of the newer APIs: absolute addresses under `meta`."""
    number, size, more = found

    def link(n: int) -> str:
        return f"{url}?{urlencode(query | {'PageSize': size, 'Page': n})}"

    return {
        name: items,
        "meta": {
            "key": name,
            "page": number,
            "page_size": size,
            "url": link(number),
            "first_page_url": link(0),
            "next_page_url": link(number + 1) if more else None,
            "previous_page_url": link(number - 1) if number else None,
        },
    }
