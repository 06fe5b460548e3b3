"""The alarm for what changes behind our back: at Twilio about a number, or about an account's token.

Cheap: one list for each account, and one look at each Messaging Service in use. Webhook address and status
put themselves right when Twilio does; a lowered quality or limit stays until somebody has seen it.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.db.models import Max, Q
from django.utils.translation import gettext as _

from channels_whatsapp import client, hooks, setup
from channels_whatsapp.connecting import told
from channels_whatsapp.models import Account, BadSignature, Receipt, Sender
from inbox import clock, live
from inbox.models import Event

logger = logging.getLogger(__name__)

WEBHOOK, STATUS, QUALITY, LIMIT, MISSING = "webhook", "status", "quality", "limit", "missing"
# Stays until somebody has seen it.
TO_BE_SEEN = (QUALITY, LIMIT)
_QUALITIES = {"LOW": 1, "RED": 1, "MEDIUM": 2, "YELLOW": 2, "HIGH": 3, "GREEN": 3}
_LIMIT = re.compile(r"([\d.,]+)\s*([KM]?)", re.IGNORECASE)
_FACTORS = {"": 1, "K": 1_000, "M": 1_000_000}
UNLIMITED = float("inf")

Difference = dict[str, str]


# Comparing, pure but for the settings


def quality_rank(text: str) -> int:
    """0 when nothing is known."""
    return _QUALITIES.get(text.strip().upper(), 0)


def limit_of(text: str) -> float:
    """Customers in 24 hours: 10000 for "10K Customers/24hr", infinity for "Unlimited", 0 when unknown."""
    if "unlimited" in text.lower():
        return UNLIMITED
    found = _LIMIT.search(text)
    return float(found[1].replace(",", "")) * _FACTORS[found[2].upper()] if found else 0


def is_lowered(before: str, after: str, rank: Callable[[str], float]) -> bool:
    return bool(rank(before) and rank(after)) and rank(after) < rank(before)


def differences(sender: Sender, known: dict[str, Any] | None, webhook: hooks.Webhook) -> list[Difference]:
    """Between ours and Twilio's.

    :param known: `told.facts`, or None when Twilio does not list it.
    :param webhook: where its messages really go.
    """
    if known is None:
        return [] if sender.is_outcome_unknown else [_difference(MISSING, sender.status, "")]
    found = []
    is_online = known["status"].startswith("ONLINE")
    if not is_online and not (sender.asked_at and known["status"] in told.UNSETTLED):
        found.append(_difference(STATUS, "ONLINE", known["status"]))
    if is_online and hooks.address() and not hooks.is_inbound_ours(webhook):
        found.append(_difference(WEBHOOK, hooks.address(), webhook.get("callback_url") or ""))
    if is_lowered(sender.quality, known["quality"], quality_rank):
        found.append(_difference(QUALITY, sender.quality, known["quality"]))
    if is_lowered(sender.messaging_limit, known["messaging_limit"], limit_of):
        found.append(_difference(LIMIT, sender.messaging_limit, known["messaging_limit"]))
    return found


def _difference(what: str, was: str, now: str) -> Difference:
    return {"what": what, "was": was, "now": now}


def sentence(number: str, difference: Difference) -> str:
    words = {
        WEBHOOK: _("Messages to %(number)s do not come here any more."),
        STATUS: _("WhatsApp has taken %(number)s off line: %(now)s."),
        QUALITY: _("WhatsApp's quality rating of %(number)s fell from %(was)s to %(now)s."),
        LIMIT: _("The limit of %(number)s was lowered from %(was)s to %(now)s."),
        MISSING: _("Twilio does not list %(number)s any more."),
    }
    return words[difference["what"]] % {"number": number, **difference}


# Asking


def check_all() -> None:
    for account in setup.accounts().order_by("pk"):
        try:
            check(account)
        except client.CallFailed as failure:
            logger.warning("drift: account %s: %s", account.pk, failure)


def check(account: Account) -> None:
    """:raises client.CallFailed: Twilio did not answer; nothing is known anew then."""
    senders = list(account.senders.select_related("channel").order_by("pk"))
    try:
        listed = told.listed(account)
        services = _services(account, senders)
    except client.CallFailed as failure:
        if failure.status == 401:
            note_account(account, "refused_since", "account.refused", is_wrong=True)
            return
        raise
    note_account(account, "refused_since", "account.refused", is_wrong=False)
    for sender in senders:
        if not sender.is_sandbox:
            _check_sender(sender, listed.get(sender.address), services)


def _services(account: Account, senders: Iterable[Sender]) -> dict[str, Any]:
    """SID → Messaging Service. One that is gone is left out."""
    twilio, found = client.for_account(account), {}
    for sid in {sender.messaging_service_sid for sender in senders} - {""}:
        try:
            with client.told_apart():
                found[sid] = twilio.messaging.v1.services(sid).fetch()
        except client.CallFailed as failure:
            if failure.status != 404:
                raise
    return found


def _check_sender(sender: Sender, found: Any, services: dict[str, Any]) -> None:
    known = told.facts(found) if found else None
    webhook = dict(known["webhook"]) if known else {}
    if service := services.get(sender.messaging_service_sid):
        webhook = hooks.of_service(service, webhook)
    note_sender(sender, known, webhook)


@transaction.atomic
def note_sender(sender: Sender, known: dict[str, Any] | None, webhook: dict[str, Any]) -> None:
    """Write down what Twilio says, and say it to admins when something got worse."""
    before = {each["what"]: each for each in sender.drift}
    sender.drift = differences(sender, known, webhook)
    changed = {"drift": sender.drift, "checked_at": clock.now()}
    if known:
        kept = {what for what in TO_BE_SEEN if any(each["what"] == what for each in sender.drift)}
        columns = {QUALITY: "quality", LIMIT: "messaging_limit"}
        changed |= known | {"webhook": {name: value for name, value in webhook.items() if value}}
        for what in kept:
            changed.pop(columns[what])
    Sender.objects.filter(pk=sender.pk).update(**changed)
    new = [each for each in sender.drift if each != before.get(each["what"])]
    if new:
        Event.record("sender.drifted", channel=sender.channel, differences=new)
    elif before and not sender.drift:
        Event.record("sender.mended", channel=sender.channel)
    if new or (before and not sender.drift):
        live.announce("alarm", sender.pk)


@transaction.atomic
def see(sender: Sender) -> None:
    """Somebody has seen the lowered quality or limit: it is what it is from now on."""
    columns = {QUALITY: "quality", LIMIT: "messaging_limit"}
    for each in sender.drift:
        if each["what"] in TO_BE_SEEN:
            setattr(sender, columns[each["what"]], each["now"])
    sender.drift = [each for each in sender.drift if each["what"] not in TO_BE_SEEN]
    sender.save(update_fields=["drift", "quality", "messaging_limit"])
    live.announce("alarm", sender.pk)


# Tokens


def watch_signatures() -> None:
    """Whether Twilio signs with a token that we do not know. Asks our own tables only, so every minute."""
    for account in setup.accounts():
        wrong = BadSignature.objects.filter(account_sid=account.sid, diagnosis="", last_at__isnull=False)
        last_wrong = wrong.aggregate(at=Max("last_at"))["at"]
        if not last_wrong:
            continue
        good = Receipt.objects.filter(account_sid=account.sid, received_at__gt=last_wrong)
        is_wrong = not good.exists() and not _is_newer_token(account, last_wrong)
        note_account(account, "unsigned_since", "account.unsigned", is_wrong=is_wrong)


def _is_newer_token(account: Account, last_wrong: Any) -> bool:
    """The token was entered after the last refusal: whether it is right shows with the next webhook."""
    return bool(account.token_at and account.token_at > last_wrong)


@transaction.atomic
def note_account(account: Account, column: str, verb: str, *, is_wrong: bool) -> None:
    if bool(getattr(account, column)) == is_wrong:
        return
    setattr(account, column, clock.now() if is_wrong else None)
    account.save(update_fields=[column])
    if is_wrong:
        Event.record(verb, account=account.sid)
    live.announce("alarm", account.pk)


def troubled() -> list[Sender]:
    """Every sender about which admins should know something, in one query."""
    is_locked_out = Q(account__refused_since__isnull=False) | Q(account__unsigned_since__isnull=False)
    rows = setup.senders().filter(is_locked_out | ~Q(drift=[]))
    return list(rows.select_related("account", "channel").order_by("pk"))
