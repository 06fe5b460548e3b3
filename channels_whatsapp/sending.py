"""Sending, so that a message reaches the customer once: never twice, never silently not.

    queued → claimed and committed → one call to Twilio → what came of it is recorded

Twilio has no idempotency key, so a call without an answer is never repeated. Its outcome is found
out: by the status callback, whose address carries the attempt's `ref`, or by Twilio's list of
messages (reconcile.py), and when neither knows, by a person.
"""

from __future__ import annotations

import json
import logging
import random
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from channels_whatsapp import callbacks, client, errors, links, troubles, unseen
from channels_whatsapp.errors import Act
from channels_whatsapp.models import Sender
from channels_whatsapp.retries import TryAgain, backoff
from inbox import clock, consent, gateways, statuses
from inbox.models import Channel, Conversation, Message, SendAttempt
from inbox.refusals import Refused

STATUS_PATH = "/api/webhooks/whatsapp/twilio/status"
# Longer than this a job does not sit in a worker waiting for its turn.
PATIENCE = 1.0
# How long a message of unknown outcome holds back the ones behind it.
HOLD = timedelta(seconds=90)
HOLD_STEP = 1.0
# How often a refusal that may pass is tried again, and the first and longest wait in seconds.
TRIES = {Act.RETRY: (5, 1.0, 60.0), Act.SLOW: (5, 60.0, 900.0), Act.ONCE: (1, 10.0, 10.0)}

logger = logging.getLogger(__name__)


def send_waiting(conversation_id: int) -> None:
    """Send what this conversation has queued, the oldest first.

    One job at a time per conversation does this (tasks.py holds the lock), so nothing overtakes.

    :raises TryAgain: the next one has to wait.
    """
    while message := next_queued(conversation_id):
        send(message)


def next_queued(conversation_id: int) -> Message | None:
    rows = Message.objects.filter(conversation=conversation_id, status=statuses.QUEUED)
    related = ("conversation__channel", "conversation__address", "conversation__channel__sender__account")
    return rows.select_related(*related).order_by("pk").first()


def send(message: Message) -> None:
    """:raises TryAgain: not now; the message is still queued."""
    try:
        sender = sender_of(message.conversation.channel)
        hold_behind_unknown(message)
        gateways.templates().complete(message)
        time.sleep(turn_of(sender))
        # Asked last, because a message can wait past the end of its window.
        must_be_sendable(message)
    except Refused as refusal:
        message.rise(statuses.FAILED, at=clock.now(), error=str(refusal))
        return
    if attempt := SendAttempt.claim(message):
        call(attempt, sender)


def call(attempt: SendAttempt, sender: Sender) -> None:
    words = parameters(attempt, sender)
    try:
        with client.told_apart():
            answer = client.for_account(sender.account).messages.create(**words)
        if not answer.sid:
            raise client.CallFailed(detail="Twilio's answer has no SID.")
    except client.CallFailed as failure:
        record_failure(attempt, sender, failure)
    else:
        record_accepted(attempt, answer.sid, answer.body or "")


# Before the call


def sender_of(channel: Channel) -> Sender:
    """:raises Refused: the channel has no WhatsApp side."""
    try:
        return channel.sender
    except Sender.DoesNotExist:
        raise Refused(
            "no_sender", _("This channel is not connected to Twilio."), _("Ask an admin to connect it.")
        ) from None


def hold_behind_unknown(message: Message) -> None:
    """Let an earlier message be found out first, for a while.

    :raises TryAgain: one is in flight, or its outcome unknown, since less than 90 seconds.
    """
    earlier = Message.objects.filter(
        conversation=message.conversation_id,
        pk__lt=message.pk,
        status__in=[statuses.SENDING, statuses.UNKNOWN],
        attempts__outcome__in=[SendAttempt.Outcome.CALLING, SendAttempt.Outcome.UNKNOWN],
        attempts__started_at__gt=Now() - HOLD,
    )
    if earlier.exists():
        raise TryAgain(HOLD_STEP)


def turn_of(sender: Sender) -> float:
    """Seconds to wait until this sender may send.

    :raises TryAgain: too long to sit here for.
    """
    is_taken, wait = sender.take_turn(patience=PATIENCE)
    if not is_taken:
        # Those who wait for the same moment come back a little apart.
        raise TryAgain(wait + random.uniform(0, 0.3))  # noqa: S311 (nothing secret)
    return wait


