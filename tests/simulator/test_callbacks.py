from __future__ import annotations

import hashlib
import json
import socket
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from twilio.request_validator import RequestValidator

from channels_whatsapp.simulator import ACCOUNT_SID, AUTH_TOKEN, SENDER, Simulator
from channels_whatsapp.simulator.callbacks import Webhook
from channels_whatsapp.simulator.overrides import Overrides, split
from tests.simulator.conftest import CUSTOMER, App

Send = Callable[..., Any]


def test_an_inbound_text_looks_like_twilios(sim: Simulator, app: App) -> None:
    anna = sim.customer(CUSTOMER, name="Anna")
    message = anna.send_text("hi")
    sim.wait_idle()
    (call,) = app.calls
    assert call.path == "/api/webhooks/whatsapp/twilio"
    assert call.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert call.params == {
        "SmsMessageSid": message.sid,
        "NumMedia": "0",
        "ProfileName": "Anna",
        "MessageType": "text",
        "SmsSid": message.sid,
        "WaId": "447700900911",
        "SmsStatus": "received",
        "Body": "hi",
        "To": SENDER,
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": message.sid,
        "AccountSid": ACCOUNT_SID,
        "From": CUSTOMER,
        "ExternalUserId": anna.user_id,
        "ApiVersion": "2010-04-01",
    }
    assert RequestValidator(AUTH_TOKEN).validate(
        app.url + call.path, call.params, call.headers["X-Twilio-Signature"]
    )


def test_a_hidden_phone_shows_the_user_id_only(sim: Simulator, app: App, send: Send) -> None:
    ghost = sim.customer("", "Ghost", hidden=True)
    ghost.send_text("boo")
    sim.wait_idle()
    assert app.calls[0].params["From"] == app.calls[0].params["ExternalUserId"] == ghost.user_id
    assert "+" not in app.calls[0].params["From"]
    send(to=ghost.address)
    sim.wait_idle()
    assert app.statuses() == ["sent", "delivered"]


KINDS: list[Any] = [
    pytest.param(
        lambda c: c.send_image("look"),
        {"MessageType": "image", "Body": "look", "MediaContentType0": "image/jpeg"},
        id="image",
    ),
    pytest.param(
        lambda c: c.send_voice(),
        {"MessageType": "audio", "Body": "", "MediaContentType0": "audio/ogg"},
        id="voice",
    ),
    pytest.param(
        lambda c: c.send_video(), {"MessageType": "video", "MediaContentType0": "video/mp4"}, id="video"
    ),
    pytest.param(
        lambda c: c.send_document("a b.pdf"),
        {"Body": "a b.pdf", "MediaContentType0": "application/pdf"},
        id="document",
    ),
    pytest.param(
        lambda c: c.send_contact(),
        {"MessageType": "contacts", "MediaContentType0": "text/vcard"},
        id="contact",
    ),
    pytest.param(lambda c: c.send_sticker(), {"MediaContentType0": "image/webp"}, id="sticker"),
    pytest.param(
        lambda c: c.send_location(1.5, 2.5),
        {"MessageType": "location", "Latitude": "1.5", "NumMedia": "0", "Body": ""},
        id="location",
    ),
    pytest.param(
        lambda c: c.send_from_ad("hi"), {"ReferralSourceType": "ad", "ReferralNumMedia": "0"}, id="ad"
    ),
    pytest.param(
        lambda c: c.forward("hi", often=True),
        {"Forwarded": "true", "FrequentlyForwarded": "true"},
        id="forwarded",
    ),
    pytest.param(
        lambda c: c.send_flow({"a": 1}), {"MessageType": "interactive", "FlowData": '{"a": 1}'}, id="flow"
    ),
    pytest.param(
        lambda c: c.send_unknown(), {"MessageType": "unsupported", "Body": "", "NumMedia": "0"}, id="unknown"
    ),
]


@pytest.mark.parametrize(("write", "expected"), KINDS)
def test_every_kind_carries_its_parameters(
    sim: Simulator, app: App, write: Callable[[Any], Any], expected: dict[str, str]
) -> None:
    message = write(sim.customer(CUSTOMER))
    sim.wait_idle()
    params = app.calls[0].params
    assert expected.items() <= params.items()
    assert params["ReferralNumMedia"] == "0"
    assert message.sid.startswith("MM" if params["NumMedia"] == "1" else "SM")


def test_a_tap_names_the_button_and_the_message(sim: Simulator, app: App, send: Send) -> None:
    anna = sim.customer(CUSTOMER)
    anna.send_text("hi")
    shape = {"body": "When?", "actions": [{"title": "Morning", "id": "am"}]}
    content = sim.twilio.add_content("slot", {"twilio/quick-reply": shape})
    offer = send(None, content_sid=content.sid)
    sim.wait_idle()
    anna.tap(offer.sid, "Morning")
    sim.wait_idle()
    params = app.calls[-1].params
    assert (params["ButtonText"], params["ButtonPayload"], params["Body"]) == ("Morning", "am", "Morning")
    assert (params["OriginalRepliedMessageSid"], params["OriginalRepliedMessageSender"]) == (
        offer.sid,
        SENDER,
    )


def test_a_choice_names_the_item(sim: Simulator, app: App, send: Send) -> None:
    anna = sim.customer(CUSTOMER)
    anna.send_text("hi")
    shape = {
        "body": "Which?",
        "button": "Choose",
        "items": [{"id": "o", "item": "Oak", "description": "light"}],
    }
    offer = send(None, content_sid=sim.twilio.add_content("wood", {"twilio/list-picker": shape}).sid)
    sim.wait_idle()
    anna.choose(offer.sid, "o")
    sim.wait_idle()
    params = app.calls[-1].params
    assert (params["ListId"], params["ListTitle"], params["ListDescription"]) == ("o", "Oak", "light")


