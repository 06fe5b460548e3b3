from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from channels_whatsapp.simulator import ACCOUNT_SID, SENDER, Simulator
from tests.simulator.conftest import CUSTOMER, App, LocalClient

Send = Callable[..., Any]


def test_it_walks_a_message_to_delivered(sim: Simulator, client: Client, send: Send, app: App) -> None:
    sim.customer(CUSTOMER).send_text("hi")
    message = send("hello")
    assert (message.status, message.error_code, message.num_segments) == ("queued", None, "1")
    assert sim.wait_idle()
    assert client.messages(message.sid).fetch().status == "delivered"
    assert app.statuses() == ["sent", "delivered"]


def test_it_reads_when_somebody_looks(sim: Simulator, send: Send, app: App) -> None:
    anna = sim.customer(CUSTOMER)
    anna.send_text("hi")
    send()
    sim.wait_idle()
    sim.journeys.watch(anna.customer, SENDER)
    sim.wait_idle()
    assert app.statuses() == ["sent", "delivered", "read"]


def test_it_never_reads_for_who_keeps_receipts_off(sim: Simulator, send: Send, app: App) -> None:
    sim.journeys.auto_read = True
    sim.customer(CUSTOMER).send_text("hi")
    sim.customer(CUSTOMER).customer.reads = False
    send()
    sim.wait_idle()
    assert app.statuses() == ["sent", "delivered"]


def test_a_customer_who_blocked_us_leaves_it_at_sent(sim: Simulator, send: Send, app: App) -> None:
    sim.customer(CUSTOMER).send_text("hi")
    sim.customer(CUSTOMER).customer.blocked = True
    send()
    sim.wait_idle()
    assert app.statuses() == ["sent"]


REFUSED_AT_ONCE = [
    pytest.param({"body": "x" * 1601}, 21617, id="long"),
    pytest.param({"body": None}, 21619, id="empty"),
    pytest.param({"to": "whatsapp:12"}, 21211, id="bad-to"),
    pytest.param({"to": ""}, 21604, id="no-to"),
    pytest.param({"from_": "whatsapp:+15005550006"}, 63007, id="foreign-from"),
    pytest.param({"from_": "whatsapp:abc"}, 21212, id="bad-from"),
    pytest.param({"from_": ""}, 21603, id="no-from"),
    pytest.param({"to": SENDER}, 63031, id="to-itself"),
    pytest.param({"to": "+447700900911"}, 21910, id="two-channels"),
    pytest.param({"body": None, "content_sid": "HX" + "0" * 32}, 21655, id="no-such-content"),
    pytest.param({"media_url": ["ftp://x/y.jpg"]}, 21620, id="bad-media-url"),
    pytest.param({"status_callback": "https://a_b.example/x"}, 21609, id="underscore"),
    pytest.param({"from_": "", "messaging_service_sid": "MG" + "0" * 32}, 21705, id="no-such-service"),
]


@pytest.mark.parametrize(("options", "code"), REFUSED_AT_ONCE)
def test_it_refuses_at_once(sim: Simulator, send: Send, options: dict[str, Any], code: int) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        send(**options)
    assert refusal.value.code == code
    assert refusal.value.status == 400


def test_content_variables_must_be_a_json_string(sim: Simulator, send: Send) -> None:
    content = sim.twilio.add_content("hi", {"twilio/text": {"body": "Hi {{1}}, good day"}}, {"1": "Ann"})
    for variables in ("{1:", "[]", '{"1": 2}'):
        with pytest.raises(TwilioRestException) as refusal:
            send(None, content_sid=content.sid, content_variables=variables)
        assert refusal.value.code == 21656


def test_a_closed_window_is_told_by_callback_only(
    sim: Simulator, client: Client, send: Send, app: App
) -> None:
    message = send("too late")
    assert message.error_code is None
    sim.wait_idle()
    assert app.statuses() == ["undelivered"]
    assert app.calls[-1].params["ErrorCode"] == "63016"
    assert client.messages(message.sid).fetch().error_code == 63016