def must_be_sendable(message: Message) -> None:
    """:raises Refused: WhatsApp, or our own set-up, would not let it through now."""
    conversation = Conversation.objects.select_related("channel").get(pk=message.conversation_id)
    conversation.must_take(message)
    if not settings.PUBLIC_BASE_URL and message.attachments.exists():
        raise Refused(
            "no_public_address",
            _("Twilio cannot fetch files from us, because our public address is not set."),
            _("Ask an admin to set PUBLIC_BASE_URL, then press Retry."),
        )


def parameters(attempt: SendAttempt, sender: Sender) -> dict[str, Any]:
    """The words of `POST Messages` (Twilio, "Message resource"). A template travels alone (63016)."""
    message = attempt.message
    words: dict[str, Any] = {"from_": sender.address, "to": message.conversation.address.value}
    if sender.messaging_service_sid:
        words["messaging_service_sid"] = sender.messaging_service_sid
    if settings.PUBLIC_BASE_URL:
        words["status_callback"] = f"{settings.PUBLIC_BASE_URL}{STATUS_PATH}?ref={attempt.ref}"
    return words | content_of(attempt)


def content_of(attempt: SendAttempt) -> dict[str, Any]:
    message = attempt.message
    if template := message.payload.get("content_sid"):
        filled = message.payload.get("content_variables") or {}
        variables = {str(name): str(value) for name, value in filled.items()}
        return {"content_sid": template} | ({"content_variables": json.dumps(variables)} if variables else {})
    urls = [links.url_for(file, attempt) for file in message.attachments.all()[:1]]
    if public := message.payload.get("media_url"):
        urls = [public]
    return ({"body": message.body} if message.body else {}) | ({"media_url": urls} if urls else {})


# After the call


@transaction.atomic
def record_accepted(attempt: SendAttempt, sid: str, body: str = "") -> None:
    """Twilio has it; also when only a list or a callback said so. What was told early is applied now."""
    attempt.accept(sid)
    attempt.sid = sid
    callbacks.apply_parked(attempt)
    attempt.message.take_words(body)


def record_failure(attempt: SendAttempt, sender: Sender, failure: client.CallFailed) -> None:
    """:raises TryAgain: it may be sent again later, because nothing was created."""
    if failure.is_harmless:
        put_off(attempt, sender, failure)
    elif failure.is_refusal:
        obey(attempt, failure)
    else:
        attempt.lose(failure.detail)


def put_off(attempt: SendAttempt, sender: Sender, failure: client.CallFailed) -> None:
    """The whole sender waits, not only this message.

    :raises TryAgain: always.
    """
    attempt.postpone(failure.detail, failure.code)
    if failure.retry_after is not None:
        # A little later than asked, never sooner.
        wait = failure.retry_after * random.uniform(1, 1.2)  # noqa: S311 (nothing secret)
    else:
        wait = backoff(put_off_so_far(attempt))
    sender.pause(wait)
    raise TryAgain(wait)


def obey(attempt: SendAttempt, failure: client.CallFailed) -> None:
    """:raises TryAgain: the table says that this refusal may pass."""
    decided = errors.decision(failure.status, failure.code)
    if not decided.is_known:
        unseen.note(attempt.message, failure.code, failure.status, failure.detail)
    times, first, longest = TRIES.get(decided.act, (0, 0.0, 0.0))
    so_far = put_off_so_far(attempt)
    if so_far < times:
        attempt.postpone(failure.detail, failure.code)
        raise TryAgain(backoff(so_far + 1, first=first, longest=longest))
    attempt.refuse(failure.code, decided.text)
    troubles.tell(attempt.message, failure.code, clock.now())
    if failure.code == errors.OPTED_OUT:
        consent.opt_out(attempt.message.conversation_id, f"error {errors.OPTED_OUT}")


def put_off_so_far(attempt: SendAttempt) -> int:
    attempts = SendAttempt.objects.filter(message=attempt.message_id)
    return attempts.filter(outcome=SendAttempt.Outcome.POSTPONED).count()
