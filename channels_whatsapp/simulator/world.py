"""The simulator's link to the application's database: whom it starts with, and time that passes.

Only the `simulator` command uses it. What is not there yet (a fresh database, a model that was
renamed) is left out: the simulator then starts with one sender and nobody to play.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.db import Error, close_old_connections, transaction
from django.db.models import F

from .running import SENDER, Simulator

logger = logging.getLogger(__name__)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
#: Messages of each conversation that the phone starts with.
HISTORY = 30


def seed(simulator: Simulator) -> None:
    """Take senders, templates, customers and their conversations from the database, each if it can."""
    close_old_connections()
    for take in (_senders, _templates, _customers, _windows, _conversations):
        try:
            with transaction.atomic():
                take(simulator)
        except (Error, LookupError, AttributeError, ValueError) as problem:
            logger.warning("simulator: nothing taken by %s (%s)", take.__name__.strip("_"), problem)
    if not simulator.twilio.senders:
        simulator.add_sender(SENDER, "Shop UK")


def _senders(simulator: Simulator) -> None:
    for sender in apps.get_model("channels_whatsapp", "Sender").objects.select_related("channel"):
        if sender.address not in simulator.twilio.senders:
            added = simulator.add_sender(sender.address, sender.channel.name)
            added.sandbox = sender.kind == "sandbox"
            added.sid = sender.sid or added.sid


def _templates(simulator: Simulator) -> None:
    for template in apps.get_model("templates_mgmt", "Template").objects.exclude(content_sid=""):
        if not template.content_sid or template.content_sid in simulator.twilio.contents:
            continue
        types = getattr(template, "types", None) or {"twilio/text": {"body": template.body}}
        content = simulator.twilio.add_content(
            template.name,
            types,
            template.variables,
            language=template.language,
            sid=template.content_sid,
            approved=str(template.category).upper(),
        )
        if content.approval:
            content.approval.status = template.status


def _customers(simulator: Simulator) -> None:
    """One customer per contact; a contact known by user ID only hides the phone."""
    addresses = (
        apps.get_model("inbox", "Address").objects.select_related("contact").order_by("contact_id", "kind")
    )
    for address in addresses[:500]:
        if address.value.startswith("whatsapp:"):
            simulator.twilio.customer(address.value, str(address.contact.display_name))


def _windows(simulator: Simulator) -> None:
    windows = apps.get_model("inbox", "Window").objects.select_related("address", "channel")
    for window in windows.filter(last_inbound_at__isnull=False):
        customer = simulator.twilio.find_customer(window.address.value)
        if customer:
            customer.last_inbound[window.channel.address] = window.last_inbound_at
            customer.joined[window.channel.address] = window.last_inbound_at


def _conversations(simulator: Simulator) -> None:
    for customer in simulator.twilio.everyone():
        if customer.last_inbound:
            _history(simulator, customer)


def _history(simulator: Simulator, customer: Any) -> None:
    """The last texts of one customer's conversations, as Twilio would have kept them."""
    messages = apps.get_model("inbox", "Message").objects.filter(
        conversation__contact__addresses__value__in=[customer.phone, customer.user_id],
        direction__in=["inbound", "outbound"],
    )
    recent = messages.select_related("conversation__channel").order_by("-created_at")[:HISTORY]
    for message in reversed(recent):
        sender = simulator.twilio.senders.get(message.conversation.channel.address)
        if sender is None or not message.body:
            continue
        kept = simulator.twilio.add_history(
            customer,
            sender,
            message.body,
            at=message.created_at,
            inbound=message.direction == "inbound",
            status="" if message.direction == "inbound" else message.status,
            error_code=message.error_code,
        )
        kept.shown["tick"] = "read"
        _keep_sid(simulator, kept, message.sid)


def _keep_sid(simulator: Simulator, message: Any, sid: str | None) -> None:
    """Known to both sides by the same SID: reconciliation must not find the history a second time."""
    if sid:
        del simulator.twilio.messages[message.sid]
        message.sid = sid
        simulator.twilio.messages[sid] = message


def pass_time(customer_address: str, sender_address: str, delta: timedelta) -> None:
    """Move one reply window of the application back by `delta`, in the demo or against loopback only.

    The application keeps the window on its own database clock, which nothing here may move.
    """
    host = urlsplit(str(getattr(settings, "TWILIO_API_BASE_URL", ""))).hostname
    if not getattr(settings, "DEMO", False) and host not in LOOPBACK:
        return
    close_old_connections()
    try:
        with transaction.atomic():
            _shift(customer_address, sender_address, delta)
    except (Error, LookupError) as problem:
        logger.warning("simulator: the inbox's window did not move (%s)", problem)
    finally:
        close_old_connections()


def _shift(customer_address: str, sender_address: str, delta: timedelta) -> None:
    windows = apps.get_model("inbox", "Window").objects.filter(
        address__contact__addresses__value=customer_address, channel__address=sender_address
    )
    ids = list(windows.values_list("pk", flat=True))
    apps.get_model("inbox", "Window").objects.filter(pk__in=ids, last_inbound_at__isnull=False).update(
        last_inbound_at=F("last_inbound_at") - delta, closes_at=F("closes_at") - delta
    )
    _announce(customer_address, sender_address)


def _announce(customer_address: str, sender_address: str) -> None:
    from inbox import live

    conversations = apps.get_model("inbox", "Conversation").objects.filter(
        contact__addresses__value=customer_address, channel__address=sender_address
    )
    for conversation in conversations:
        live.announce(
            "conversation", conversation.pk, conversation=conversation.pk, channel=conversation.channel_id
        )
