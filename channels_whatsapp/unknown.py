"""Finds out what came of calls without an answer, by asking Twilio for its list. Never sends.

A record of the list belongs to an attempt when it went to the same customer, at the time of the call,
with the same text, and no row of ours has its SID. A conversation sends one at a time, so that is one
record at most.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from twilio.rest.api.v2010.account.message import MessageInstance

from channels_whatsapp import client, sending
from channels_whatsapp.models import Sender
from channels_whatsapp.records import bring_up, listed
from inbox import clock, statuses
from inbox.models import Event, Message, SendAttempt

# How far the time of a call here and of its message there may lie apart.
APART = timedelta(minutes=2)
# After so many looks and so long a person is asked. Only a list that could be read counts as a look.
LOOKS, LONG = 3, timedelta(minutes=10)

Outcome = SendAttempt.Outcome
logger = logging.getLogger(__name__)


def resolve() -> int:
    """Look for every send whose outcome is unknown. Returns how many were found.

    A customer whose list cannot be read now is looked up again next time.
    """
    by_conversation: dict[int, list[SendAttempt]] = {}
    for attempt in waiting():
        by_conversation.setdefault(attempt.message.conversation_id, []).append(attempt)
    found = 0
    for attempts in by_conversation.values():
        if not hasattr(attempts[0].message.conversation.channel, "sender"):
            for attempt in attempts:
                ask(attempt, _("Its number is no longer connected to Twilio. Did the message arrive?"))
            continue
        try:
            found += look_for(attempts)
        except client.CallFailed as failure:
            logger.warning("unknown sends: Twilio's list could not be read: %s", failure)
        except (OperationalError, InterfaceError):
            raise
        except Exception:
            # The other customers' messages must not wait for a fault of ours with this one's.
            logger.exception("unknown sends of conversation %s", attempts[0].message.conversation_id)
    return found


def waiting() -> QuerySet[SendAttempt]:
    """Attempts of unknown outcome that no person has been asked about yet."""
    rows = SendAttempt.objects.filter(
        outcome=Outcome.UNKNOWN, message__status=statuses.UNKNOWN, message__error=""
    )
    related = ("message__conversation__contact", "message__conversation__channel__sender__account")
    return rows.select_related(*related).order_by("pk")


def look_for(attempts: list[SendAttempt]) -> int:
    """Look for these attempts of one conversation.

    :raises client.CallFailed: the list could not be read.
    """
    conversation = attempts[0].message.conversation
    sender = conversation.channel.sender
    since = attempts[0].started_at - APART
    twilio = client.for_account(sender.account)
    records = [
        record
        for address in conversation.contact.addresses.all()
        for record in listed(twilio, since, from_=sender.address, to=address.value)
    ]
    bound = bind(sender, records)
    for record in records:
        if record.sid in bound:
            bring_up(bound[record.sid], record)
    found = {message.pk for message in bound.values()}
    for attempt in attempts:
        if attempt.message_id not in found:
            looked_in_vain(attempt)
    return len(found)


def bind(sender: Sender, records: Iterable[MessageInstance]) -> dict[str, Message]:
    """Give records without a row to the attempts they come from. Returns SID → message."""
    records = list(records)
    taken = set(
        SendAttempt.objects.filter(sid__in=[r.sid for r in records]).values_list("sid", flat=True)
    ) | set(Message.objects.filter(sid__in=[r.sid for r in records]).values_list("sid", flat=True))
    bound: dict[str, Message] = {}
    for record in records:
        if record.sid not in taken and (attempt := attempt_behind(sender, record)):
            sending.record_accepted(attempt, record.sid, record.body or "")
            bound[record.sid] = attempt.message
    return bound


def attempt_behind(sender: Sender, record: MessageInstance) -> SendAttempt | None:
    """The attempt nearest in time, and only if its outcome is unknown.

    When the nearest is still in flight, its own answer will name this record.
    """
    # Not when it left: Twilio may have queued it for hours.
    created = record.date_created or record.date_sent
    near = SendAttempt.objects.filter(
        outcome__in=[Outcome.CALLING, Outcome.UNKNOWN],
        message__conversation__channel=sender.channel_id,
        message__conversation__contact__addresses__value=record.to,
        started_at__range=(created - APART, created + APART),
    ).select_related("message__conversation__channel")
    alike = [attempt for attempt in near if could_be(attempt.message, record)]
    nearest = min(alike, key=lambda each: abs(each.started_at - created), default=None)
    return nearest if nearest and nearest.outcome == Outcome.UNKNOWN else None


def could_be(message: Message, record: MessageInstance) -> bool:
    """Whether the text allows it; that of a template is only known to Twilio."""
    if message.kind == Message.Kind.TEMPLATE:
        return True
    return message.body.strip() == (record.body or "").strip()


@transaction.atomic
def looked_in_vain(attempt: SendAttempt) -> None:
    """Count the look; after the last one say so in the conversation, where a person decides."""
    SendAttempt.objects.filter(pk=attempt.pk).update(fruitless_looks=F("fruitless_looks") + 1)
    since = attempt.finished_at or attempt.started_at
    if attempt.fruitless_looks + 1 < LOOKS or clock.now() - since < LONG:
        return
    ask(attempt, _("Twilio gave no answer and its list does not show this message. Did it arrive?"))


@transaction.atomic
def ask(attempt: SendAttempt, sentence: str) -> None:
    """From here on a person decides, and nobody looks any more."""
    message = attempt.message
    if Message.objects.filter(pk=message.pk, status=statuses.UNKNOWN, error="").update(error=sentence):
        message.error = sentence
        Event.record("message.unresolved", conversation=message.conversation, message=message)
        message.announce()
