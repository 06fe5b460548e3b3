"""What a pretend Twilio account holds: plain records, without rules."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

WINDOW = timedelta(hours=24)
SANDBOX_SESSION = timedelta(days=3)


@dataclass
class Account:
    sid: str
    #: The first token is the primary one: it alone signs webhooks. All of them open the REST API.
    tokens: list[str]
    #: (key id, secret): when set, webhooks are signed with HMAC-SHA256 instead of the token.
    shared_key: tuple[str, str] | None = None
    friendly_name: str = "Simulated account"
    balance: str = "25.00"
    events_url: str = ""


@dataclass
class Sender:
    address: str
    name: str
    sid: str
    status: str = "ONLINE"
    sandbox: bool = False
    service_sid: str = ""
    webhook: dict[str, Any] = field(default_factory=dict)
    profile: dict[str, Any] = field(default_factory=dict)
    configuration: dict[str, Any] = field(default_factory=dict)
    offline_reasons: list[dict[str, str]] = field(default_factory=list)
    quality: str = "HIGH"
    limit: str = "1K Customers/24hr"
    #: A display name that WhatsApp looks at, and how far that is.
    pending_name: str = ""
    pending_name_status: str = ""


@dataclass
class Service:
    sid: str
    friendly_name: str
    created: datetime
    settings: dict[str, str] = field(default_factory=dict)
    #: With Advanced Opt-Out Twilio itself acts on STOP and refuses later sends with 21610.
    advanced_opt_out: bool = False


@dataclass
class Customer:
    phone: str
    user_id: str
    name: str
    phone_hidden: bool = False
    reads: bool = True
    blocked: bool = False
    on_whatsapp: bool = True
    #: Sandbox address -> when the customer sent `join`.
    joined: dict[str, datetime] = field(default_factory=dict)
    #: Sender addresses this customer opted out of, where Twilio enforces it.
    opted_out: set[str] = field(default_factory=set)
    last_inbound: dict[str, datetime] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The address that webhooks carry in From: the phone, or the user ID when it is hidden."""
        return self.user_id if self.phone_hidden else self.phone

    def window_closes(self, sender: str) -> datetime | None:
        last = self.last_inbound.get(sender)
        return last + WINDOW if last else None


@dataclass
class Media:
    sid: str
    content_type: str
    data: bytes
    created: datetime
    name: str = ""


@dataclass
class Message:
    sid: str
    direction: str
    customer: Customer
    sender: Sender
    to: str
    from_: str
    body: str
    status: str
    created: datetime
    updated: datetime
    sent: datetime | None = None
    kind: str = "text"
    media: list[Media] = field(default_factory=list)
    media_urls: list[str] = field(default_factory=list)
    callback: str = ""
    service_sid: str = ""
    content_sid: str = ""
    variables: dict[str, str] = field(default_factory=dict)
    error_code: int | None = None
    error_message: str | None = None
    #: A refusal known when the message was accepted, told later by callback as Twilio does.
    doom: int | None = None
    #: Buttons, list items, place, quoted message: what the phone shows besides text and media.
    shown: dict[str, Any] = field(default_factory=dict)
    #: Parameters that this kind of message adds to its inbound webhook.
    params: dict[str, str] = field(default_factory=dict)
    send_at: datetime | None = None
    #: Left out of the Messages list until this moment (a fault).
    hidden_until: datetime | None = None
    #: Revisions of the account's state: when it was made, appeared on the phone, changed last.
    born: int = 0
    shown_at: int = 0
    revision: int = 0

    @property
    def inbound(self) -> bool:
        return self.direction == "inbound"


@dataclass
class Content:
    sid: str
    friendly_name: str
    language: str
    types: dict[str, Any]
    variables: dict[str, str]
    created: datetime
    updated: datetime
    approval: Approval | None = None


@dataclass
class Approval:
    name: str
    category: str
    content_type: str
    status: str = "received"
    rejection_reason: str = ""
    decided: datetime | None = None
    pauses: int = 0
    paused_until: datetime | None = None
