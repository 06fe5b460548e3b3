"""The round trip counts only what really came."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from channels_whatsapp import drift, reconcile
from channels_whatsapp.models import Sender
from channels_whatsapp.simulator import Simulator
from inbox import clock
from inbox.models import Channel, Message
from tests.channels_whatsapp.connecting.conftest import SHOP, TOKEN, words
from tests.conftest import ACCOUNT_SID
from tests.jobs import run_due_jobs

GIVEN = {"sid": ACCOUNT_SID, "token": TOKEN}


def test_nothing_of_before_counts(twilio: Simulator, sender: Sender, page: Client) -> None:
    twilio.customer("+447700900911").send_text("hello")
    assert twilio.wait_idle()
    page.post(f"/connect/senders/{sender.pk}/hello/")
    run_due_jobs()
    assert "Now write hello from your phone" in words(page.get(f"/connect/senders/{sender.pk}/hello/"))
    assert not Message.objects.filter(direction="outbound").exists()


def test_another_text_is_answered_by_hand_only(twilio: Simulator, sender: Sender, page: Client) -> None:
    url = f"/connect/senders/{sender.pk}/hello/"
    page.post(url)
    twilio.customer("+447700900911").send_text("Where is my order?")
    assert twilio.wait_idle()
    run_due_jobs()
    assert not Message.objects.filter(direction="outbound").exists()
    assert "Send the answer" in words(page.get(url))
    page.post(f"{url}answer/")
    page.post(f"{url}answer/")
    assert Message.objects.filter(direction="outbound").count() == 1


def test_a_hello_that_cannot_be_answered_says_why(twilio: Simulator, sender: Sender, page: Client) -> None:
    url = f"/connect/senders/{sender.pk}/hello/"
    page.post(url)
    twilio.customer("+447700900911").send_text("hello")
    assert twilio.wait_idle()
    Channel.objects.update(is_active=False)
    run_due_jobs()
    Sender.objects.update(hello_at=clock.now() - timedelta(minutes=1))
    Message.objects.update(created_at=clock.now() - timedelta(seconds=20))
    assert "Send the answer It was not answered by itself." in words(page.get(url))
    page.post(f"{url}answer/")
    assert "switched off" in words(page.get("/connect/"))


@pytest.mark.parametrize("what", ["webhook", "status", "missing"])
def test_what_broke_since_is_not_called_working_and_can_be_tried_again(
    twilio: Simulator, sender: Sender, page: Client, what: str
) -> None:
    drift.check_all()
    url = f"/connect/senders/{sender.pk}/hello/"
    page.post(url)
    twilio.customer("+447700900911").send_text("hello")
    assert twilio.wait_idle()
    run_due_jobs()
    assert twilio.wait_idle()
    run_due_jobs(later=True)
    assert "It works, there and back." in words(page.get(url))
    assert "Say hello once more" in words(page.get(url))
    assert 'data-state="todo"' not in page.get("/connect/").content.decode()

    Sender.objects.update(drift=[{"what": what, "was": "", "now": ""}])
    shown = page.get("/connect/")
    assert "It works, there and back." not in words(shown)
    assert "and does not now. Mend the steps above" in words(shown)
    assert 'id="step-hello" data-state="done"' not in shown.content.decode()
    is_lost = what != "webhook"
    assert ('id="step-sender" data-state="current"' in shown.content.decode()) == is_lost
    assert ("See why" in words(shown)) == is_lost
    page.post(url)
    assert "Now write hello from your phone" in words(page.get(url))


def test_a_message_that_no_webhook_brought_is_not_called_signed(
    twilio: Simulator, sender: Sender, page: Client
) -> None:
    page.post(f"/connect/senders/{sender.pk}/hello/")
    twilio.twilio.add_history("whatsapp:+447700900911", SHOP, "hello", at=clock.now() + timedelta(seconds=1))
    reconcile.everything()
    assert "No webhook brought it" in words(page.get(f"/connect/senders/{sender.pk}/hello/"))
