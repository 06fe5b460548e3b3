from __future__ import annotations

from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from channels_whatsapp.simulator import ACCOUNT_SID, AUTH_TOKEN, SENDER, Simulator
from channels_whatsapp.simulator.content import SANDBOX_TEMPLATES
from tests.simulator import openapi
from tests.simulator.conftest import CUSTOMER

AUTH = (ACCOUNT_SID, AUTH_TOKEN)
TEMPLATE = {
    "friendly_name": "order_update",
    "language": "en",
    "variables": {"1": "4821"},
    "types": {"twilio/text": {"body": "Your order {{1}} left our workshop today."}},
}


def call(sim: Simulator, method: str, path: str, data: dict[str, Any] | None = None) -> requests.Response:
    openapi.validate_request(method, path, data)
    answer = requests.request(method, sim.url + path, json=data, auth=AUTH, timeout=5)
    if answer.ok:
        openapi.validate_response(method, path, answer.status_code, answer.json() if answer.content else None)
    return answer


def test_a_template_is_made_changed_submitted_approved_and_deleted(sim: Simulator, client: Client) -> None:
    sid = call(sim, "POST", "/v1/Content", TEMPLATE).json()["sid"]
    assert (
        call(sim, "PUT", f"/v1/Content/{sid}", TEMPLATE | {"friendly_name": "other"}).json()["friendly_name"]
        == "other"
    )
    submitted = call(
        sim,
        "POST",
        f"/v1/Content/{sid}/ApprovalRequests/whatsapp",
        {"name": "order_update", "category": "UTILITY"},
    )
    assert (submitted.status_code, submitted.json()["status"]) == (201, "received")
    sim.wait_idle()
    assert call(sim, "GET", f"/v1/Content/{sid}/ApprovalRequests").json()["whatsapp"]["status"] == "approved"
    assert call(sim, "PUT", f"/v1/Content/{sid}", TEMPLATE).status_code == 409
    assert client.content.v1.contents(sid).fetch().friendly_name == "other"
    assert call(sim, "DELETE", f"/v1/Content/{sid}").status_code == 204
    assert call(sim, "GET", f"/v1/Content/{sid}").json()["code"] == 20404


REJECTED = [
    "{{1}} is your order number, thank you",
    "Your order is {{1}}",
    "Hi {{1}} {{2}}, thank you for the order",
    "Your {{2}} left us today",
]


@pytest.mark.parametrize("body", REJECTED)
def test_whatsapp_rejects_what_breaks_its_rules(sim: Simulator, body: str) -> None:
    content = TEMPLATE | {"types": {"twilio/text": {"body": body}}, "variables": {"1": "a", "2": "b"}}
    sid = call(sim, "POST", "/v1/Content", content).json()["sid"]
    call(sim, "POST", f"/v1/Content/{sid}/ApprovalRequests/whatsapp", {"name": "x", "category": "UTILITY"})
    sim.wait_idle()
    found = call(sim, "GET", f"/v1/Content/{sid}/ApprovalRequests").json()["whatsapp"]
    assert found["status"] == "rejected"
    assert found["rejection_reason"]


def test_a_template_needs_language_types_and_a_plain_name(sim: Simulator) -> None:
    assert (
        requests.post(
            f"{sim.url}/v1/Content", json={"types": {"twilio/text": {"body": "x"}}}, auth=AUTH, timeout=5
        ).status_code
        == 400
    )
    assert (
        requests.post(f"{sim.url}/v1/Content", json={"language": "en"}, auth=AUTH, timeout=5).status_code
        == 400
    )
    assert requests.post(f"{sim.url}/v1/Content", data="x=1", auth=AUTH, timeout=5).status_code == 415
    sid = call(sim, "POST", "/v1/Content", TEMPLATE).json()["sid"]
    named = call(
        sim,
        "POST",
        f"/v1/Content/{sid}/ApprovalRequests/whatsapp",
        {"name": "With Spaces", "category": "UTILITY"},
    )
    assert named.status_code == 400