def test_status_callbacks_have_the_captured_quirks(sim: Simulator, app: App, send: Send) -> None:
    sim.journeys.auto_read = True
    anna = sim.customer(CUSTOMER)
    anna.send_text("hi")
    send()
    sim.wait_idle()
    sent, delivered, read = app.calls[1:]
    assert sent.headers["Content-Type"].endswith("; charset=utf-8")
    assert sent.path == "/status?ref=abc"
    assert sent.params["StructuredMessage"] == "false"
    assert "EventType" not in sent.params
    assert sent.params["ChannelToAddress"] == "+44770090XXXX"
    assert "ExternalUserId" not in sent.params | delivered.params
    assert read.params["ExternalUserId"] == anna.user_id
    for call in (sent, delivered, read):
        signature = call.headers["X-Twilio-Signature"]
        assert RequestValidator(AUTH_TOKEN).validate(app.url + call.path, call.params, signature)


def test_it_retries_with_one_token_then_falls_back(sim: Simulator, app: App) -> None:
    app.answer = lambda call: 503 if not call.path.endswith("/fallback") else 200
    sim.customer(CUSTOMER).send_text("hi")
    sim.wait_idle()
    assert [c.path.rpartition("/")[2] for c in app.calls] == ["twilio"] * 6 + ["fallback"]
    assert len({c.headers["I-Twilio-Idempotency-Token"] for c in app.calls}) == 1
    assert app.calls[-1].params["ErrorCode"] == "11200"


def test_without_overrides_a_500_is_not_retried(sim: Simulator, app: App) -> None:
    app.answer = lambda call: 500
    sim.twilio.senders[SENDER].webhook = {"callback_url": f"{app.url}/hook?ref=1"}
    sim.customer(CUSTOMER).send_text("hi")
    sim.wait_idle()
    assert [c.path for c in app.calls] == ["/hook?ref=1"]


def test_overrides_are_read_from_the_fragment() -> None:
    assert split("https://a.example/b?c=1") == ("https://a.example/b?c=1", Overrides())
    url, how = split("https://a.example/b#rc=9&rp=5xx,ct&rt=2000&tt=99000")
    assert (url, how.retries, how.read, how.total) == ("https://a.example/b", 5, 2.0, 15.0)
    assert [how.retries_after(o) for o in (503, 404, "ct", "rt")] == [True, False, True, False]
    assert Overrides().retries_after("ct")
    assert not Overrides().retries_after(500)


def test_a_shared_key_signs_with_sha256(sim: Simulator, app: App) -> None:
    sim.twilio.account.shared_key = ("key1", "secret")
    sim.customer(CUSTOMER).send_text("hi")
    sim.wait_idle()
    (call,) = app.calls
    assert call.headers["X-Twilio-Webhooks-Signature-Settings"] == "key=key1,algorithm=HMAC_SHA256"
    signature = call.headers["X-Twilio-Signature"]
    assert RequestValidator("secret").validate(app.url + call.path, call.params, signature, "HMAC_SHA256")


def test_only_the_primary_token_signs(sim: Simulator, app: App) -> None:
    sim.twilio.account.tokens = ["new", AUTH_TOKEN]
    sim.customer(CUSTOMER).send_text("hi")
    sim.wait_idle()
    call = app.calls[0]
    assert RequestValidator("new").validate(
        app.url + call.path, call.params, call.headers["X-Twilio-Signature"]
    )


def test_a_verdict_is_pushed_as_an_event(sim: Simulator, app: App) -> None:
    content = sim.twilio.add_content("hi", {"twilio/text": {"body": "Good day"}}, approved="UTILITY")
    sim.decide(content.sid, "paused")
    sim.wait_idle()
    (call,) = app.calls
    digest = parse_qs(urlsplit(call.path).query)["bodySHA256"][0]
    assert digest == hashlib.sha256(call.body.encode()).hexdigest()
    assert RequestValidator(AUTH_TOKEN).validate(
        app.url + call.path, call.body, call.headers["X-Twilio-Signature"]
    )
    (event,) = json.loads(call.body)
    assert event["type"] == "com.twilio.messaging.template.approval.updated"
    assert event["data"]["template"] == {
        "sid": content.sid,
        "previousValue": "approved",
        "currentValue": "paused",
    }


def test_a_service_takes_the_webhook_over(sim: Simulator, app: App) -> None:
    service = sim.twilio.add_service("pool", InboundRequestUrl=f"{app.url}/service")
    sim.twilio.senders[SENDER].service_sid = service.sid
    sim.customer(CUSTOMER).send_text("hi")
    sim.wait_idle()
    assert app.calls[0].path == "/service"
    assert app.calls[0].params["MessagingServiceSid"] == service.sid


def test_an_address_that_never_answers_costs_no_later_webhook(sim: Simulator) -> None:
    """The first try used up all of Twilio's time: no other try, but the fallback and what follows."""
    done: list[bool] = []
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x#rc=5&rp=5xx,ct,rt&tt=300"
        sim.courier.send(Webhook("message", "text", "SM1", url, [("a", "b")], fallback_url=url), done.append)
        assert sim.wait_idle(10)
        assert done == [False]
        assert sorted(entry.fallback for entry in sim.log.entries()) == [False, True]
