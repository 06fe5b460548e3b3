"""Posting signed webhooks as Twilio does: retries, fallback, faults, all in the background."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlencode

import urllib3
from twilio.request_validator import RequestValidator

from . import overrides, webhooks
from .faults import WEBHOOK_KINDS, Fault
from .log import Entry, Log
from .records import Message
from .scheduler import Job, Scheduler
from .twilio import Twilio

FORM = "application/x-www-form-urlencoded"
XML = ("text/xml", "application/xml", "text/html", "text/plain")


@dataclass(frozen=True)
class Webhook:
    """One thing to tell the application. `url` may carry a query (kept, signed) and a fragment (neither)."""

    kind: str
    subject: str
    sid: str
    url: str
    params: list[tuple[str, str]] = field(default_factory=list)
    json_body: str = ""
    fallback_url: str = ""
    method: str = "POST"
    content_type: str = FORM
    token: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def body(self) -> bytes:
        return (self.json_body or urlencode(self.params)).encode()


class Courier:
    """Deliver webhooks on the scheduler's threads and write every attempt's end into the log.

    `media_base` replaces `https://api.twilio.com` in MediaUrl parameters. `retry_pause` is the
    first pause between tries in seconds; it doubles, within Twilio's 15 seconds in total.
    """

    def __init__(
        self, twilio: Twilio, scheduler: Scheduler, log: Log, *, media_base: str = "https://api.twilio.com"
    ) -> None:
        self.twilio = twilio
        self.scheduler = scheduler
        self.log = log
        self.media_base = media_base
        self.retry_pause = 0.25
        self._pool = urllib3.PoolManager(maxsize=32, retries=False)

    # What to say

    def inbound(self, message: Message, then: Callable[[bool], None] | None = None) -> None:
        """Tell the sender's callback (or its service's) that a customer wrote."""
        url, fallback, method = self._inbound_urls(message)
        params = webhooks.inbound(self.twilio.account, message, self.media_base)
        self.send(
            Webhook("message", message.kind, message.sid, url, params, fallback_url=fallback, method=method),
            then,
        )

    def status_webhook(self, message: Message, value: str) -> Webhook:
        params = webhooks.status(self.twilio.account, message, value)
        url = message.callback or str(message.sender.webhook.get("status_callback_url") or "")
        return Webhook("status", value, message.sid, url, params, content_type=f"{FORM}; charset=utf-8")

    def template_event(self, sid: str, previous: str, current: str, kind: str = "status_update") -> None:
        """Push an Event Streams batch, when the account has a sink."""
        change = {"sid": sid, "previous": previous, "current": current, "type": kind}
        body = webhooks.template_event(self.twilio.account, change, self.twilio.now())
        url, _, fragment = self.twilio.account.events_url.partition("#")
        digest = hashlib.sha256(body.encode()).hexdigest()
        url = f"{url}{'&' if '?' in url else '?'}bodySHA256={digest}#{fragment}" if url else ""
        self.send(Webhook("event", current, sid, url, json_body=body, content_type="application/json"))

    def again(self, entry: Entry) -> None:
        """Send a logged webhook once more, as it was."""
        webhook = Webhook(
            entry.kind,
            entry.subject,
            entry.sid,
            entry.url,
            entry.params,
            entry.json_body,
            content_type=entry.headers.get("Content-Type", FORM),
        )
        self._later(0, lambda: self._finish(webhook, {}, None))

    def _inbound_urls(self, message: Message) -> tuple[str, str, str]:
        service = self.twilio.services.get(message.sender.service_sid)
        if service and service.settings.get("UseInboundWebhookOnNumber", "false") != "true":
            settings = service.settings
            return (
                settings.get("InboundRequestUrl", ""),
                settings.get("FallbackUrl", ""),
                settings.get("InboundMethod", "POST"),
            )
        hook = message.sender.webhook
        return (
            str(hook.get("callback_url") or ""),
            str(hook.get("fallback_url") or ""),
            str(hook.get("callback_method") or "POST"),
        )

    # How to say it

    def send(self, webhook: Webhook, then: Callable[[bool], None] | None = None) -> None:
        """Deliver in the background; `then(accepted)` runs after the last attempt."""
        faults = self.twilio.faults.take(f"{webhook.kind} {webhook.subject} {webhook.sid}", WEBHOOK_KINDS)
        if not webhook.url or "drop" in faults:
            if webhook.kind == "message" or webhook.url:
                self._note_dropped(webhook, "drop" in faults)
            self._later(0, lambda: then(False) if then else None)
            return
        held = float(faults["hold"].options.get("seconds", 4)) if "hold" in faults else 0.0
        self._later(held, lambda: self._finish(webhook, faults, then))
        if "duplicate" in faults:
            gap = float(faults["duplicate"].options.get("gap", 2))
            self._later(held + gap, lambda: self._finish(replace(webhook, token=str(uuid.uuid4())), {}, None))

    def _finish(
        self, webhook: Webhook, faults: dict[str, Fault], then: Callable[[bool], None] | None
    ) -> None:
        accepted = self._attempt(webhook, faults)
        if then:
            then(accepted)

    def _later(self, seconds: float, job: Job) -> None:
        self.scheduler.after(seconds, job)

    def _attempt(self, webhook: Webhook, faults: dict[str, Fault]) -> bool:
        """Call, retry by the overrides, then the fallback. True when somebody answered 2xx."""
        entry = self._call(webhook, faults)
        if not entry.ok and webhook.fallback_url:
            params = [*webhook.params, ("ErrorCode", "11200"), ("ErrorUrl", entry.url)]
            entry = self._call(
                replace(webhook, url=webhook.fallback_url, params=params, fallback_url=""),
                faults,
                fallback=True,
            )
        return entry.ok

    def _call(self, webhook: Webhook, faults: dict[str, Fault], *, fallback: bool = False) -> Entry:
        url, how = overrides.split(webhook.url)
        entry = self._entry(webhook, url, faults, fallback)
        began, pause = time.monotonic(), self.retry_pause
        left = how.total
        for attempt in range(how.retries + 1):
            outcome = self._post(entry, webhook, how, left)
            entry.attempts = attempt + 1
            left = how.total - (time.monotonic() - began)
            if attempt == how.retries or not how.retries_after(outcome) or left - pause <= 0:
                break
            time.sleep(pause)
            left -= pause
            pause *= 2
        entry.took_ms = round((time.monotonic() - began) * 1000)
        self.log.add(entry)
        return entry

    def _post(self, entry: Entry, webhook: Webhook, how: overrides.Overrides, left: float) -> int | str:
        """One request. Returns the status code, `ct` for no connection or `rt` for no answer."""
        timeout = urllib3.Timeout(connect=min(how.connect, left), read=min(how.read, left))
        try:
            answer = self._pool.request(
                webhook.method,
                entry.url,
                body=webhook.body,
                headers=entry.headers,
                timeout=timeout,
                redirect=False,
            )
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError):
            entry.code, entry.problem = None, "no connection"
            return "ct"
        except urllib3.exceptions.HTTPError:
            entry.code, entry.problem = None, "no answer"
            return "rt"
        entry.code, entry.problem = answer.status, _complaint(webhook, answer)
        return answer.status

    def _entry(self, webhook: Webhook, url: str, faults: dict[str, Fault], fallback: bool) -> Entry:
        wrong = "wrong_signature" in faults
        headers = {
            "Content-Type": webhook.content_type,
            "I-Twilio-Idempotency-Token": webhook.token,
            "User-Agent": "TwilioProxy/1.1",
            "Accept": "*/*",
            **self.sign(url, webhook, wrong=wrong),
        }
        held = float(faults["hold"].options.get("seconds", 4)) if "hold" in faults else 0.0
        return self._noted(webhook, url, headers=headers, held=held, fallback=fallback, wrong_signature=wrong)

    def _noted(self, webhook: Webhook, url: str, **more: Any) -> Entry:
        return Entry(
            self.log.new_id(),
            "in",
            webhook.kind,
            webhook.subject,
            webhook.sid,
            self.twilio.now(),
            url,
            webhook.params,
            webhook.json_body,
            **more,
        )

    def sign(self, url: str, webhook: Webhook, *, wrong: bool = False) -> dict[str, str]:
        """The signature headers: by the primary token, or by the shared key when the account has one."""
        params = dict(webhook.params)
        account = self.twilio.account
        if account.shared_key and not wrong:
            key, secret = account.shared_key
            signature = RequestValidator(secret).compute_signature(url, params, "HMAC_SHA256")
            return {
                "X-Twilio-Signature": signature,
                "X-Twilio-Webhooks-Signature-Settings": f"key={key},algorithm=HMAC_SHA256",
            }
        token = "wrong" if wrong else account.tokens[0]
        return {"X-Twilio-Signature": RequestValidator(token).compute_signature(url, params)}

    def _note_dropped(self, webhook: Webhook, by_fault: bool) -> None:
        reason = "dropped" if by_fault else "no URL configured"
        self.log.add(self._noted(webhook, webhook.url, problem=reason))


def _complaint(webhook: Webhook, answer: urllib3.BaseHTTPResponse) -> str:
    """What Twilio's error log would say about an answer that is not a failure."""
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if webhook.kind == "message" and answer.status == 200 and answer.data and kind not in XML:
        return f"12300 Invalid Content-Type: {kind}"
    return ""
