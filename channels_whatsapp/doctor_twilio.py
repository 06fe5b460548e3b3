"""What Twilio itself says about our account, our numbers and where it sends their webhooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cached_property
from typing import Any
from urllib.parse import urldefrag

from django.utils.translation import gettext as _
from twilio.rest import Client

from channels_whatsapp import client, errors, hooks
from channels_whatsapp.connecting import told
from channels_whatsapp.doctor import Finding, bad, ok, warn
from channels_whatsapp.models import Account, Sender, status_words
from inbox import clock, numbers

NUMBER = re.compile(r"whatsapp:\+[1-9]\d{6,14}")
SKEW_WARN, SKEW_BAD = timedelta(seconds=30), timedelta(minutes=2)
LOW_BALANCE = Decimal(1)


class Asked:
    """What Twilio said about one account, asked once for all checks of one run."""

    def __init__(self, account: Account) -> None:
        self.account = account

    @cached_property
    def twilio(self) -> Client:
        """:raises client.CallFailed: the account has no token."""
        return client.for_account(self.account)

    @cached_property
    def senders(self) -> dict[str, Any]:
        """Address → Twilio's sender.

        :raises client.CallFailed:
        """
        return told.listed(self.account)


def could_not_ask(failure: client.CallFailed) -> Finding:
    title = _("Connection to Twilio")
    if failure.is_refusal:
        said = errors.explain(failure.code)
        mend = _("Compare the account's SID and token with the Twilio Console; enter the token on /connect/.")
        return bad(title, f"{said.sentence} {failure.detail}", mend, "token" if failure.status == 401 else "")
    mend = _("Check this server's way to the internet, its DNS and its proxy, and status.twilio.com.")
    return bad(title, _("Twilio gave no usable answer: %(reason)s.") % {"reason": failure.detail}, mend)


def credentials(asked: Asked) -> Iterator[Finding]:
    """:raises client.CallFailed:"""
    account = asked.account
    with client.told_apart():
        answer = asked.twilio.api.v2010.accounts(account.sid).fetch_with_http_info()
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


def kept_secret(asked: Asked) -> Iterator[Finding]:
    title = _("Auth token")
    if asked.account.is_from_settings:
        yield ok(title, _("It stands in the settings, not in the database."))
    else:
        yield ok(title, _("It is encrypted in the database, and no page shows any of it."))


def balance(asked: Asked) -> Iterator[Finding]:
    title, mend = _("Balance"), _("Add funds in the Twilio Console.")
    twilio = asked.twilio
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


def title_of(sender: Sender) -> str:
    return _("WhatsApp number %(address)s") % {"address": numbers.readable(sender.number)}


def online(asked: Asked, sender: Sender) -> Iterator[Finding]:
    """Whether it is ours at Twilio, and works.

    :raises client.CallFailed:
    """
    title, found = title_of(sender), asked.senders.get(sender.address)
    if not NUMBER.fullmatch(sender.address):
        mend = _("Correct TWILIO_WHATSAPP_FROM.")
        yield bad(title, _("It is not of the form whatsapp:+14155238886."), mend)
    elif found is None and sender.is_sandbox:
        yield ok(title, _("This is the sandbox; Twilio does not tell where its webhooks go."))
    elif found is None:
        mend = _("Register it on /connect/, or in the Twilio Console under Messaging, Senders.")
        yield bad(title, _("It does not belong to this Twilio account."), mend)
    else:
        yield status_of(title, found)


def inbound(asked: Asked, sender: Sender) -> Iterator[Finding]:
    """Where its messages go.

    :raises client.CallFailed:
    """
    title, found = title_of(sender), asked.senders.get(sender.address)
    if found is None:
        yield nobody_knows(title)
        return
    webhook = really(asked, sender, found)
    yield webhook_address(title, webhook.get("callback_url") or "")
    yield from methods(title, webhook)
    if not webhook.get("fallback_url"):
        mend = _("Set its fallback address in the Twilio Console to %(url)s.")
        url = {"url": hooks.address("/fallback", hooks.RETRIES)}
        yield warn(title, _("It has no fallback address."), mend % url, "webhooks")


def statuses(asked: Asked, sender: Sender) -> Iterator[Finding]:
    """Every message names its own status address; the sender's stands in for what others send.

    :raises client.CallFailed:
    """
    title, found = title_of(sender), asked.senders.get(sender.address)
    if found is None:
        yield nobody_knows(title)
    elif hooks.is_status_ours(really(asked, sender, found)):
        yield ok(title, _("Statuses come here."))
    else:
        mend = _("Set its status callback in the Twilio Console to %(url)s.")
        detail = _("Its own status callback is not ours. What is sent from here reports here all the same.")
        yield warn(title, detail, mend % {"url": hooks.address("/status")}, "webhooks")


def nobody_knows(title: str) -> Finding:
    mend = _("See whether the number belongs to this account.")
    return warn(title, _("Twilio does not list it, so nobody knows."), mend)


def really(asked: Asked, sender: Sender, found: object) -> dict[str, Any]:
    """:raises client.CallFailed:"""
    webhook = dict(getattr(found, "webhook", None) or {})
    sid = sender.messaging_service_sid
    service = told.service(asked.account, sid) if sid else None
    return webhook if service is None else hooks.of_service(service, webhook)


def status_of(title: str, found: object) -> Finding:
    status = str(getattr(found, "status", "") or "")
    if status.startswith("ONLINE"):
        return ok(title, _("It is online."))
    reasons = getattr(found, "offline_reasons", None) or []
    why = "; ".join(str(reason.get("message", "")) for reason in reasons if isinstance(reason, dict))
    detail = _("Its status at Twilio: %(status)s. %(why)s") % {"status": status_words(status), "why": why}
    mend = _("Open it under /connect/senders/: what it waits for stands there.")
    return bad(title, detail.strip(), mend, "sender")


def methods(title: str, webhook: dict[str, Any]) -> Iterator[Finding]:
    """Those with which Twilio calls us; what goes elsewhere may go as it likes."""
    whats = {"callback": _("webhook"), "fallback": _("fallback"), "status_callback": _("status callback")}
    for name, what in whats.items():
        url, method = webhook.get(f"{name}_url") or "", webhook.get(f"{name}_method") or "POST"
        is_ours = url.startswith(hooks.address() or "-")
        if is_ours and method.upper() not in ("POST", "PUT"):
            detail = _("Twilio calls its %(what)s address with HTTP %(method)s, which is refused here.")
            mend = _("Set it to HTTP POST in the Twilio Console.")
            yield bad(title, detail % {"what": what, "method": method.upper()}, mend, "webhooks")


def webhook_address(title: str, inbound: str) -> Finding:
    bare, overrides = urldefrag(inbound)
    mend = _("Set its webhook address in the Twilio Console to %(url)s.")
    mend %= {"url": hooks.address("", hooks.RETRIES)}
    if not inbound:
        return bad(title, _("It has no webhook address, so nothing arrives."), mend, "webhooks")
    if not hooks.is_inbound_ours({"callback_url": inbound}):
        return bad(title, _("Its messages go to %(url)s and not here.") % {"url": bare}, mend, "webhooks")
    if "rp=" not in overrides:
        detail = _("Twilio does not repeat a webhook that we could not store.")
        return warn(title, detail, mend, "webhooks")
    return ok(title, _("Its messages come here."))
