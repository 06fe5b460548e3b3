"""The jobs of this app. Their arguments are ids only: Procrastinate logs arguments.

A job only says "look at this"; the row is the truth, and the sweep finds rows that nobody looks at.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.cache import cache
from django.db import transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext
from procrastinate.tasks import Task

from channels_whatsapp import client, drift, media, reconcile, sending, sweeping, unknown, webhooks
from channels_whatsapp.connecting import hello, registering
from channels_whatsapp.models import Receipt, Sender
from channels_whatsapp.retries import Again, TryAgain
from channels_whatsapp.setup import ensure_from_settings
from inbox import clock, uploads
from inbox.models import Agent, Attachment, Conversation, Message

# Above everything else: somebody waits for these.
URGENT = 10
# Twilio shows the dots for 25 seconds ("Typing indicators").
TYPING_SECONDS = 20
# Nobody looks at what is older, and no answer could follow.
WINDOW = timedelta(hours=24)

# Sending


@app.task(name="send_message", retry=Again(times=10), priority=URGENT)
def send_message(message_id: int) -> None:
    """Send what waits in this message's conversation, up to and beyond this message."""
    rows = Message.objects.filter(pk=message_id)
    for conversation_id in rows.values_list("conversation_id", flat=True):
        sending.send_waiting(conversation_id)


def defer_send(message: Message) -> None:
    """In the caller's transaction. The lock makes it one at a time, and in order, per conversation."""
    lock = sweeping.lock_of(message.conversation_id)
    send_message.configure(lock=lock).defer(message_id=message.pk)


@app.task(name="show_typing", priority=URGENT)
def show_typing(conversation_id: int) -> None:
    """Show the dots, once, without minding a failure: it is a courtesy, and later it would be wrong.

    Twilio marks the customer's message read with it ("Typing indicators", public beta).
    """
    rows = Message.objects.filter(
        conversation=conversation_id,
        direction=Message.Direction.INBOUND,
        created_at__gt=clock.now() - WINDOW,
    )
    last = rows.exclude(sid=None).order_by("-created_at", "-pk").first()
    senders = Sender.objects.filter(channel__conversations=conversation_id, channel__shows_typing=True)
    sender = senders.select_related("account").first()
    if not last or not sender:
        return
    try:
        with client.told_apart():
            indicator = client.for_account(sender.account).messaging.v2.typing_indicator
            indicator.create(channel="whatsapp", message_id=last.sid)
    except client.CallFailed as failure:
        sending.logger.info("twilio: no typing indicator: %s", failure.code or failure.status)


def defer_typing(conversation: Conversation) -> None:
    if cache.add(f"typing-{conversation.pk}", True, TYPING_SECONDS):
        show_typing.defer(conversation_id=conversation.pk)


# Setting up


@app.task(name="await_hello", retry=Again(times=5))
def await_hello(sender_id: int, agent_id: int) -> None:
    """Answer the hello of the connect page when it comes; some minutes of asking every second or two."""
    by = Agent.objects.filter(pk=agent_id).first()
    for sender in Sender.objects.filter(pk=sender_id):
        if by and not hello.answer_greeting(sender, by):
            raise TryAgain(1.5)


@app.task(name="follow_sender", retry=Again(times=5))
def follow_sender(sender_id: int) -> None:
    """How a registration goes, every few seconds at first; `follow_senders` goes on."""
    rows = Sender.objects.filter(pk=sender_id).select_related("account", "channel")
    for sender in rows:
        try:
            is_moving = registering.follow(sender)
        except client.CallFailed as failure:
            sending.logger.info("senders: %s: %s", sender.pk, failure)
            return
        is_young = not sender.asked_at or clock.now() - sender.asked_at < registering.CLOSELY
        if is_moving and is_young:
            raise TryAgain(3)


@app.periodic(cron="* * * * *")
@app.task(name="follow_senders", lock="follow_senders", queueing_lock="follow_senders")
def follow_senders(timestamp: int = 0) -> None:
    registering.follow_all()


# Receiving


@app.task(name="fetch_attachment", retry=Again())
def fetch_attachment(attachment_id: int) -> None:
    media.fetch(attachment_id)


def defer_fetch(attachment: Attachment) -> None:
    fetch_attachment.defer(attachment_id=attachment.pk)


@app.task(name="retry_receipt", retry=Again(times=10))
def retry_receipt(receipt_id: int) -> None:
    for receipt in Receipt.objects.filter(pk=receipt_id):
        webhooks.process(receipt)


# By the clock. Each tick is deferred once, whichever worker comes first.


@app.periodic(cron="* * * * *")
@app.task(name="sweep", queueing_lock="sweep", pass_context=True)
def sweep(context: JobContext, timestamp: int = 0) -> None:
    """Put right what a dead worker or a lost job left behind."""
    if sweeping.free_stalled_jobs(own=context.job.id) + sweeping.lose_old_calls():
        defer_once(resolve_unknown)
    for message in sweeping.forgotten_messages():
        defer_send(message)
    for attachment in sweeping.forgotten_attachments():
        defer_fetch(attachment)
    for receipt in sweeping.forgotten_receipts():
        retry_receipt.defer(receipt_id=receipt.pk)


@app.periodic(cron="* * * * *")
@app.task(name="resolve_unknown", lock="resolve_unknown", queueing_lock="resolve_unknown")
def resolve_unknown(timestamp: int = 0) -> None:
    unknown.resolve()


@app.periodic(cron="*/5 * * * *")
@app.task(name="drift", lock="drift", queueing_lock="drift", retry=Again(times=3))
def check_drift(timestamp: int = 0) -> None:
    """Whether Twilio still has everything as we left it."""
    drift.check_all()


@app.periodic(cron="* * * * *")
@app.task(name="watch_signatures", queueing_lock="watch_signatures")
def watch_signatures(timestamp: int = 0) -> None:
    drift.watch_signatures()


@app.periodic(cron="*/15 * * * *")
@app.task(name="reconcile", lock="reconcile", queueing_lock="reconcile", retry=Again(times=3))
def reconcile_all(timestamp: int = 0) -> None:
    """Over the last hour, and further back to the last proven mark after an outage."""
    reconcile.everything()


@app.periodic(cron="17 3 * * *")
@app.task(name="reconcile_days", lock="reconcile", queueing_lock="reconcile_days", retry=Again(times=3))
def reconcile_days(timestamp: int = 0) -> None:
    reconcile.everything(reconcile.TWO_DAYS)


@app.periodic(cron="41 3 * * *")
@app.task(name="expire", queueing_lock="expire")
def expire(timestamp: int = 0) -> None:
    sweeping.expire_receipts()
    uploads.discard_old()
    sweeping.remove_old_jobs()


def at_start() -> None:
    """What a worker does first: it may be the first one at all, or after an outage."""
    ensure_from_settings()
    for task in (sweep, resolve_unknown, reconcile_all, check_drift):
        defer_once(task)


def defer_once(task: Task[Any, Any, Any]) -> None:
    """Unless one of its kind waits already; the savepoint keeps the caller's transaction whole."""
    try:
        with transaction.atomic():
            task.defer(timestamp=0)
    except exceptions.AlreadyEnqueued:
        pass
