"""From the sandbox to a number of one's own."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import pytest
from django.conf import settings
from django.test import Client

from channels_whatsapp.connecting import choosing, moving
from channels_whatsapp.models import Account, Receipt, Sender
from channels_whatsapp.simulator import Simulator
from inbox import clock
from inbox.models import Agent, Channel, Event, Message, SendAttempt, Window
from inbox.refusals import Refused
from tests import world
from tests.channels_whatsapp.connecting.conftest import OTHER, SHOP, TOKEN, words
from tests.channels_whatsapp.connecting.test_registering import GIVEN, NEW, last, url_of
from tests.channels_whatsapp.posting import PATH, fixture, post_fields
from tests.threads import accidents, at_once


@pytest.fixture
def sandbox(twilio: Simulator, account: Account) -> Sender:
    channel = Channel.objects.create(name="Trial", address="whatsapp:+14155238886")
    twilio.twilio.add_sender(channel.address, "Sandbox")
    return Sender.objects.create(
        channel=channel, account=account, address=channel.address, kind="sandbox", join_code="autumn-lamp"
    )


def test_moving_keeps_conversations_and_starts_windows_anew(
    twilio: Simulator, sandbox: Sender, page: Client
) -> None:
    talk = world.conversation(None, sandbox.channel, left=timedelta(hours=20))
    world.message(talk, "Hello")
    here = f"/connect/senders/{sandbox.pk}/move/"
    said = words(page.get(here))
    assert "Reply windows belong to the number" in said
    assert "one of Bramblecart , the sandbox’s own Twilio account" in said
    assert "+44 7700 900142" in said
    page.post(here, {"address": SHOP})
    sender = Sender.objects.select_related("channel").get()
    assert (sender.kind, sender.address, sender.channel.address) == ("production", SHOP, SHOP)
    assert (sender.join_code, sender.status, sender.sid) == ("", "ONLINE", twilio.twilio.senders[SHOP].sid)
    talk.refresh_from_db()
    assert talk.channel_id == sandbox.channel_id
    assert talk.window_closes_at <= clock.now()
    assert Window.objects.get().closes_at <= clock.now()
    assert Event.objects.get(verb="sender.moved").data["windows_ended"] == 1
    assert Message.objects.count() == 1
    # The customer writes to the new number: the same conversation, and its window is open.
    customer = talk.contact.addresses.get().value.removeprefix("whatsapp:")
    page.post(f"/connect/senders/{sender.pk}/webhooks/")
    twilio.customer(customer).send_text("I am here now", to=SHOP)
    assert twilio.wait_idle()
    assert talk.messages.count() == 2


@pytest.mark.parametrize("address", ["whatsapp:+447700900999", ""])
def test_a_number_that_is_not_there_moves_nothing(
    twilio: Simulator, sandbox: Sender, page: Client, address: str
) -> None:
    page.post(f"/connect/senders/{sandbox.pk}/move/", {"address": address})
    assert Sender.objects.get().is_sandbox


@pytest.mark.parametrize("status", ["queued", "sending", "unknown"])
def test_messages_that_wait_or_are_not_confirmed_hold_a_move_up(
    twilio: Simulator, sandbox: Sender, page: Client, status: str
) -> None:
    world.message(world.conversation(None, sandbox.channel), "Hi", "outbound", status=status)
    page.post(f"/connect/senders/{sandbox.pk}/move/", {"address": SHOP})
    assert "1 message is still waiting" in words(page.get("/connect/"))
    assert Sender.objects.get().is_sandbox


def test_a_number_that_was_answered_before_is_not_mixed_in(
    twilio: Simulator, sandbox: Sender, page: Client
) -> None:
    world.conversation(None, Channel.objects.create(name="Old shop", address=OTHER))
    here = f"/connect/senders/{sandbox.pk}/move/"
    assert "+44 7700 900187" not in words(page.get(here))
    page.post(here, {"address": OTHER})
    assert "has conversations of its own, as Old shop" in words(page.get("/connect/"))
    assert Sender.objects.get().is_sandbox


def test_a_number_that_was_registered_here_takes_the_conversations_over(
    twilio: Simulator, sandbox: Sender, page: Client
) -> None:
    """The page sends people to register one, so that is where many come from."""
    talk = world.conversation(None, sandbox.channel)
    page.post(url_of(sandbox.account), GIVEN)
    registered, here = last(), f"/connect/senders/{sandbox.pk}/move/"
    page.post(here, {"address": NEW})
    assert "is not online at WhatsApp yet" in words(page.get(here))
    twilio.twilio.senders[NEW].status = "ONLINE"
    assert "+44 7700 900555" in words(page.get(here))
    page.post(here, {"address": NEW})
    sender = Sender.objects.select_related("channel").get()
    assert (sender.pk, sender.channel_id, sender.status) == (registered.pk, talk.channel_id, "ONLINE")
    assert (sender.channel.address, sender.channel.name) == (NEW, "Spares")
    left = Channel.objects.get(pk=registered.channel_id)
    assert (left.address, left.is_active) == ("whatsapp:+14155238886", False)


def test_two_who_move_at_once_move_once(twilio: Simulator, sandbox: Sender, admin: Agent) -> None:
    acts = [partial(moving.move, Sender.objects.get(), sandbox.account, SHOP, by=admin) for _ in range(2)]
    assert [type(each) for each in accidents(at_once(*acts))] == [Refused]
    assert Sender.objects.get().address == SHOP
    assert Event.objects.filter(verb="sender.moved").count() == 1


@pytest.mark.parametrize("is_connected", [True, False])
def test_two_sandboxes_that_move_to_one_number_do_not_share_it(
    twilio: Simulator, sandbox: Sender, admin: Agent, is_connected: bool
) -> None:
    row = Channel.objects.create(name="Second trial", address="whatsapp:+14155230000")
    second = Sender.objects.create(
        channel=row, account=sandbox.account, address=row.address, kind=Sender.Kind.SANDBOX
    )
    for each in (sandbox, second):
        world.conversation(None, each.channel)
    if is_connected:
        choosing.adopt(sandbox.account, SHOP, "Shop UK", None, by=admin)
    acts = [partial(moving.move, each, sandbox.account, SHOP, by=admin) for each in (sandbox, second)]
    assert [type(each) for each in accidents(at_once(*acts))] == [Refused]
    assert Sender.objects.filter(address=SHOP).count() == 1
    assert Sender.objects.filter(kind=Sender.Kind.SANDBOX).count() == 1


def test_what_was_sent_before_a_move_still_hears_of_its_delivery(
    twilio: Simulator, sandbox: Sender, page: Client, admin: Agent
) -> None:
    talk = world.conversation(None, sandbox.channel)
    message = world.message(talk, "Hi", "outbound", status="sent", sid="SM" + "b" * 32)
    attempt = SendAttempt.objects.create(message=message, sid=message.sid, outcome="accepted")
    customer, before = talk.address.value, sandbox.address
    moving.move(sandbox, sandbox.account, SHOP, by=admin)
    told = fixture("status/delivered", MessageSid=message.sid, SmsSid=message.sid, From=before, To=customer)
    path = f"{PATH}/status?ref={attempt.ref}"
    assert post_fields(told, path, token=TOKEN, base=settings.PUBLIC_BASE_URL).status_code == 200
    message.refresh_from_db()
    assert message.status == "delivered", [(r.outcome, r.detail) for r in Receipt.objects.all()]
