"""Twilio's webhooks, behind the signature (middleware.py). Kept first, then acted upon, then acknowledged.

An answer of 200 means committed. What Twilio brings twice is counted and otherwise ignored.
"""

from __future__ import annotations

import hashlib
import json
import logging
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods
from psycopg.errors import DeadlockDetected
from psycopg.types.json import Jsonb

from channels_whatsapp import twiml
from channels_whatsapp.inbound import first
from channels_whatsapp.middleware import INVALID, Refusal, Webhook
from channels_whatsapp.models import Receipt
from channels_whatsapp.replaying import TRIES
from channels_whatsapp.retries import TryAgain, backoff
from inbox import prepared

Kind, Outcome = Receipt.Kind, Receipt.Outcome

logger = logging.getLogger(__name__)
twilio = require_http_methods(["POST", "PUT"])


@twilio
def inbound(request: HttpRequest) -> HttpResponse:
    """A customer wrote. The fallback address leads here too: a second telling is recognised."""
    webhook: Webhook = request.webhook  # type: ignore[attr-defined]
    sid = first(webhook.params, "MessageSid")
    take(
        Filing(
            Kind.INBOUND, webhook.account_sid, sid, sid, webhook.params, receiver=first(webhook.params, "To")
        )
    )
    return twiml.answer()


@twilio
def status(request: HttpRequest) -> HttpResponse:
    """Something became of a message that we sent."""
    webhook: Webhook = request.webhook  # type: ignore[attr-defined]
    sid = first(webhook.params, "MessageSid")
    told = (sid, first(webhook.params, "MessageStatus"), first(webhook.params, "ErrorCode"))
    key = ":".join(filter(None, told))[:100]
    take(Filing(Kind.STATUS, webhook.account_sid, key, sid, webhook.params, ref=_ref(request)))
    return twiml.answer()


@twilio
def events(request: HttpRequest) -> HttpResponse:
    """A batch of Event Streams; each event is a receipt of its own."""
    webhook: Webhook = request.webhook  # type: ignore[attr-defined]
    for event in webhook.events:
        name = str(event.get("id") or hashlib.sha256(json.dumps(event).encode()).hexdigest())
        take(Filing(Kind.EVENT, webhook.account_sid, name[:100], "", event))
    return HttpResponse(status=200, headers={"Content-Length": "0"})


def process(receipt: Receipt) -> None:
    """The retry job's work.

    :raises TryAgain: it failed once more, and has tries left.
    """
    if receipt.outcome == Outcome.FAILED and receipt.process() == Outcome.FAILED and receipt.tries < TRIES:
        raise TryAgain(backoff(receipt.tries, first=5, longest=3600))


@dataclass(frozen=True)
class Filing:
    """A webhook as it is filed. `receiver` is the address of a customer's message."""

    kind: str
    account_sid: str
    key: str
    sid: str
    params: dict[str, Any]
    ref: uuid.UUID | None = None
    receiver: str = ""


def take(filing: Filing) -> None:
    """File it and act on it, in one transaction.

    :raises Refusal: its receiver belongs to another account than the one that signed.
    :raises OperationalError: nothing is stored; the middleware answers 503.
    """
    try:
        with transaction.atomic():
            _act(filing)
    except Refusal:
        raise
    except (OperationalError, InterfaceError) as error:
        if not isinstance(error.__cause__, DeadlockDetected):
            raise
        _take_carefully(filing)
    except Exception:
        # A race or a fault of ours. Nothing of it is stored yet, so it is all done again, behind savepoints.
        logger.warning("a webhook is processed once more", exc_info=True)
        _take_carefully(filing)


def _act(filing: Filing) -> None:
    kept = keep(filing)
    if kept.is_new:
        kept.receipt.settle(channel_id=kept.channel_id)


@transaction.atomic
def _take_carefully(filing: Filing) -> None:
    kept = keep(filing)
    if not kept.is_new:
        return
    receipt = Receipt.objects.get(pk=kept.receipt.pk)
    if receipt.process(channel_id=kept.channel_id) == Outcome.FAILED:
        # Late, because the jobs import what they do.
        from channels_whatsapp.tasks import retry_receipt

        retry_receipt.configure(schedule_in={"seconds": 5}).defer(receipt_id=receipt.pk)


# xmax is 0 in a row that this statement inserted. The receiver is looked up on the same way.
_KEEP = """
INSERT INTO channels_whatsapp_receipt AS r
    (kind, account_sid, key, sid, ref, params, outcome, detail, duplicates, tries)
VALUES (
    %(kind)s::text, %(account)s::text, %(key)s::text, %(sid)s::text, %(ref)s::uuid, %(params)s::jsonb,
    'applied', '', 0, 0
)
ON CONFLICT (account_sid, kind, key) DO UPDATE SET duplicates = r.duplicates + 1
RETURNING id, xmax = 0, outcome, detail, received_at, (
    SELECT ARRAY[s.channel_id::text, a.sid]
    FROM channels_whatsapp_sender s JOIN channels_whatsapp_account a ON a.id = s.account_id
    WHERE s.address = %(receiver)s::text
)
"""


@dataclass(frozen=True)
class Kept:
    receipt: Receipt
    is_new: bool
    channel_id: int | None


def keep(filing: Filing) -> Kept:
    """One row for each webhook, however often it comes."""
    row = prepared.row(_KEEP, {
        "kind": filing.kind, "account": filing.account_sid, "key": filing.key, "sid": filing.sid,
        "ref": filing.ref, "params": Jsonb(filing.params), "receiver": filing.receiver,
    })  # fmt: skip
    pk, is_new, outcome, detail, received_at, owner = row
    if owner and owner[1] != filing.account_sid:
        raise Refusal(403, INVALID)
    receipt = Receipt(
        pk=pk, kind=filing.kind, account_sid=filing.account_sid, key=filing.key, sid=filing.sid,
        ref=filing.ref, params=filing.params, outcome=outcome, detail=detail, received_at=received_at,
    )  # fmt: skip
    return Kept(receipt, is_new, int(owner[0]) if owner else None)


def _ref(request: HttpRequest) -> uuid.UUID | None:
    """Of the call, from the query of our own callback address; anything else there is nobody's."""
    try:
        return uuid.UUID(request.GET.get("ref", ""))
    except ValueError:
        return None
