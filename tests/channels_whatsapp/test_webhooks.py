from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import Client

from channels_whatsapp import webhooks
from channels_whatsapp.models import Account, Receipt
from inbox import arrivals
from inbox.models import Conversation, Event, Message
from tests import world
from tests.channels_whatsapp.posting import PATH, fixture, post_fields, post_json, post_signed, sid_of

pytestmark = pytest.mark.django_db


def test_a_customers_message_is_stored_and_answered_with_empty_twiml() -> None:
    world.channel()
    answer = post_signed("inbound/text")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    assert answer.content.endswith(b"<Response/>")
    assert answer.headers["Content-Length"] == str(len(answer.content))
    message = Message.objects.get()
    assert (message.direction, message.kind, message.body) == (
        "inbound", "text", "Hello, my order has not arrived yet.",
    )  # fmt: skip
    conversation = message.conversation
    assert conversation.unread_count == 1
    assert conversation.contact.profile_name == "Nour Haddadine"
    assert {a.value for a in conversation.contact.addresses.all()} == {
        "whatsapp:+447700900318", "whatsapp:GB.1349000000000000318",
    }  # fmt: skip
