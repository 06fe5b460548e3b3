"""The simulator's link to the application's database: whom it starts with, and time that passes.

Only the `simulator` command uses it. What is not there yet (a fresh database, a model that was
renamed) is left out: the simulator then starts with one sender and nobody to play.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from urllib.parse import urlsplit

from django.apps import apps
from django.conf import settings
from django.db import Error, close_old_connections, connection, transaction
from django.db.models import F

from .records import Customer
from .running import SENDER, Simulator

logger = logging.getLogger(__name__)
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
#: Messages of each conversation that the phone starts with.
HISTORY = 30


def seed(simulator: Simulator) -> None:
    """Take senders, templates, customers and their conversations from the database, each if it can.

    May be called again at any time: it adds what is new and leaves alone what the simulator has.
    """
    _refresh_connection()
    for take in (_senders, _templates, _customers, _windows, _conversations):
        try:
            with transaction.atomic():
                take(simulator)
        except LookupError:
            continue  # that part of the application is not installed
        except (Error, AttributeError, ValueError) as problem:
            logger.warning("simulator: nothing taken by %s (%s)", take.__name__.strip("_"), problem)
    if not simulator.twilio.senders:
        simulator.add_sender(SENDER, "Shop UK")


def _refresh_connection() -> None:
    """Server threads live long, connections do not; one in the middle of a transaction is in use."""
    if not connection.in_atomic_block:
        close_old_connections()


def _senders(simulator: Simulator) -> None:
    for sender in apps.get_model("channels_whatsapp", "Sender").objects.select_related("channel"):
        if sender.address not in simulator.twilio.senders:
            added = simulator.add_sender(sender.address, sender.channel.name)
            added.sandbox = sender.kind == "sandbox"
            added.sid = sender.sid or added.sid


def _templates(simulator: Simulator) -> None:
    rows = apps.get_model("templates_mgmt", "Template").objects.exclude(content_sid=None)
    for template in rows.filter(gone_at=None).select_related("family"):
        if template.content_sid in simulator.twilio.contents:
            continue
        content = simulator.twilio.add_content(
            template.name_at_twilio or template.name,
            template.types,
            template.variables,
            language=template.language,
            sid=template.content_sid,
            approved=str(template.category).upper(),
        )
        if content.approval:
            content.approval.status = template.status
            content.approval.rejection_reason = template.rejection_reason


def _customers(simulator: Simulator) -> None:
    """One customer per contact; a contact known by user ID only hides the phone."""
    addresses = (
        apps.get_model("inbox", "Address").objects.select_related("contact").order_by("contact_id", "kind")
    )
    for address in addresses[:500]:
        if address.value.startswith("whatsapp:"):
            contact = address.contact
            simulator.twilio.customer(address.value, contact.name or contact.profile_name)


def _windows(simulator: Simulator) -> None:
    windows = apps.get_model("inbox", "Window").objects.select_related("address", "channel")
    for window in windows.filter(last_inbound_at__isnull=False):
        customer, sender = simulator.twilio.find_customer(window.address.value), window.channel.address
        if customer and sender not in customer.last_inbound:
            customer.last_inbound[sender] = customer.joined[sender] = window.last_inbound_at


def _conversations(simulator: Simulator) -> None:
    known = {id(message.customer) for message in list(simulator.twilio.messages.values())}
    for customer in simulator.twilio.everyone():
        if customer.last_inbound and id(customer) not in known:
            _history(simulator, customer)


def _history(simulator: Simulator, customer: Customer) -> None:
    """The last texts of one customer's conversations, as Twilio would have kept them.

    Under the same SIDs: reconciliation must not find the history a second time.
    """
    messages = apps.get_model("inbox", "Message").objects.filter(
        conversation__contact__addresses__value__in=[customer.phone, customer.user_id],
        direction__in=["inbound", "outbound"],
        status__in=["received", "sent", "delivered", "read", "undelivered", "failed"],
    )
    told = messages.exclude(sid=None).exclude(body="").select_related("conversation__channel").distinct()
    for message in reversed(told.order_by("-created_at")[:HISTORY]):
        sender = simulator.twilio.senders.get(message.conversation.channel.address)
        if sender is None or message.sid in simulator.twilio.messages:
            continue
        inbound = message.direction == "inbound"
        kept = simulator.twilio.add_history(
            customer,
            sender,
            message.body,
            at=message.created_at,
            inbound=inbound,
            status="" if inbound else message.status,
            error_code=message.error_code,
            sid=message.sid,
        )
        kept.shown["tick"] = "read"


def pass_time(customer_address: str, sender_address: str, delta: timedelta) -> None:
    """Move one reply window of the application back by `delta`, in the demo or against loopback only.

    The application keeps the window on its own database clock, which nothing here may move.
    """
    host = urlsplit(str(getattr(settings, "TWILIO_API_BASE_URL", ""))).hostname
    if not getattr(settings, "DEMO", False) and host not in LOOPBACK:
        return
    _refresh_connection()
    try:
        with transaction.atomic():
            _shift(customer_address, sender_address, delta)
    except (Error, LookupError) as problem:
        logger.warning("simulator: the inbox's window did not move (%s)", problem)
    finally:
        _refresh_connection()


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