def test_lists_page_and_filter(sim: Simulator, client: Client) -> None:
    for n in range(7):
        sim.twilio.add_content(
            f"t{n}",
            {"twilio/text": {"body": f"Body {n}"}},
            language="de",
            approved="UTILITY" if n % 2 else "",
        )
    total = 7 + len(SANDBOX_TEMPLATES)
    assert len(client.content.v1.content_and_approvals.list(page_size=3)) == total
    assert len(client.content.v1.contents.list(page_size=3)) == total
    found = call(
        sim, "GET", "/v2/ContentAndApprovals?Language=de&ChannelEligibility=whatsapp:approved"
    ).json()["contents"]
    assert {c["friendly_name"] for c in found} == {"t1", "t3", "t5"}
    assert len(call(sim, "GET", "/v2/Content?Content=body+4").json()["contents"]) == 1


def submitted(sim: Simulator, name: str = "order_update", **fields: Any) -> str:
    sid = str(call(sim, "POST", "/v1/Content", TEMPLATE | fields).json()["sid"])
    path = f"/v1/Content/{sid}/ApprovalRequests/whatsapp"
    assert call(sim, "POST", path, {"name": name, "category": "UTILITY"}).status_code == 201
    sim.wait_idle()
    return sid


def test_lists_say_approvals_flat_or_keyed(sim: Simulator) -> None:
    submitted(sim)
    path = "/v1/ContentAndApprovals?PageSize=1"
    assert call(sim, "GET", path).json()["contents"][0]["approval_requests"]["status"] == "approved"
    changed = requests.post(f"{sim.url}/_sim/approvals", json={"shape": "keyed"}, timeout=5)
    assert changed.json() == {"mode": "auto", "shape": "keyed"}
    requests_ = call(sim, "GET", path).json()["contents"][0]["approval_requests"]
    assert requests_["whatsapp"]["status"] == "approved"
    wrong = requests.post(f"{sim.url}/_sim/approvals", json={"shape": "round"}, timeout=5)
    assert wrong.status_code == 400


def test_a_rejected_name_is_blocked_for_thirty_days(sim: Simulator) -> None:
    sid = submitted(sim)
    sim.decide(sid, "rejected", "No")
    other = call(sim, "POST", "/v1/Content", TEMPLATE).json()["sid"]
    path = f"/v1/Content/{other}/ApprovalRequests/whatsapp"
    again = {"name": "order_update", "category": "UTILITY"}
    assert call(sim, "POST", path, again).status_code == 400
    sim.advance(days=31)
    assert call(sim, "POST", path, again).status_code == 201


def test_a_pause_ends_by_itself_twice_and_then_it_is_disabled(sim: Simulator) -> None:
    sid = submitted(sim)
    approval = sim.twilio.contents[sid].approval
    for hours in (3, 6):
        assert sim.pause(sid) == "paused"
        sim.advance(hours=hours - 1)
        assert approval.status == "paused"
        sim.advance(hours=1)
        assert approval.status == "approved"
    assert sim.pause(sid) == "disabled"


@pytest.mark.parametrize(("status", "code"), [("rejected", 63040), ("paused", 63041), ("disabled", 63042)])
def test_a_withdrawn_template_reaches_nobody(sim: Simulator, client: Client, status: str, code: int) -> None:
    sid = submitted(sim)
    sim.decide(sid, status)
    sent = client.messages.create(to=CUSTOMER, from_=SENDER, content_sid=sid)
    sim.wait_idle()
    assert client.messages(sent.sid).fetch().error_code == code


def test_meta_bills_it_under_another_category(sim: Simulator) -> None:
    sid = submitted(sim)
    answer = requests.post(
        f"{sim.url}/_sim/recategorise", json={"sid": sid, "category": "MARKETING"}, timeout=5
    )
    assert answer.json() == {"sid": sid, "category": "MARKETING"}
    assert (
        call(sim, "GET", f"/v1/Content/{sid}/ApprovalRequests").json()["whatsapp"]["category"] == "MARKETING"
    )