def test_the_window_closes_after_a_day(sim: Simulator, send: Send, app: App) -> None:
    sim.customer(CUSTOMER).send_text("hi")
    sim.advance(hours=23, minutes=59)
    send("in time")
    sim.wait_idle()
    sim.advance(minutes=2)
    send("late")
    sim.wait_idle()
    assert app.statuses() == ["sent", "delivered", "undelivered"]


def test_an_approved_template_opens_it(sim: Simulator, client: Client, send: Send, app: App) -> None:
    content = sim.twilio.add_content(
        "hi", {"twilio/text": {"body": "Hi {{1}}, good day"}}, {"1": "Ann"}, approved="UTILITY"
    )
    message = send(None, content_sid=content.sid, content_variables='{"1": "Bo"}')
    sim.wait_idle()
    assert app.statuses() == ["sent", "delivered"]
    assert client.messages(message.sid).fetch().body == "Hi Bo, good day"


def test_content_and_body_together_fail_later(sim: Simulator, send: Send, app: App) -> None:
    sim.customer(CUSTOMER).send_text("hi")
    content = sim.twilio.add_content("hi", {"twilio/text": {"body": "Good day"}}, approved="UTILITY")
    send("and text", content_sid=content.sid)
    sim.wait_idle()
    assert app.calls[-1].params["ErrorCode"] == "63016"


def test_the_sandbox_wants_a_join(sim: Simulator, send: Send, app: App) -> None:
    sandbox = sim.add_sender("+14155238886").address
    sim.customer(CUSTOMER).send_text("hi", to=sandbox)
    send(from_=sandbox)
    sim.wait_idle()
    sim.customer(CUSTOMER).join_sandbox()
    send(from_=sandbox)
    sim.wait_idle()
    assert app.statuses() == ["failed", "sent", "delivered"]
    assert next(c for c in app.calls if "ErrorCode" in c.params).params["ErrorCode"] == "63015"


def test_advanced_opt_out_blocks_until_start(sim: Simulator, send: Send, app: App) -> None:
    service = sim.twilio.add_service("pool", advanced_opt_out=True, InboundRequestUrl=f"{app.url}/in")
    sim.twilio.senders[SENDER].service_sid = service.sid
    anna = sim.customer(CUSTOMER)
    anna.send_text("stop")
    sim.wait_idle()
    assert app.calls[-1].params["OptOutType"] == "STOP"
    send(messaging_service_sid=service.sid)
    sim.wait_idle()
    assert app.calls[-1].params["ErrorCode"] == "21610"
    anna.send_text("Start")
    assert not anna.customer.opted_out


def test_a_service_accepts_and_calls_queued_back(sim: Simulator, send: Send, app: App) -> None:
    service = sim.twilio.add_service("pool")
    sim.twilio.senders[SENDER].service_sid = service.sid
    sim.customer(CUSTOMER).send_text("hi")
    assert send(messaging_service_sid=service.sid).status == "accepted"
    sim.wait_idle()
    assert app.statuses() == ["queued", "sent", "delivered"]


def test_it_schedules_and_cancels(sim: Simulator, client: Client, send: Send, app: App) -> None:
    service = sim.twilio.add_service("pool")
    sim.twilio.senders[SENDER].service_sid = service.sid
    sim.customer(CUSTOMER).send_text("hi")
    at = datetime.now(UTC) + timedelta(hours=1)
    options = {"messaging_service_sid": service.sid, "schedule_type": "fixed", "send_at": at}
    first, second = send(**options), send(**options)
    client.messages(first.sid).update(status="canceled")
    sim.advance(hours=2)
    sim.wait_idle()
    assert client.messages(first.sid).fetch().status == "canceled"
    assert client.messages(second.sid).fetch().status == "delivered"


