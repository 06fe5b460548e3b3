"""What Twilio says became of a message that we sent.

Neither order nor single delivery is promised (Twilio, "Track outbound message status"), and the first
may come before the call that created the message was answered. So: statuses only rise, an unknown SID
is bound by the `ref` in the callback's address, and what fits nothing yet is parked until it does.
"""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal, InvalidOperation

from django.db import connection, transaction

from channels_whatsapp import errors, troubles, unseen
from channels_whatsapp.inbound import first
from channels_whatsapp.models import Receipt, Sender
from channels_whatsapp.verdicts import Verdict
from inbox import clock, consent, statuses
from inbox.models import Address, Message, SendAttempt

Outcome = Receipt.Outcome

# Twilio's words (Message resource, "status") in ours; the rest of their list is about inbound messages.
WORDS = {
    "accepted": statuses.ACCEPTED,
    "scheduled": statuses.ACCEPTED,
    "queued": statuses.ACCEPTED,
    "sending": statuses.ACCEPTED,
    "sent": statuses.SENT,
    "delivered": statuses.DELIVERED,
    "read": statuses.READ,
    "undelivered": statuses.UNDELIVERED,
    "partially_delivered": statuses.UNDELIVERED,  # deprecated; not proof that it arrived
    "failed": statuses.FAILED,
    "canceled": statuses.CANCELED,
}


def settle(receipt: Receipt, *, at: datetime | None = None) -> Verdict:
    """Apply it, or say why not, in the caller's transaction. `at` is when it came."""
    word = first(receipt.params, "MessageStatus")
    status = WORDS.get(word)
    if status is None:
        return Verdict(Outcome.REJECTED, f"The status “{word[:40]}” is not one that we know.")
    attempt = _attempt_by_ref(receipt)
    if attempt is None:
        attempt = _attempt_by_sid(receipt.sid)
        message = attempt.message if attempt else _message_by_sid(receipt.sid)
        if message is None:
            return _park(receipt, at)
    elif fault := _mismatch(receipt, attempt):
        return Verdict(Outcome.REJECTED, fault)
    message = attempt.message if attempt else message
    if fault := _foreign(receipt, message):
        return Verdict(Outcome.REJECTED, fault)
    _apply(receipt, status, attempt, message, at or clock.now())
    return Verdict()


@transaction.atomic
def apply_parked(attempt: SendAttempt) -> int:
    """What was said about this SID before we knew it. Call it where the SID is stored. Returns how many.

    The lock on the SID makes one of two true: the callback sees the stored SID, or this sees what it parked.
    """
    if not attempt.sid:
        return 0
    _lock(attempt.sid)
    parked = Receipt.objects.filter(kind=Receipt.Kind.STATUS, outcome=Outcome.PARKED, sid=attempt.sid)
    for receipt in (receipts := list(parked.order_by("pk"))):
        receipt.settle(at=receipt.received_at)
    return len(receipts)


def _park(receipt: Receipt, at: datetime | None) -> Verdict:
    """Nobody has this SID. Look once more under its lock: the call may have been answered meanwhile."""
    _lock(receipt.sid)
    attempt = _attempt_by_sid(receipt.sid)
    if attempt is None:
        return Verdict(Outcome.PARKED, "No message of ours has this SID yet.")
    if fault := _foreign(receipt, attempt.message):
        return Verdict(Outcome.REJECTED, fault)
    status = WORDS[first(receipt.params, "MessageStatus")]
    _apply(receipt, status, attempt, attempt.message, at or clock.now())
    return Verdict()


def _lock(sid: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [sid])


# Which message


_WITH = ("message__conversation__channel__sender__account", "message__conversation__contact")


def _attempt_by_ref(receipt: Receipt) -> SendAttempt | None:
    if not receipt.ref:
        return None
    return SendAttempt.objects.select_related(*_WITH).filter(ref=receipt.ref).first()


def _attempt_by_sid(sid: str) -> SendAttempt | None:
    return SendAttempt.objects.select_related(*_WITH).filter(sid=sid).first()


def _message_by_sid(sid: str) -> Message | None:
    """One that was not sent from here, for example found at Twilio."""
    rows = Message.objects.filter(sid=sid, direction=Message.Direction.OUTBOUND)
    return rows.select_related("conversation__channel__sender__account", "conversation__contact").first()


def _foreign(receipt: Receipt, message: Message) -> str:
    """One account's signature says nothing about what another one sent."""
    sender = getattr(message.conversation.channel, "sender", None)
    is_theirs = sender is None or sender.account.sid == receipt.account_sid
    return "" if is_theirs else "It was sent from another account."


def _mismatch(receipt: Receipt, attempt: SendAttempt) -> str:
    """A ref proves which call it was only between the same two parties. A known SID proves it by itself,
    also when its channel has got another number since."""
    if attempt.sid:
        return "" if attempt.sid == receipt.sid else "This call created another message."
    conversation = attempt.message.conversation
    if first(receipt.params, "From") not in ("", conversation.channel.address):
        service = first(receipt.params, "MessagingServiceSid")
        ours = Sender.objects.filter(channel=conversation.channel_id, messaging_service_sid=service)
        if not service or not ours.exists():
            return "It was sent from another number."
    addresses = Address.objects.filter(contact=conversation.contact_id, value=first(receipt.params, "To"))
    return "" if addresses.exists() else "It was sent to somebody else."


# What it changes


def _apply(
    receipt: Receipt, status: str, attempt: SendAttempt | None, message: Message, at: datetime
) -> None:
    code = _code(receipt)
    if attempt:
        attempt.accept(receipt.sid)
        _note_code(attempt, code, receipt)
    # A later attempt's message is not what an earlier one failed at, nor one that waits to be sent again
    # (it has no SID then). But arrived is arrived.
    is_arrival = status in statuses.ARRIVED
    if attempt is None or attempt.is_latest or is_arrival:
        sid = "" if is_arrival else receipt.sid
        sentence = errors.explain(code).sentence if status in statuses.FAILURES else ""
        if not message.rise(status, at=at, error_code=code, error=sentence, sid=sid) and code:
            # Told too late to count, but whatever the order the reason is on record in the end.
            unexplained = Message.objects.filter(pk=message.pk, error_code__isnull=True, sid=receipt.sid)
            unexplained.update(error_code=code, error=sentence[:300])
        _note_price(message, receipt)
    if code:
        unseen.note(message, code)
        troubles.tell(message, code, at)
    if code == errors.OPTED_OUT:
        # What they said since the refused message left is newer than this, however late it comes.
        left_at = attempt.started_at if attempt else message.created_at
        consent.opt_out(message.conversation_id, f"error {code}", at=left_at)


def _code(receipt: Receipt) -> int | None:
    code = first(receipt.params, "ErrorCode")
    return int(code) if re.fullmatch(r"[0-9]{1,9}", code) and int(code) else None


def _note_code(attempt: SendAttempt, code: int | None, receipt: Receipt) -> None:
    if code:
        words = first(receipt.params, "ChannelStatusMessage") or first(receipt.params, "ErrorMessage")
        SendAttempt.objects.filter(pk=attempt.pk).update(error_code=code, detail=words[:300])


def _note_price(message: Message, receipt: Receipt) -> None:
    try:
        price = abs(Decimal(first(receipt.params, "Price")))
    except InvalidOperation:
        return
    if price.is_finite() and price < 10_000:
        unit = first(receipt.params, "PriceUnit")[:3].upper()
        Message.objects.filter(pk=message.pk).update(price=price, price_unit=unit)
