"""Customers' messages as Twilio posts them: twenty fields, really signed, some of them twice."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from benchmarks.installation import ACCOUNT_SID, AUTH_TOKEN, NUMBER, PUBLIC_BASE_URL

PATH = "/api/webhooks/whatsapp/twilio"
REPEATS = 0.05
CUSTOMERS = 500
WORDS = [
    "order",
    "parcel",
    "where",
    "is",
    "my",
    "the",
    "hello",
    "thanks",
    "delivery",
    "today",
    "tomorrow",
    "size",
    "refund",
    "broken",
    "please",
]


@dataclass(frozen=True)
class Webhook:
    sid: str
    request: bytes


class Customers:
    """Endless webhooks, and a memory of which were really sent."""

    def __init__(self, seed: int = 1, count: int = CUSTOMERS, repeats: float = REPEATS) -> None:
        self.random, self.count, self.repeats = random.Random(seed), count, repeats
        self.number = 0
        self.ready: deque[Webhook] = deque()
        self.sent: dict[str, int] = {}  # sid → how often

    def make(self, count: int) -> None:
        """Sign so many beforehand, unless there are as many already."""
        while len(self.ready) < count:
            webhook = self.webhook(self.random.randrange(self.count))
            self.ready.append(webhook)
            if self.random.random() < self.repeats:
                self.ready.append(webhook)  # at once: the hardest repeat is the one that meets the first

    def webhook(self, customer: int, body: str = "") -> Webhook:
        self.number += 1
        sid = f"SM{self.random.getrandbits(128):032x}"
        words = " ".join(self.random.choices(WORDS, k=self.random.randint(3, 12)))
        return Webhook(sid, request(fields(sid, customer, body or f"{words} {self.number}")))

    def requests(self) -> Iterator[bytes]:
        """Those that were made, each counted as sent when it is taken."""
        while self.ready:
            yield self.send(self.ready.popleft())

    def send(self, webhook: Webhook) -> bytes:
        self.sent[webhook.sid] = self.sent.get(webhook.sid, 0) + 1
        return webhook.request

    @property
    def repeated(self) -> int:
        return sum(self.sent.values()) - len(self.sent)


def address(customer: int) -> str:
    return f"whatsapp:+4477{customer:08d}"


def user_id(customer: int) -> str:
    return f"whatsapp:GB.{1_000_000_000_000_000 + customer}"


def fields(sid: str, customer: int, body: str) -> dict[str, str]:
    """As captured from Twilio's WhatsApp traffic ("Messaging webhooks")."""
    return {
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ProfileName": f"Customer {customer}",
        "MessageType": "text",
        "SmsSid": sid,
        "WaId": address(customer).partition("+")[2],
        "SmsStatus": "received",
        "Body": body,
        "To": NUMBER,
        "MessagingServiceSid": "MG" + "0" * 32,
        "NumSegments": "1",
        "ReferralNumMedia": "0",
        "MessageSid": sid,
        "AccountSid": ACCOUNT_SID,
        "ExternalUserId": user_id(customer),
        "ChannelMetadata": '{"type":"whatsapp","data":{"context":{"ProfileName":"Customer"}}}',
        "From": address(customer),
        "ApiVersion": "2010-04-01",
        "Forwarded": "false",
        "FrequentlyForwarded": "false",
    }


def request(params: dict[str, str]) -> bytes:
    body = urlencode(params).encode()
    lines = (
        f"POST {PATH} HTTP/1.1",
        "Host: 127.0.0.1",
        "User-Agent: TwilioProxy/1.1",
        "Accept: */*",
        "Content-Type: application/x-www-form-urlencoded",
        f"X-Twilio-Signature: {signature(params)}",
        f"I-Twilio-Idempotency-Token: {params['MessageSid']}",
        f"Content-Length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def signature(params: dict[str, str]) -> str:
    """Base64 of HMAC-SHA1 over the address and every name and value, names sorted (Twilio, "Security")."""
    text = PUBLIC_BASE_URL + PATH + "".join(name + params[name] for name in sorted(params))
    return base64.b64encode(hmac.new(AUTH_TOKEN.encode(), text.encode(), hashlib.sha1).digest()).decode()
