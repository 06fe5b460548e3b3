"""The alarm for what changes behind our back: at Twilio about a number, or about an account's token.

Cheap: one list for each account, and one look at each Messaging Service in use. Webhook address and status
put themselves right when Twilio does; a lowered quality or limit stays until somebody has seen it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.cache import cache
from django.db import transaction
from django.db.models import Max, Min, Q
from django.utils.translation import gettext as _

from channels_whatsapp import client, hooks, ratings, setup
from channels_whatsapp.connecting import told
from channels_whatsapp.models import Account, BadSignature, Receipt, Sender, status_words
from inbox import clock, live, numbers
from inbox.models import Agent, Event

logger = logging.getLogger(__name__)

WEBHOOK, STATUS, QUALITY, LIMIT, MISSING = "webhook", "status", "quality", "limit", "missing"
# What stays until somebody has seen it, and the column that is kept as it was until then.
TO_BE_SEEN = {QUALITY: "quality", LIMIT: "messaging_limit"}
# How often suspicion may ask Twilio.
LOOK_SECONDS = 180

Difference = dict[str, str]


# Comparing, pure but for the settings


def differences(sender: Sender, known: dict[str, Any] | None, webhook: hooks.Webhook) -> list[Difference]:
    """Between ours and Twilio's.

    :param known: `told.facts`, or None when Twilio does not list it.
    :param webhook: where its messages really go.
    """
    if known is None:
        return [] if sender.is_outcome_unknown else [_difference(MISSING, sender.status, "")]
    found = []
    is_online = known["status"].startswith("ONLINE")
    is_under_way = sender.asked_at and known["status"] in told.UNSETTLED
    if known["status"] and not is_online and not is_under_way:
        found.append(_difference(STATUS, "ONLINE", known["status"]))
    if hooks.address() and not is_under_way and not hooks.is_inbound_ours(webhook):
        found.append(_difference(WEBHOOK, hooks.address(), webhook.get("callback_url") or ""))
    if ratings.is_lowered(sender.quality, known["quality"], ratings.quality_rank):
        found.append(_difference(QUALITY, sender.quality, known["quality"]))
    if ratings.is_lowered(sender.messaging_limit, known["messaging_limit"], ratings.limit_of):
        found.append(_difference(LIMIT, sender.messaging_limit, known["messaging_limit"]))
    return found


def _difference(what: str, was: str, now: str) -> Difference:
    return {"what": what, "was": was, "now": now}


def sentence(number: str, difference: Difference) -> str:
    words = {
        WEBHOOK: _("Messages to %(number)s do not come here any more."),
        STATUS: _("%(number)s is not online at WhatsApp any more. Its status: %(now)s."),
        QUALITY: _("WhatsApp's quality rating of %(number)s fell from %(was)s to %(now)s."),
        LIMIT: _("The limit of %(number)s was lowered from %(was)s to %(now)s."),
        MISSING: _("Twilio does not list %(number)s any more."),
    }
    in_words = {STATUS: status_words, QUALITY: ratings.quality_words, LIMIT: ratings.limit_words}
    say = in_words.get(difference["what"], str)
    was, now = say(difference["was"]), say(difference["now"])
    return words[difference["what"]] % {"number": numbers.in_sentence(number), "was": was, "now": now}


def sentences(sender: Sender) -> str:
    """All that is different about it."""
    return " ".join(sentence(sender.number, each) for each in sender.drift)


# Asking


def check_all() -> None:
    """:raises client.CallFailed: some account could not be asked; the others are done."""
    failed = None
    for account in setup.accounts().order_by("pk"):
        try:
            check(account)
        except client.CallFailed as failure:
            logger.warning("drift: account %s: %s", account.pk, failure)
            failed = failure
    if failed:
        raise failed


def check(account: Account) -> None:
    """:raises client.CallFailed: Twilio did not answer; nothing is known anew then."""
    senders = list(account.senders.order_by("pk"))
    try:
        listed = told.listed(account)
        sids = {sender.messaging_service_sid for sender in senders} - {""}
        services = {sid: told.service(account, sid) for sid in sids}
    except client.CallFailed as failure:
        if failure.status == 401:
            note_account(account, "refused_since", "account.refused", is_wrong=True)
            return
        raise
    note_account(account, "refused_since", "account.refused", is_wrong=False)
    for sender in senders:
        if not sender.is_sandbox:
            note_sender(sender.pk, listed.get(sender.address), services)


@transaction.atomic
def note_sender(pk: int, found: Any, services: Mapping[str, Any]) -> None:
    """Write down what Twilio says, and say it to admins when something got worse.

    :param found: Twilio's sender, or None when it lists none.
    :param services: SID → Messaging Service, None for one that is gone.
    """
    sender = Sender.objects.select_for_update().filter(pk=pk).first()
    if sender is None:
        return
    known = told.facts(found) if found else None
    webhook = known["webhook"] if known else {}
    if service := services.get(sender.messaging_service_sid):
        webhook = hooks.of_service(service, webhook)
    before = {each["what"]: each for each in sender.drift}
    sender.drift = differences(sender, known, webhook)
    changed = _columns(sender.drift, known, webhook)
    if sender.messaging_service_sid in services and service is None:
        changed["messaging_service_sid"] = ""
    Sender.objects.filter(pk=pk).update(**changed)
    new = [each for each in sender.drift if each != before.get(each["what"])]
    if new:
        Event.record("sender.drifted", channel=sender.channel, differences=new)
    elif before and not sender.drift:
        Event.record("sender.mended", channel=sender.channel)
    if new or (before and not sender.drift):
        live.announce("alarm", sender.pk)


def _columns(drift: list[Difference], known: dict[str, Any] | None, webhook: hooks.Webhook) -> dict[str, Any]:
    """What is written down: all that Twilio says, but what has to be seen first."""
    changed: dict[str, Any] = {"drift": drift, "checked_at": clock.now()}
    if known:
        changed |= known | {"webhook": {name: value for name, value in webhook.items() if value}}
        for each in drift:
            changed.pop(TO_BE_SEEN.get(each["what"], ""), None)
    return changed


@transaction.atomic
def see(sender: Sender, *, by: Agent) -> None:
    """Somebody has seen the lowered quality or limit: it is what it is from now on."""
    sender = Sender.objects.select_for_update().get(pk=sender.pk)
    seen = [each for each in sender.drift if each["what"] in TO_BE_SEEN]
    if not seen:
        return
    for each in seen:
        setattr(sender, TO_BE_SEEN[each["what"]], each["now"])
    sender.drift = [each for each in sender.drift if each not in seen]
    sender.save(update_fields=["drift", *TO_BE_SEEN.values()])
    Event.record("sender.seen", channel=sender.channel, by=by, differences=seen)
    live.announce("alarm", sender.pk)


# Tokens


def watch_signatures() -> None:
    """Whether Twilio signs with a token that we do not know. Asks our own tables only, so every minute.

    Anybody can write in the name of an account, so a wrong signature alone says nothing. It is Twilio's when
    Twilio refuses our token too, or when its list has what no webhook brought: that is looked for first.
    """
    for account in setup.accounts():
        since = _unexplained_since(account)
        is_wrong = since is not None and (bool(account.refused_since) or _came_otherwise(account, since))
        note_account(account, "unsigned_since", "account.unsigned", is_wrong=is_wrong)
        if since and not is_wrong:
            _look_at_twilio(account)


def _unexplained_since(account: Account) -> datetime | None:
    """Since the last good webhook, or since the token was entered; None when nothing was refused."""
    wrong = BadSignature.objects.filter(account_sid=account.sid, diagnosis="", last_at__isnull=False)
    if not wrong.exists():
        return None
    last_good = Receipt.objects.filter(account_sid=account.sid).aggregate(at=Max("received_at"))["at"]
    known = [moment for moment in (last_good, account.token_at) if moment]
    if known:
        wrong = wrong.filter(last_at__gt=max(known))
    first = wrong.aggregate(at=Min("minute"))["at"]
    return max([first, *known]) if first else None


def _came_otherwise(account: Account, since: datetime) -> bool:
    repaired = Event.objects.filter(verb="sender.reconciled", created_at__gte=since)
    return repaired.filter(channel__sender__account=account).exists()


def _look_at_twilio(account: Account) -> None:
    """Not at every forged one."""
    from channels_whatsapp.tasks import check_drift, defer_once, reconcile_all

    if cache.add(f"looked-at-twilio-{account.pk}", True, LOOK_SECONDS):
        defer_once(check_drift)
        defer_once(reconcile_all)


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
