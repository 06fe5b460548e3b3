"""Twilio's own records of messages: read in whole, and our rows brought up to them."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from channels_whatsapp import callbacks, client, errors, unseen
from inbox import clock, consent, statuses
from inbox.models import Message

PAGE_SIZE = 1000  # the most that Twilio gives


def listed(twilio: Client, since: datetime, **whose: str) -> list[MessageInstance]:
    """Messages from `since`, oldest first. Twilio's own filter knows whole days only (GMT).

    :param whose: ``to=`` or ``from_=`` an address, or both.
    :raises client.CallFailed:
    """
    found: list[MessageInstance] = []
    with client.told_apart():
        page = twilio.messages.page(
            date_sent_after=str(since.astimezone(UTC).date()), page_size=PAGE_SIZE, **whose
        )
        while page is not None:
            found += [record for record in page if time_of(record) >= since]
            page = page.next_page()
    # Twilio's times are whole seconds and its newest come first: what is of one second must turn round too.
    return sorted(reversed(found), key=time_of)


def time_of(record: MessageInstance) -> datetime:
    return record.date_sent or record.date_created


def bring_up(message: Message, record: MessageInstance) -> bool:
    """Raise the status to Twilio's and keep the price. Whether the status rose."""
    keep_price(message, record)
    status = callbacks.WORDS.get(str(record.status))
    if not status or not statuses.rises(message.status, status):
        return False
    code = record.error_code or None
    if code:
        unseen.note(message, code)
    sentence = errors.explain(code).sentence if status in statuses.FAILURES else ""
    if code == errors.OPTED_OUT:
        consent.opt_out(message.conversation_id, f"error {code}")
    return message.rise(status, at=record.date_updated or clock.now(), error_code=code, error=sentence)


def keep_price(message: Message, record: MessageInstance) -> None:
    if record.price is None or message.price is not None:
        return
    Message.objects.filter(pk=message.pk).update(
        price=abs(Decimal(record.price)), price_unit=record.price_unit or ""
    )
