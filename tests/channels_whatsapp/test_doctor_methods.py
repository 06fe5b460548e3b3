from __future__ import annotations

from typing import Any

import pytest

from channels_whatsapp import doctor, doctor_twilio
from channels_whatsapp.doctor import Level
from channels_whatsapp.models import Sender
from channels_whatsapp.simulator import Simulator

HOOK = "https://inbox.example/api/webhooks/whatsapp/twilio"
METHODS = ("callback_method", "fallback_method", "status_callback_method")


@pytest.fixture
def webhook(settings: Any) -> dict[str, Any]:
    settings.PUBLIC_BASE_URL = "https://inbox.example"
    addresses = {"callback_url": f"{HOOK}#rc=5", "fallback_url": f"{HOOK}/fallback",
                 "status_callback_url": f"{HOOK}/status"}  # fmt: skip
    return addresses | dict.fromkeys(METHODS, "POST")


@pytest.mark.parametrize(
    ("name", "said"), list(zip(METHODS, ("webhook", "fallback", "status callback"), strict=True))
)
def test_an_address_that_twilio_calls_with_get_is_found(
    webhook: dict[str, Any], name: str, said: str
) -> None:
    [finding] = doctor_twilio.methods("x", webhook | {name: "GET"})
    assert finding.level == Level.BAD
    assert f"Twilio calls its {said} address with HTTP GET" in finding.detail
    assert "Set it to HTTP POST" in finding.mend


@pytest.mark.parametrize("method", ["POST", "PUT", "post", "", None])
def test_other_methods_and_none_at_all_are_fine(webhook: dict[str, Any], method: str | None) -> None:
    assert not list(doctor_twilio.methods("x", webhook | dict.fromkeys(METHODS, method)))
    assert not list(doctor_twilio.methods("x", {}))


def test_what_goes_elsewhere_may_go_with_get(webhook: dict[str, Any]) -> None:
    elsewhere = {"status_callback_url": "https://elsewhere.example/", "status_callback_method": "GET"}
    assert not list(doctor_twilio.methods("x", webhook | elsewhere))


def refused() -> int:
    return sum("which is refused here" in finding.detail for finding in doctor.examine())


def test_the_doctor_asks_twilio_for_the_methods(transactional_db: None, sim: Simulator, shop: Sender) -> None:
    hook = sim.twilio.senders[shop.address].webhook
    assert refused() == 0
    hook["status_callback_method"] = "GET"
    assert refused() == 1


def test_in_a_messaging_service_its_method_counts(
    transactional_db: None, sim: Simulator, shop: Sender
) -> None:
    hook = sim.twilio.senders[shop.address].webhook
    service = sim.twilio.add_service("Shop", InboundRequestUrl=hook["callback_url"], InboundMethod="GET")
    Sender.objects.update(messaging_service_sid=service.sid)
    assert refused() == 1
    service.settings["UseInboundWebhookOnNumber"] = "true"
    assert refused() == 0
