"""Compares an account's templates with Twilio's list: what was made, changed or deleted there comes in here.

Nothing is deleted here: what is gone from Twilio is marked so. The number of queries does not grow with
the number of templates; only those whose status or category changed cost some each.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from channels_whatsapp import client
from channels_whatsapp.models import Account, Sender
from channels_whatsapp.retries import TryAgain
from inbox import clock
from inbox.models import Agent, Event
from templates_mgmt import approvals, content_api, submitting
from templates_mgmt.content import Content
from templates_mgmt.content_api import Approval, Listed
from templates_mgmt.models import Family, Sync, Template

# Every sandbox has them, whether or not the account's list shows them (Twilio, "Sandbox for WhatsApp").
SANDBOX = (
    Listed(
        sid="HXb5b62575e6e4ff6129ad7c8efe1f983e",
        name="appointment_reminders",
        language="en",
        types={
            "twilio/text": {
                "body": "Your appointment is coming up on {{1}} at {{2}}. "
                "If you need to change it, please reply back and let us know."
            }
        },
        variables={"1": "12/1", "2": "3pm"},
        approval=Approval("approved", "appointment_reminders", "UTILITY"),
    ),
)
BATCH = 500
SOON = 5.0  # seconds

logger = logging.getLogger(__name__)


@transaction.atomic
def request(account: Account, *, by: Agent | None) -> bool:
    """Somebody wants it now. False when it waits already."""
    from templates_mgmt.tasks import defer_sync

    if not defer_sync(account):
        return False
    Event.record("templates.sync_requested", by=by, account=account.pk)
    return True


def sync(account: Account) -> Sync:
    """
    :raises TryAgain: Twilio asked to wait.
    :raises client.CallFailed: the list could not be read; the Sync row says why.
    """
    row = Sync.begin(account)
    # Before the list is read: what is submitted meanwhile is in neither.
    known = set(_rows(account).values_list("content_sid", flat=True))
    at = clock.now()
    try:
        listed = _with_sandbox(account, content_api.everything(account))
    except client.CallFailed as failure:
        row.fail(submitting.sentence(failure))
        if failure.is_harmless and failure.retry_after is not None:
            raise TryAgain(failure.retry_after) from failure
        raise
    _compare(account, known, listed, at)
    row.finish(len(listed))
    return row


def learn(account: Account, content_sid: str) -> None:
    """Bring in one that a message waits with. What Twilio does not tell is left to it to judge at sending.

    :raises TryAgain: Twilio asked to wait, or could not be reached.
    """
    at = clock.now()
    try:
        found = content_api.one(account, content_sid)
    except client.CallFailed as failure:
        if failure.is_harmless:
            raise TryAgain(failure.retry_after or SOON) from failure
        logger.warning("template %s: Twilio did not tell what it is: %s", content_sid, failure)
    else:
        bring_in(account, [found], at)


def _rows(account: Account) -> QuerySet[Template]:
    rows = Template.objects.filter(family__account=account, content_sid__isnull=False)
    return rows.select_related("family__account")


def _with_sandbox(account: Account, listed: list[Listed]) -> list[Listed]:
    if not account.senders.filter(kind=Sender.Kind.SANDBOX).exists():
        return listed
    sids = {each.sid for each in listed}
    return listed + [each for each in SANDBOX if each.sid not in sids]


def _compare(account: Account, known: set[str | None], listed: list[Listed], at: datetime) -> None:
    by_sid = {each.sid: each for each in listed}
    changed = [template.pk for template in _rows(account) if _take(template, by_sid, at)]
    new = bring_in(account, [each for each in listed if each.sid not in known], at)
    Template.objects.filter(family__account=account, content_sid__in=list(by_sid)).seen(at)
    gone = _gone(account, [sid for sid in known if sid not in by_sid])
    if new or changed or gone:
        what = {"found": len(new), "changed": len(changed), "gone": len(gone)}
        Event.record("templates.synced", account=account.pk, **what)


def _gone(account: Account, sids: list[str | None]) -> list[int]:
    """A list that is read in pages while somebody deletes leaves one out, so each is asked for by itself."""
    missing = list(_rows(account).filter(content_sid__in=sids, gone_at=None))
    approvals.ask(missing)
    return [template.pk for template in missing if template.is_gone]


def _take(template: Template, by_sid: dict[str, Listed], at: datetime) -> bool:
    """What Twilio's copy says of one that we have. Reads nothing when nothing changed."""
    listed = by_sid.get(template.content_sid or "")
    if listed is None:
        return False
    wanted = {"types": listed.types, "variables": listed.variables, "language": listed.language[:16]}
    differing = {name: value for name, value in wanted.items() if getattr(template, name) != value}
    if differing:
        Template.objects.filter(pk=template.pk).update(**differing)
    is_other = _is_other(template, listed.approval)
    return bool(differing) | (is_other and approvals.take(template, listed.approval, at))


def _is_other(template: Template, approval: Approval) -> bool:
    reason = approval.reason if approval.status == Template.REJECTED else ""
    mine = (template.status, template.category, template.rejection_reason)
    return mine != (approval.status, approval.category.upper() or template.category, reason)


@transaction.atomic
def bring_in(account: Account, listed: list[Listed], at: datetime) -> list[Template]:
    """New here, and so made in Twilio's console, by a program, or by a call of ours that got no answer."""
    in_doubt = [Template.Submission.CALLING, Template.Submission.UNKNOWN]
    lost = Template.objects.filter(family__account=account, content_sid=None, submission__in=in_doubt)
    spoken_for = submitting.adopt(listed, lost.select_related("family__account")) if listed else set()
    sids = [each.sid for each in listed]
    taken = set(Template.objects.filter(content_sid__in=sids).values_list("content_sid", flat=True))
    new = [each for each in listed if each.sid not in spoken_for | taken]
    families = _families(account, {_name(each) for each in new})
    rows = [Template(family=families[_name(each)], **_columns(each, at)) for each in new]
    return Template.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)


def _families(account: Account, names: set[str]) -> dict[str, Family]:
    rows = [Family(account=account, name=name) for name in sorted(names)]
    Family.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
    return {family.name: family for family in Family.objects.filter(account=account, name__in=names)}


def _name(listed: Listed) -> str:
    return (listed.approval.name or listed.name or listed.sid)[:512]


def _columns(listed: Listed, at: datetime) -> dict[str, Any]:
    approval = listed.approval
    is_paused = approval.status == Template.PAUSED
    return {
        "content_sid": listed.sid,
        "name_at_twilio": _name(listed),
        "language": listed.language[:16],
        "category": approval.category.upper()[:24],
        "types": listed.types,
        "variables": listed.variables,
        "status": approval.status[:40],
        "status_at": at,
        "rejection_reason": approval.reason if approval.status == Template.REJECTED else "",
        "pauses": int(is_paused),
        "wants_approval": approval.is_asked_for or Content(listed.types).needs_approval,
        "submission": Template.Submission.DONE,
        "synced_at": at,
    }
