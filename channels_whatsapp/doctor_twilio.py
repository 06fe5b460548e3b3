"""What Twilio itself says about our account, our numbers and where it sends their webhooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urldefrag

from django.conf import settings
from django.utils.translation import gettext as _
from twilio.rest import Client

from channels_whatsapp import client, errors
from channels_whatsapp.doctor import Finding, bad, ok, warn
from channels_whatsapp.models import Account, Sender
from inbox import clock

WEBHOOK_PATH = "/api/webhooks/whatsapp/twilio"
# Twilio itself tries once only, and not after a 5xx (Twilio, "Connection overrides").
RETRIES = "#rc=5&rp=5xx,ct,rt"
NUMBER = re.compile(r"whatsapp:\+[1-9]\d{6,14}")
SKEW_WARN, SKEW_BAD = timedelta(seconds=30), timedelta(minutes=2)
LOW_BALANCE = Decimal(1)


def examine() -> Iterator[Finding]:
    for account in Account.objects.order_by("pk"):
        if account.sending_token:
            yield from examine_account(account)


def examine_account(account: Account) -> Iterator[Finding]:
    """Stops at the first call that fails: the ones after it would fail the same way."""
    twilio = client.for_account(account)
    try:
        yield from credentials(twilio, account)
        yield from balance(twilio)
        yield from numbers(twilio, account)
    except client.CallFailed as failure:
        yield could_not_ask(failure)


def could_not_ask(failure: client.CallFailed) -> Finding:
    title = _("Connection to Twilio")
    if failure.is_refusal:
        said = errors.explain(failure.code)
        mend = _("Compare TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN with the Twilio Console.")
        return bad(title, f"{said.sentence} {failure.detail}", mend)
    mend = _("Check this server's way to the internet, its DNS and its proxy, and status.twilio.com.")
    return bad(title, _("Twilio gave no usable answer: %(reason)s.") % {"reason": failure.detail}, mend)


def credentials(twilio: Client, account: Account) -> Iterator[Finding]:
    """:raises client.CallFailed:"""
    with client.told_apart():
        answer = twilio.api.v2010.accounts(account.sid).fetch_with_http_info()
    status, title = str(answer.data.status), _("Twilio account")
    if status == "active":
        yield ok(title, _("%(account)s accepts our token.") % {"account": account})
    else:
        yield bad(title, _("%(account)s is %(status)s.") % {"account": account, "status": status},
                  _("Open the Twilio Console and bring the account into order."))  # fmt: skip
    if date := answer.headers.get("Date"):
        yield clock_skew(date)


def clock_skew(date: str) -> Finding:
    """Windows and the search for unknown sends compare the database's clock with Twilio's."""
    title = _("Clock")
    skew = abs(clock.now() - parsedate_to_datetime(date))
    if skew < SKEW_WARN:
        return ok(title, _("The database's clock agrees with Twilio's."))
    detail = _("The database's clock differs from Twilio's by %(seconds)d seconds.")
    mend = _("Let the database server set its clock over the network (NTP).")
    return (bad if skew >= SKEW_BAD else warn)(title, detail % {"seconds": skew.total_seconds()}, mend)


def balance(twilio: Client) -> Iterator[Finding]:
    title, mend = _("Balance"), _("Add funds in the Twilio Console.")
    try:
        with client.told_apart():
            found = twilio.api.v2010.accounts(twilio.account_sid).balance.fetch()
    except client.CallFailed as failure:
        # Subaccounts and restricted keys may not ask.
        yield warn(title, _("Twilio does not tell it: %(reason)s.") % {"reason": failure.detail}, mend)
        return
    detail = f"{found.balance} {found.currency}"
    left = Decimal(found.balance or "0")
    if left <= 0:
        yield bad(title, detail, mend)
    else:
        yield warn(title, detail, mend) if left < LOW_BALANCE else ok(title, detail)


def numbers(twilio: Client, account: Account) -> Iterator[Finding]:
    """:raises client.CallFailed:"""
    with client.told_apart():
        listed = twilio.messaging.v2.channels_senders.list(channel="whatsapp", page_size=100)
    at_twilio = {found.sender_id: found for found in listed}
    for sender in account.senders.select_related("channel"):
        yield from number(twilio, sender, at_twilio.get(sender.address))


def number(twilio: Client, sender: Sender, found: object | None) -> Iterator[Finding]:
    title = _("WhatsApp number %(address)s") % {"address": sender.address.partition(":")[2]}
    if not NUMBER.fullmatch(sender.address):
        mend = _("Correct TWILIO_WHATSAPP_FROM.")
        yield bad(title, _("It is not of the form whatsapp:+14155238886."), mend)
    elif found is None and sender.is_sandbox:
        yield ok(title, _("This is the sandbox; Twilio does not tell where its webhooks go."))
    elif found is None:
        mend = _("Register it in the Twilio Console under Messaging, Senders, WhatsApp senders.")
        yield bad(title, _("It does not belong to this Twilio account."), mend)
    else:
        yield status_of(title, found)
        yield from addresses(title, twilio, sender, found)


def status_of(title: str, found: object) -> Finding:
    status = str(getattr(found, "status", "") or "")
    if status.startswith("ONLINE"):
        return ok(title, _("It is online."))
    reasons = getattr(found, "offline_reasons", None) or []
    why = "; ".join(str(reason.get("message", "")) for reason in reasons if isinstance(reason, dict))
    detail = _("Twilio says %(status)s. %(why)s") % {"status": status, "why": why}
    return bad(title, detail.strip(), _("Finish its registration in the Twilio Console."))


def addresses(title: str, twilio: Client, sender: Sender, found: object) -> Iterator[Finding]:
    """:raises client.CallFailed:"""
    webhook = dict(getattr(found, "webhook", None) or {})
    if sender.messaging_service_sid:
        with client.told_apart():
            service = twilio.messaging.v1.services(sender.messaging_service_sid).fetch()
        if not service.use_inbound_webhook_on_number:
            webhook |= {
                "callback_url": service.inbound_request_url,
                "callback_method": service.inbound_method,
                "fallback_url": service.fallback_url,
                "fallback_method": service.fallback_method,
            }
    yield webhook_address(title, webhook.get("callback_url") or "")
    yield from methods(title, webhook)
    if not webhook.get("fallback_url"):
        wanted = f"{settings.PUBLIC_BASE_URL}{WEBHOOK_PATH}/fallback"
        mend = _("Set its fallback address in the Twilio Console to %(url)s.") % {"url": wanted}
        yield warn(title, _("It has no fallback address."), mend)


def methods(title: str, webhook: dict[str, Any]) -> Iterator[Finding]:
    """Those with which Twilio calls us; what goes elsewhere may go as it likes."""
    whats = {"callback": _("webhook"), "fallback": _("fallback"), "status_callback": _("status callback")}
    for name, what in whats.items():
        url, method = webhook.get(f"{name}_url") or "", webhook.get(f"{name}_method") or "POST"
        is_ours = url.startswith(f"{settings.PUBLIC_BASE_URL}{WEBHOOK_PATH}")
        if is_ours and method.upper() not in ("POST", "PUT"):
            detail = _("Twilio calls its %(what)s address with HTTP %(method)s, which is refused here.")
            mend = _("Set it to HTTP POST in the Twilio Console.")
            yield bad(title, detail % {"what": what, "method": method.upper()}, mend)


def webhook_address(title: str, inbound: str) -> Finding:
    bare, overrides = urldefrag(inbound)
    wanted = f"{settings.PUBLIC_BASE_URL}{WEBHOOK_PATH}"
    mend = _("Set its webhook address in the Twilio Console to %(url)s.") % {"url": f"{wanted}{RETRIES}"}
    if not inbound:
        return bad(title, _("It has no webhook address, so nothing arrives."), mend)
    if bare.rstrip("/") != wanted:
        return bad(title, _("Its messages go to %(url)s and not here.") % {"url": bare}, mend)
    if "rp=" not in overrides:
        return warn(title, _("Twilio does not repeat a webhook that we could not store."), mend)
    return ok(title, _("Its messages come here."))
