"""The Messaging API: senders, services, typing indicators."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from . import resources
from .api_content import json_body
from .errors import TwilioError
from .records import Sender
from .web import Answer, Request, Router

if TYPE_CHECKING:
    from .running import Simulator

SERVICE_SETTINGS = (
    "InboundRequestUrl",
    "InboundMethod",
    "FallbackUrl",
    "FallbackMethod",
    "StatusCallback",
    "ValidityPeriod",
    "UseInboundWebhookOnNumber",
)


class SendersApi:
    def __init__(self, sim: Simulator) -> None:
        self.sim = sim
        self.twilio = sim.twilio

    def add_routes(self, router: Router) -> None:
        senders, services = "/v2/Channels/Senders", "/v1/Services"
        router.add("GET", senders, self.list_all, "Senders.list")
        router.add("POST", senders, self.create, "Senders.create")
        router.add("GET", f"{senders}/{{sid}}", self.fetch, "Senders.fetch")
        router.add("POST", f"{senders}/{{sid}}", self.update, "Senders.update")
        router.add("DELETE", f"{senders}/{{sid}}", self.delete, "Senders.delete")
        router.add("GET", services, self.list_services, "Services.list")
        router.add("POST", services, self.create_service, "Services.create")
        router.add("GET", f"{services}/{{sid}}", self.fetch_service, "Services.fetch")
        router.add("POST", f"{services}/{{sid}}", self.update_service, "Services.update")
        router.add("DELETE", f"{services}/{{sid}}", self.delete_service, "Services.delete")
        router.add("GET", f"{services}/{{sid}}/ChannelSenders", self.list_pool, "ChannelSenders.list")
        router.add("POST", f"{services}/{{sid}}/ChannelSenders", self.add_to_pool, "ChannelSenders.create")
        router.add(
            "DELETE",
            f"{services}/{{sid}}/ChannelSenders/{{sender}}",
            self.remove_from_pool,
            "ChannelSenders.delete",
        )
        router.add("POST", "/v2/Indicators/Typing.json", self.typing_v2, "Typing.create")
        router.add("POST", "/v3/Indicators/Typing.json", self.typing_v3, "Typing.create")

    # Senders

    def _answer(self, sender: Sender, status: int = 200) -> Answer:
        return Answer.json(resources.sender(sender, self.sim.url), status)

    def list_all(self, request: Request) -> Answer:
        if request.query.get("Channel") != "whatsapp":
            raise TwilioError(20001, "Invalid Parameter: Channel must be whatsapp")
        items, number, size, more = resources.page(list(self.twilio.senders.values()), request.query, 20)
        rows = [resources.sender(s, self.sim.url) for s in items]
        url = f"{self.sim.url}{request.path}"
        return Answer.json(resources.page_meta("senders", url, rows, request.query, (number, size, more)))

    def create(self, request: Request) -> Answer:
        sender = self.twilio.register_sender(json_body(request))
        answer = self._answer(sender, 202)
        answer.after = self._advance_later(sender)
        return answer

    def fetch(self, request: Request) -> Answer:
        return self._answer(self.twilio.sender(request.args["sid"]))

    def update(self, request: Request) -> Answer:
        sender = self.twilio.update_sender(request.args["sid"], json_body(request))
        answer = self._answer(sender, 202)
        answer.after = self._advance_later(sender)
        return answer

    def delete(self, request: Request) -> Answer:
        self.twilio.remove_sender(request.args["sid"])
        return Answer(204)

    def _advance_later(self, sender: Sender) -> Callable[[], None]:
        delay = self.sim.journeys.pace.sender
        return lambda: self.sim.scheduler.after(delay, lambda: self.twilio.advance_sender(sender))

    # Messaging services

    def list_services(self, request: Request) -> Answer:
        items, number, size, more = resources.page(list(self.twilio.services.values()), request.query)
        rows = [resources.service(self.twilio.account, s, self.sim.url) for s in items]
        url = f"{self.sim.url}{request.path}"
        return Answer.json(resources.page_meta("services", url, rows, request.query, (number, size, more)))

    def create_service(self, request: Request) -> Answer:
        form = request.form()
        if "FriendlyName" not in form:
            raise TwilioError(20001, "Invalid Parameter: FriendlyName is required")
        service = self.twilio.add_service(form["FriendlyName"][0])
        service.settings.update(_settings(form))
        return Answer.json(resources.service(self.twilio.account, service, self.sim.url), 201)

    def fetch_service(self, request: Request) -> Answer:
        service = self.twilio.service(request.args["sid"])
        return Answer.json(resources.service(self.twilio.account, service, self.sim.url))

    def update_service(self, request: Request) -> Answer:
        service = self.twilio.service(request.args["sid"])
        service.settings.update(_settings(request.form()))
        return Answer.json(resources.service(self.twilio.account, service, self.sim.url))

    def delete_service(self, request: Request) -> Answer:
        with self.twilio.lock:
            del self.twilio.services[self.twilio.service(request.args["sid"]).sid]
        return Answer(204)

    def list_pool(self, request: Request) -> Answer:
        service = self.twilio.service(request.args["sid"])
        items, number, size, more = resources.page(self.twilio.pool(service), request.query)
        rows = [resources.channel_sender(self.twilio.account, service, s, self.sim.url) for s in items]
        url = f"{self.sim.url}{request.path}"
        return Answer.json(resources.page_meta("senders", url, rows, request.query, (number, size, more)))

    def add_to_pool(self, request: Request) -> Answer:
        service = self.twilio.service(request.args["sid"])
        sender = self.twilio.sender(request.form().get("Sid", [""])[0])
        sender.service_sid = service.sid
        return Answer.json(resources.channel_sender(self.twilio.account, service, sender, self.sim.url), 201)

    def remove_from_pool(self, request: Request) -> Answer:
        self.twilio.service(request.args["sid"])
        self.twilio.sender(request.args["sender"]).service_sid = ""
        return Answer(204)

    # Typing

    def typing_v2(self, request: Request) -> Answer:
        form = request.form()
        return self._typing(form.get("channel", [""])[0] == "whatsapp", form.get("messageId", [""])[0])

    def typing_v3(self, request: Request) -> Answer:
        data = json_body(request)
        return self._typing(data.get("channel") == "WHATSAPP", str(data.get("messageId", "")))

    def _typing(self, right_channel: bool, sid: str) -> Answer:
        if not right_channel or not re.fullmatch(r"(SM|MM)[0-9a-fA-F]{32}", sid):
            raise TwilioError(20001, "Invalid Parameter: channel and messageId are required")
        self.twilio.start_typing(sid)
        return Answer.json({"success": True})


def _settings(form: dict[str, list[str]]) -> dict[str, str]:
    return {name: form[name][0] for name in SERVICE_SETTINGS if name in form}