def test_it_redacts_but_never_edits(sim: Simulator, client: Client, send: Send) -> None:
    sim.customer(CUSTOMER).send_text("hi")
    message = send("secret")
    sim.wait_idle()
    with pytest.raises(TwilioRestException):
        client.messages(message.sid).update(body="other")
    assert client.messages(message.sid).update(body="").body == ""


def test_it_deletes_what_is_over(sim: Simulator, client: Client, send: Send) -> None:
    sim.journeys.pace.sent = 30
    sim.customer(CUSTOMER).send_text("hi")
    waiting = send()
    with pytest.raises(TwilioRestException) as refusal:
        client.messages(waiting.sid).delete()
    assert refusal.value.code == 20009
    inbound = next(m for m in client.messages.list() if m.direction == "inbound")
    assert client.messages(inbound.sid).delete()
    with pytest.raises(TwilioRestException) as gone:
        client.messages(inbound.sid).fetch()
    assert (gone.value.code, gone.value.status) == (20404, 404)


def test_it_lists_with_filters_and_pages(sim: Simulator, client: Client) -> None:
    start = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    for n in range(130):
        sim.twilio.add_history(CUSTOMER, SENDER, f"m{n}", at=start + timedelta(minutes=n), inbound=n % 2 == 0)
    assert len(client.messages.list(page_size=50)) == 130
    assert sim.calls("GET", "Messages.json") == 3
    assert len(client.messages.list(to=SENDER)) == 65
    assert len(client.messages.list(from_=SENDER, page_size=1000)) == 65
    assert len(client.messages.list(date_sent=date(2026, 11, 20))) == 120
    assert len(client.messages.list(date_sent_after=start + timedelta(minutes=120))) == 10
    assert len(client.messages.list(date_sent_before=start + timedelta(minutes=9))) == 10
    assert client.messages.list(limit=1)[0].body == "m129"


def test_new_messages_do_not_shift_the_next_page(sim: Simulator, client: Client) -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    for n in range(6):
        sim.twilio.add_history(CUSTOMER, SENDER, f"m{n}", at=at + timedelta(minutes=n))
    seen = []
    for message in client.messages.stream(page_size=2):
        seen.append(message.body)
        sim.twilio.add_history(CUSTOMER, SENDER, "new", at=at + timedelta(days=1))
    assert seen == ["m5", "m4", "m3", "m2", "m1", "m0"]


def test_it_wants_the_right_credentials(sim: Simulator) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        Client(ACCOUNT_SID, "wrong", http_client=LocalClient(sim.url)).messages("SM" + "0" * 32).fetch()
    assert (refusal.value.code, refusal.value.status) == (20003, 401)


def test_it_limits_what_runs_at_once(sim: Simulator, client: Client) -> None:
    sim.twilio.max_concurrent = 0
    with pytest.raises(TwilioRestException) as refusal:
        client.messages("SM" + "0" * 32).fetch()
    assert (refusal.value.code, refusal.value.status) == (20429, 429)


def test_too_many_to_one_recipient(sim: Simulator, send: Send, app: App) -> None:
    sim.twilio.max_per_recipient = 2
    sim.customer(CUSTOMER).send_text("hi")
    for _ in range(3):
        send()
    sim.wait_idle()
    assert [c.params["ErrorCode"] for c in app.calls if "ErrorCode" in c.params] == ["63018"]


def test_it_tells_about_the_account(sim: Simulator, client: Client) -> None:
    assert client.api.v2010.accounts(ACCOUNT_SID).fetch().status == "active"
    assert client.api.v2010.accounts(ACCOUNT_SID).balance.fetch().currency == "USD"
    assert client.incoming_phone_numbers.list()[0].phone_number == "+447700900142"


def test_it_is_quick_to_stop(sim: Simulator) -> None:
    sim.faults.add("hold", seconds=60)
    sim.customer(CUSTOMER).send_text("hi")
    began = time.monotonic()
    sim.stop()
    assert time.monotonic() - began < 1
