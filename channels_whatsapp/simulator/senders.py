"""WhatsApp senders and messaging services of the pretend account."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Any

from .errors import TwilioError
from .records import Sender, Service

if TYPE_CHECKING:
    from datetime import datetime

    from .feed import Feed

FIELDS = ("configuration", "webhook", "profile")


class Senders:
    """The part of the account about numbers. Creation is asynchronous, as Twilio's is."""

    lock: threading.RLock
    feed: Feed
    senders: dict[str, Sender]
    services: dict[str, Service]

    if TYPE_CHECKING:

        def sid(self, prefix: str) -> str: ...
        def now(self) -> datetime: ...

    def clear_senders(self) -> None:
        self.senders = {}
        self.services = {}

    def add_sender(
        self,
        address: str,
        name: str = "",
        *,
        sandbox: bool | None = None,
        service_sid: str = "",
        status: str = "ONLINE",
        webhook: dict[str, Any] | None = None,
    ) -> Sender:
        """A number of the account. +1 415 523 8886 is the sandbox unless told otherwise."""
        address = address if address.startswith("whatsapp:") else f"whatsapp:{address}"
        with self.lock:
            is_sandbox = address.endswith("+14155238886") if sandbox is None else sandbox
            sender = Sender(
                address,
                name or address.removeprefix("whatsapp:"),
                self.sid("XE"),
                status,
                is_sandbox,
                service_sid,
                webhook=dict(webhook or {}),
                profile={"name": name or address},
            )
            self.senders[address] = sender
        self.feed.publish("people")
        return sender

    def sender_at(self, address: str) -> Sender:
        with self.lock:
            if address not in self.senders:
                raise TwilioError(63007)
            return self.senders[address]

    def sender(self, sid: str) -> Sender:
        with self.lock:
            for sender in self.senders.values():
                if sender.sid == sid:
                    return sender
        raise TwilioError(20404)

    #: What WhatsApp sends by SMS or call; every other code is wrong.
    verification_code = "123456"
    #: The most WhatsApp numbers of the account before 63104: two until Meta has verified the business.
    max_senders: int | None = None

    def register_sender(self, data: dict[str, Any]) -> Sender:
        """`POST /v2/Channels/Senders`: answers at once with CREATING; `advance_sender` goes on later."""
        address = str(data.get("sender_id", ""))
        if not re.fullmatch(r"whatsapp:\+[1-9]\d{6,14}", address):
            raise TwilioError(
                63100, "Sender validation failed: sender_id must be whatsapp: and an E.164 number"
            )
        with self.lock:
            if address in self.senders:
                raise TwilioError(63110)
            name = (data.get("profile") or {}).get("name", "")
            _check_name(name)
            numbers = [sender for sender in self.senders.values() if not sender.sandbox]
            if self.max_senders is not None and len(numbers) >= self.max_senders:
                raise TwilioError(63104)
            sender = self.add_sender(address, name, status="CREATING", sandbox=False)
            self._apply(sender, data)
            return sender

    def update_sender(self, sid: str, data: dict[str, Any]) -> Sender:
        with self.lock:
            sender = self.sender(sid)
            code = (data.get("configuration") or {}).get("verification_code")
            if code and sender.status == "PENDING_VERIFICATION" and code != self.verification_code:
                raise TwilioError(63114)
            if name := (data.get("profile") or {}).get("name"):
                self._review_name(sender, data["profile"], name)
            self._apply(sender, data)
            if sender.status == "ONLINE":
                sender.status = "ONLINE:UPDATING"
            elif sender.status == "PENDING_VERIFICATION" and code:
                sender.status = "VERIFYING"
            return sender

    def _review_name(self, sender: Sender, profile: dict[str, Any], name: str) -> None:
        """WhatsApp looks at a new name; until then customers see the old one."""
        _check_name(name)
        if name != sender.name:
            sender.pending_name, sender.pending_name_status = name, "PENDING_REVIEW"
        del profile["name"]

    def decide_name(self, address: str, status: str) -> None:
        """WhatsApp's verdict on a display name: APPROVED, DECLINED, …"""
        with self.lock:
            sender = self.sender_at(address)
            sender.pending_name_status = status
            if status == "APPROVED":
                sender.name = sender.profile["name"] = sender.pending_name
        self.feed.publish("people")

    def take_offline(self, address: str, code: int, message: str) -> None:
        with self.lock:
            sender = self.sender_at(address)
            sender.status = "OFFLINE"
            more = f"https://www.twilio.com/docs/errors/{code}"
            sender.offline_reasons = [{"code": str(code), "message": message, "more_info": more}]
        self.feed.publish("people")

    def advance_sender(self, sender: Sender) -> None:
        """The next step of an asynchronous change; ONLINE is the end."""
        steps = {"CREATING": "PENDING_VERIFICATION", "VERIFYING": "ONLINE", "ONLINE:UPDATING": "ONLINE"}
        with self.lock:
            sender.status = steps.get(sender.status, sender.status)
        self.feed.publish("people")

    def remove_sender(self, sid: str) -> None:
        with self.lock:
            del self.senders[self.sender(sid).address]
        self.feed.publish("people")

    def _apply(self, sender: Sender, data: dict[str, Any]) -> None:
        for name in FIELDS:
            getattr(sender, name).update(data.get(name) or {})
        sender.name = sender.profile.get("name") or sender.name

    # Messaging services

    def add_service(self, name: str, *, advanced_opt_out: bool = False, **settings: str) -> Service:
        """A Messaging Service. `settings` carries Twilio's own names, such as InboundRequestUrl."""
        with self.lock:
            service = Service(self.sid("MG"), name, self.now(), settings, advanced_opt_out)
            self.services[service.sid] = service
            return service

    def pool(self, service: Service) -> list[Sender]:
        with self.lock:
            return [s for s in self.senders.values() if s.service_sid == service.sid]


def _check_name(name: str) -> None:
    if not 1 <= len(name) <= 255 or "whatsapp" in name.casefold():
        raise TwilioError(63124)