def test_a_content_of_unknown_types_only_is_one(sim: Simulator) -> None:
    sid = sim.twilio.add_content("odd", {"twilio/hologram": {"beam": "x"}}, approved="UTILITY").sid
    assert call(sim, "GET", f"/v1/Content/{sid}").json()["types"] == {"twilio/hologram": {"beam": "x"}}
    assert call(sim, "GET", f"/v1/Content/{sid}/ApprovalRequests").status_code == 200


def test_what_works_in_sessions_only_is_rejected(sim: Simulator) -> None:
    items = [{"id": "a", "item": "Lamp"}]
    types = {"twilio/list-picker": {"body": "Choose", "button": "Open", "items": items}}
    sid = submitted(sim, types=types)
    assert "session only" in sim.twilio.contents[sid].approval.rejection_reason


def test_a_sender_is_registered_step_by_step(sim: Simulator) -> None:
    new = call(
        sim,
        "POST",
        "/v2/Channels/Senders",
        {"sender_id": "whatsapp:+447700900555", "profile": {"name": "New"}},
    )
    assert (new.status_code, new.json()["status"]) == (202, "CREATING")
    path = f"/v2/Channels/Senders/{new.json()['sid']}"
    sim.wait_idle()
    assert call(sim, "GET", path).json()["status"] == "PENDING_VERIFICATION"
    call(sim, "POST", path, {"configuration": {"verification_code": "123456"}})
    sim.wait_idle()
    assert call(sim, "GET", path).json()["status"] == "ONLINE"
    hook = {"callback_url": "https://inbox.example/hook#rc=5", "callback_method": "POST"}
    assert call(sim, "POST", path, {"webhook": hook}).json()["webhook"] == hook
    assert call(sim, "DELETE", path).status_code == 204
    assert call(sim, "GET", path).status_code == 404


def test_senders_are_listed_by_channel_only(sim: Simulator, client: Client) -> None:
    assert [s.sender_id for s in client.messaging.v2.channels_senders.list(channel="whatsapp")] == [SENDER]
    with pytest.raises(TwilioException):
        client.messaging.v2.channels_senders.list(channel="rcs")


def test_a_service_has_a_pool(sim: Simulator, client: Client) -> None:
    service = client.messaging.v1.services.create(friendly_name="Pool", use_inbound_webhook_on_number=True)
    assert service.use_inbound_webhook_on_number is True
    client.messaging.v1.services(service.sid).channel_senders.create(sid=sim.twilio.senders[SENDER].sid)
    assert [s.sender for s in client.messaging.v1.services(service.sid).channel_senders.list()] == [SENDER]
    assert client.messaging.v1.services(service.sid).delete()
    assert client.messaging.v1.services.list() == []


@pytest.mark.parametrize("version", ["v2", "v3"])
def test_typing_marks_the_message_read(sim: Simulator, version: str) -> None:
    anna = sim.customer(CUSTOMER)
    sid = anna.send_text("hi").sid
    sim.wait_idle()
    path = f"/{version}/Indicators/Typing.json"
    if version == "v2":
        answer = requests.post(
            sim.url + path, data={"channel": "whatsapp", "messageId": sid}, auth=AUTH, timeout=5
        )
    else:
        answer = requests.post(
            sim.url + path, json={"channel": "WHATSAPP", "messageId": sid}, auth=AUTH, timeout=5
        )
    openapi.validate_response("POST", path, answer.status_code, answer.json())
    assert sim.twilio.message(sid).shown["tick"] == "read"
    assert sim.twilio.is_typing(anna.customer, SENDER)
    sim.advance(seconds=26)
    assert not sim.twilio.is_typing(anna.customer, SENDER)


def test_typing_needs_a_known_message(sim: Simulator) -> None:
    data = {"channel": "whatsapp", "messageId": "SM" + "0" * 32}
    assert (
        requests.post(f"{sim.url}/v2/Indicators/Typing.json", data=data, auth=AUTH, timeout=5).status_code
        == 404
    )
