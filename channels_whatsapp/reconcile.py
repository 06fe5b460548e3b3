"""Compares Twilio's list of messages with ours, and repairs ours through the doors webhooks use.

Webhooks can fail for good: Twilio gives up after 15 seconds, and status callbacks may never come
(Twilio, "Outbound message logging", which advises this very comparison).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from channels_whatsapp import client, forms, inbound, setup, unknown
from channels_whatsapp.models import Receipt, Sender
from channels_whatsapp.records import bring_up, listed, time_of
from inbox import clock
from inbox.models import Event, Message

HOUR, TWO_DAYS = timedelta(hours=1), timedelta(days=2)
# Looked at again below the mark: what Twilio lists late, and clocks that differ.
OVERLAP = timedelta(minutes=15)

logger = logging.getLogger(__name__)


@dataclass
class Tally:
    """What one comparison found and put right."""

    recovered: int = 0  # customers' messages that no webhook had brought
    statuses: int = 0  # messages of ours that had gone further than we knew
    resolved: int = 0  # sends of unknown outcome that Twilio does have
    foreign: int = 0  # sent from this number by something else

    @property
    def repaired(self) -> int:
        return self.recovered + self.statuses + self.resolved


def everything(back: timedelta = HOUR) -> dict[Sender, Tally]:
    """Compare every sender over `back`, and further to its last proven mark.

    :raises client.CallFailed: Twilio did not give all of some sender's list; the others are done.
    """
    tallies, failure = {}, None
    for sender in setup.senders().select_related("account", "channel").order_by("pk"):
        try:
            tallies[sender] = reconcile(sender, start_of(sender, back))
        except client.CallFailed as error:
            logger.warning("reconcile: sender %s: %s", sender.pk, error)
            failure = error
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            # A fault of ours with one sender's records is no reason to leave out the others.
            logger.exception("reconcile: sender %s", sender.pk)
            failure = client.CallFailed(detail=f"{type(error).__name__} in our own code; the log says more.")
    if failure:
        raise failure
    return tallies


def start_of(sender: Sender, back: timedelta) -> datetime:
    start = clock.now() - back
    return min(start, sender.complete_until - OVERLAP) if sender.complete_until else start


def reconcile(sender: Sender, since: datetime) -> Tally:
    """Compare both directions from `since` until now. Read everything first, so that a page that
    fails leaves the mark where it was.

    :raises client.CallFailed: some page could not be read.
    """
    began, twilio, tally = clock.now(), client.for_account(sender.account), Tally()
    arrived = listed(twilio, since, to=sender.address)
    left = listed(twilio, since, from_=sender.address)
    learn_service(sender, arrived)
    bring_in(twilio, sender, arrived, tally)
    catch_up(sender, left, tally)
    note(sender, since, began, tally)
    return tally


@transaction.atomic
def note(sender: Sender, since: datetime, began: datetime, tally: Tally) -> None:
    """Move the mark, unless that would leave a gap below it; write down repairs only."""
    if sender.complete_until is None or since <= sender.complete_until:
        Sender.objects.filter(pk=sender.pk).update(complete_until=began)
        sender.complete_until = began
    if tally.repaired:
        Event.record("sender.reconciled", channel=sender.channel, since=since.isoformat(), **asdict(tally))


# Customers' messages


def learn_service(sender: Sender, records: list[MessageInstance]) -> None:
    """Its Messaging Service, when it was put into one at Twilio: drift.py looks at that one's addresses."""
    sid = (records[-1].messaging_service_sid if records else "") or ""
    if sid and sid != sender.messaging_service_sid:
        Sender.objects.filter(pk=sender.pk).update(messaging_service_sid=sid)


def bring_in(twilio: Client, sender: Sender, records: Iterable[MessageInstance], tally: Tally) -> None:
    """Put what is missing through the webhooks' door, at its true time and in order."""
    records = list(records)
    known = known_sids(records)
    for record in records:
        if record.sid in known:
            continue
        params = params_of(record) | media_of(twilio, record)
        try:
            received = inbound.apply(
                params, account_sid=sender.account.sid, at=time_of(record), recovered=True
            )
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            logger.exception("reconcile: %s could not be processed", record.sid)
            file_failed(sender, params, time_of(record))
        else:
            tally.recovered += received.is_new


def file_failed(sender: Sender, params: dict[str, str], at: datetime) -> None:
    """Keep it as a webhook that failed is kept, tried again and replayable; what is behind it goes on."""
    key = {"account_sid": sender.account.sid, "kind": Receipt.Kind.INBOUND, "key": params["MessageSid"]}
    Receipt.objects.get_or_create(
        **key,
        defaults={
            "sid": params["MessageSid"],
            "params": forms.storable(params),
            "outcome": Receipt.Outcome.FAILED,
            "detail": "Found in Twilio's list; our own code could not take it in. The log says more.",
            "received_at": at,
        },
    )


def known_sids(records: Iterable[MessageInstance]) -> set[str]:
    sids = [record.sid for record in records]
    return set(Message.objects.filter(sid__in=sids).values_list("sid", flat=True))


def params_of(record: MessageInstance) -> dict[str, str]:
    """The webhook that should have come. The list has no names, buttons, places or quotes."""
    return {
        "MessageSid": record.sid,
        "AccountSid": record.account_sid,
        "From": record.from_,
        "To": record.to,
        "Body": record.body or "",
        "NumMedia": record.num_media or "0",
        "MessagingServiceSid": record.messaging_service_sid or "",
    }


def media_of(twilio: Client, record: MessageInstance) -> dict[str, str]:
    """:raises client.CallFailed:"""
    if not int(record.num_media or 0):
        return {}
    params: dict[str, str] = {}
    with client.told_apart():
        for number, media in enumerate(twilio.messages(record.sid).media.list(page_size=50)):
            params[f"MediaUrl{number}"] = f"https://api.twilio.com{media.uri.removesuffix('.json')}"
            params[f"MediaContentType{number}"] = media.content_type
    return params


# Our messages


def catch_up(sender: Sender, records: list[MessageInstance], tally: Tally) -> None:
    rows = Message.objects.filter(sid__in=[record.sid for record in records])
    known = {message.sid: message for message in rows.select_related("conversation__channel")}
    strangers = [record for record in records if record.sid not in known]
    bound = unknown.bind(sender, strangers)
    tally.resolved += len(bound)
    tally.foreign += len(strangers) - len(bound)
    for record in records:
        if message := known.get(record.sid) or bound.get(record.sid):
            tally.statuses += bring_up(message, record)
