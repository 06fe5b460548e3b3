"""A new number at WhatsApp: asked for, verified, and followed until it is online.

Twilio makes it in its own time, so most failures are found by looking again. An answer that never came is
never asked for twice blindly: the list is searched for the number first.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from channels_whatsapp import client, hooks, setup
from channels_whatsapp.connecting import choosing, told, words
from channels_whatsapp.models import Account, Sender
from inbox import clock
from inbox.models import Agent, Event, Team
from inbox.refusals import Refused

logger = logging.getLogger(__name__)

# Followed every few seconds for so long, every minute after that.
CLOSELY = timedelta(minutes=5)
LISTED_WITHIN = timedelta(minutes=1)
CODE_WANTED = "PENDING_VERIFICATION"


@dataclass(frozen=True)
class Application:
    """What WhatsApp wants to know. `method` is how the code comes: ``sms`` or ``voice``."""

    address: str
    name: str
    waba: str = ""
    method: str = "sms"
    label: str = ""
    team: Team | None = None

    @property
    def said(self) -> dict[str, Any]:
        configuration = {"verification_method": self.method} | ({"waba_id": self.waba} if self.waba else {})
        said = {"sender_id": self.address, "configuration": configuration, "profile": {"name": self.name}}
        return said | ({"webhook": hooks.wanted()} if hooks.address() else {})


def register(account: Account, wanted: Application, *, by: Agent) -> Sender:
    """Ask for it. The row is there before the call, so that nothing is lost with an answer.

    :raises Refused: Twilio has it already, or said no. Nothing is kept then.
    """
    choosing.must_be_free(wanted.address)
    must_be_new(account, wanted.address)
    with transaction.atomic():
        sender, is_new = choosing.create(
            account, wanted.address, wanted.label, wanted.team, Sender.Kind.PRODUCTION
        )
        sender.asked_at, sender.waba_id = clock.now(), wanted.waba
        sender.profile = {"name": wanted.name}
        sender.save(update_fields=["asked_at", "waba_id", "profile"])
        Event.record("sender.registering", channel=sender.channel, by=by)
    try:
        ask(sender, wanted)
    except client.CallFailed as failure:
        if not nothing_happened(failure):
            follow_closely(sender)
            return sender
        undo(sender, is_new)
        raise words.refusal(failure) from failure
    follow_closely(sender)
    return sender


def ask_again(sender: Sender, *, by: Agent) -> None:
    """After an unknown outcome, and only when Twilio's list does not have it.

    :raises Refused:
    """
    if not sender.is_outcome_unknown:
        raise Refused("known", _("Twilio has this number."), _("See its status."))
    try:
        told.fetch(sender)
        if not sender.sid:
            claim(sender, by=by)
            ask(sender, Application(sender.address, sender.profile.get("name", ""), sender.waba_id))
    except client.CallFailed as failure:
        raise words.refusal(failure) from failure
    follow_closely(sender)


@transaction.atomic
def claim(sender: Sender, *, by: Agent) -> None:
    """One asks, however many press; and not before what was asked last had time to be listed.

    :raises Refused:
    """
    now = clock.now()
    unknown = Sender.objects.filter(pk=sender.pk, sid="", asked_at__lte=now - LISTED_WITHIN)
    if not unknown.update(asked_at=now):
        sentence = _("Twilio was asked a moment ago, and may be about to list it.")
        raise Refused("asked", sentence, _("Look again in a minute."))
    sender.asked_at = now
    Event.record("sender.registering", channel=sender.channel, by=by)


def must_be_new(account: Account, address: str) -> None:
    try:
        listed = told.listed(account)
    except client.CallFailed as failure:
        raise words.refusal(failure) from failure
    if address in listed:
        raise Refused(
            "listed", _("This account has the number already."), _("Choose it in the list of numbers.")
        )


def ask(sender: Sender, wanted: Application) -> None:
    """:raises client.CallFailed:"""
    twilio = client.for_account(sender.account)
    with client.told_apart():
        found = twilio.messaging.v2.channels_senders.create(told.Body(wanted.said))
    told.note(sender, found)


def nothing_happened(failure: client.CallFailed) -> bool:
    return failure.is_refusal or failure.is_harmless


@transaction.atomic
def undo(sender: Sender, is_new: bool) -> None:
    """A channel that was there before stays, answered by nobody."""
    channel = sender.channel
    sender.delete()
    if is_new:
        channel.delete()
    else:
        channel.is_active = False
        channel.save(update_fields=["is_active"])


# Verifying


def verify(sender: Sender, code: str, *, by: Agent) -> None:
    """:raises Refused: the code is wrong or too old, or nobody knows."""
    _configure(sender, {"verification_code": code})
    Event.record("sender.code_entered", channel=sender.channel, by=by)


def resend(sender: Sender, method: str, *, by: Agent) -> None:
    """Let the code come once more, by ``sms`` or ``voice``.

    :raises Refused:
    """
    _configure(sender, {"verification_method": method})
    Event.record("sender.code_asked", channel=sender.channel, by=by, method=method)


def _configure(sender: Sender, configuration: dict[str, str]) -> None:
    twilio = client.for_account(sender.account)
    try:
        with client.told_apart():
            update = twilio.messaging.v2.channels_senders(sender.sid).update
            found = update(told.Body({"configuration": configuration}))
    except client.CallFailed as failure:
        raise words.refusal(failure) from failure
    told.note(sender, found)
    follow_closely(sender)


# Following


def follow_closely(sender: Sender) -> None:
    from channels_whatsapp.tasks import follow_sender

    follow_sender.defer(sender_id=sender.pk)


def unsettled() -> QuerySet[Sender]:
    """Those about which Twilio will say something else soon."""
    is_registering = Q(asked_at__isnull=False, status__in=told.UNSETTLED)
    rows = setup.senders().filter(
        is_registering | Q(status="ONLINE:UPDATING") | Q(pending_name_status="PENDING_REVIEW")
    )
    return rows.select_related("account", "channel").order_by("pk")


def follow(sender: Sender) -> bool:
    """Ask how it is now. True while it should be asked again.

    :raises client.CallFailed:
    """
    found = told.ask(sender)
    status = _note(sender, found) if found is not None else sender.status
    return status in told.UNSETTLED and status != CODE_WANTED


@transaction.atomic
def _note(followed: Sender, found: Any) -> str:
    """The new status. Under a lock, because several follow it and each step is told once."""
    sender = Sender.objects.select_for_update().filter(pk=followed.pk).first()
    if sender is None:
        return followed.status
    before = (sender.status, sender.pending_name_status)
    told.note(sender, found)
    if (sender.status, sender.pending_name_status) != before:
        data = {"status": sender.status, "name": sender.pending_name_status}
        Event.record("sender.status", channel=sender.channel, **data)
    if sender.is_online and sender.asked_at:
        sender.asked_at = None
        sender.save(update_fields=["asked_at"])
        Event.record("sender.registered", channel=sender.channel)
    return sender.status


def follow_all() -> None:
    for sender in unsettled():
        try:
            follow(sender)
        except client.CallFailed as failure:
            logger.warning("senders: %s: %s", sender.pk, failure)
