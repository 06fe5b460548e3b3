"""The round trip that proves a set-up: a phone says hello, and the answer is delivered to it.

Only webhooks and callbacks count: a message that reconciliation found, or a status that we asked for, is
shown as what it is.
"""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from channels_whatsapp.models import Receipt, Sender
from inbox import clock
from inbox.models import Agent, Event, Message
from inbox.refusals import Refused

logger = logging.getLogger(__name__)

LASTS = timedelta(minutes=15)
# A greeting without an answer for so long gets none by itself.
PROMPT = timedelta(seconds=15)
# Answered by itself; whatever else somebody writes in these minutes may be a customer's.
GREETINGS = {"hello", "hello!", "hello.", "hi", "hallo", "hola"}
TOLD = {"delivered", "read"}


@dataclass(frozen=True)
class Hello:
    """How far it is. What has not happened is None."""

    sender: Sender
    now: datetime
    received: Message | None = None
    is_signed: bool = False
    answer: Message | None = None
    told: frozenset[str] = frozenset()

    @property
    def has_begun(self) -> bool:
        return self.sender.hello_at is not None

    @property
    def is_waiting(self) -> bool:
        """Something may still happen, so the page asks again."""
        return self.has_begun and not self.is_done and not self.is_over

    @property
    def is_over(self) -> bool:
        return bool(self.sender.hello_at and self.now - self.sender.hello_at > LASTS)

    @property
    def is_delivered(self) -> bool:
        return bool(self.told & TOLD)

    @property
    def is_done(self) -> bool:
        return self.is_signed and self.is_delivered

    @property
    def holds(self) -> bool:
        """It is done, and Twilio has said nothing since that undoes it."""
        return self.is_done and not self.sender.is_cut_off

    @property
    def has_failed(self) -> bool:
        return bool(self.answer and self.answer.has_failed)

    @property
    def is_delivered_untold(self) -> bool:
        """Twilio said so when we asked; its status callback does not reach us."""
        return bool(self.answer and self.answer.status in TOLD and not self.is_delivered)

    @property
    def is_plain(self) -> bool:
        return bool(self.received and is_greeting(self.received))

    @property
    def may_answer(self) -> bool:
        """A greeting is answered by itself, unless something is in the way: pressing says what."""
        if not self.received or self.answer:
            return False
        return not self.is_plain or self.now - self.received.created_at > PROMPT


@transaction.atomic
def begin(sender: Sender, *, by: Agent) -> None:
    """Wait for a hello from now on. Nothing of before counts."""
    from channels_whatsapp.tasks import await_hello

    sender.hello_at, sender.hello_key = clock.now(), uuid.uuid4()
    sender.save(update_fields=["hello_at", "hello_key"])
    Event.record("sender.hello_awaited", channel=sender.channel, by=by)
    await_hello.defer(sender_id=sender.pk, agent_id=by.pk)


def state(sender: Sender) -> Hello:
    now = clock.now()
    if not sender.hello_at:
        return Hello(sender, now)
    answer = Message.objects.filter(client_id=sender.hello_key).first()
    received = answered_message(answer) if answer else first_since(sender)
    if not received:
        return Hello(sender, now)
    return Hello(sender, now, received, was_brought(received), answer, told_of(answer))


def first_since(sender: Sender) -> Message | None:
    rows = Message.objects.filter(
        conversation__channel=sender.channel_id,
        direction=Message.Direction.INBOUND,
        created_at__gte=sender.hello_at,
    )
    found = list(rows.select_related("conversation__contact").order_by("pk")[:20])
    return next((message for message in found if is_greeting(message)), found[0] if found else None)


def answered_message(answer: Message) -> Message | None:
    rows = answer.conversation.messages.filter(direction=Message.Direction.INBOUND, pk__lt=answer.pk)
    return rows.select_related("conversation__contact").order_by("-pk").first()


def is_greeting(message: Message) -> bool:
    return message.body.strip().casefold() in GREETINGS


def was_brought(message: Message) -> bool:
    """By a webhook whose signature was right: no other one is kept as a receipt."""
    return Receipt.objects.filter(
        kind=Receipt.Kind.INBOUND, key=message.sid, outcome=Receipt.Outcome.APPLIED
    ).exists()


def told_of(answer: Message | None) -> frozenset[str]:
    """The statuses that callbacks brought."""
    if not answer or not answer.sid:
        return frozenset()
    # There is an index on the time and none on the SID.
    rows = Receipt.objects.filter(
        received_at__gte=answer.created_at, kind=Receipt.Kind.STATUS, sid=answer.sid
    )
    return frozenset(str(params.get("MessageStatus", "")) for params in rows.values_list("params", flat=True))


def answer_greeting(sender: Sender, by: Agent) -> bool:
    """Answer the hello, once, when it is there. True when nothing is left to wait for."""
    found = state(sender)
    if not found.has_begun or found.is_over or found.answer:
        return True
    if not found.received or not is_greeting(found.received):
        return False
    try:
        answer(sender, by=by)
    except Refused as refusal:
        logger.warning("hello: sender %s: %s", sender.pk, refusal.code)
    return True


def answer(sender: Sender, *, by: Agent) -> None:
    """The one answer to whoever wrote. Asked for twice it is still one.

    :raises Refused: nobody wrote yet, or the conversation takes no answer.
    """
    found = state(sender)
    if not found.received:
        raise Refused("nobody", _("Nobody has written yet."), _("Write to the number from your phone."))
    text = _("It works: this answer came from Fanlight. You need not do anything.")
    found.received.conversation.reply(text, by=by, client_id=sender.hello_key)
