"""What WhatsApp decides about templates: told by events, asked for by the clock, learned from failures.

Event Streams, `com.twilio.messaging.template.approval.updated` (Twilio, "WhatsApp events"):

    {"type": "status_update" or "category_update" or newer ones, "accountSid",
     "template": {"sid", "previousValue", "currentValue"}}
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.dateparse import parse_datetime

from channels_whatsapp import client
from channels_whatsapp.models import Account
from inbox import clock
from inbox.models import Message
from templates_mgmt import content_api
from templates_mgmt.models import Template

EVENTS = "com.twilio.messaging.template."
# Twilio's error pages 63040 to 63042, and 21655: a Content SID that does not exist (any more).
TROUBLES = {63040: Template.REJECTED, 63041: Template.PAUSED, 63042: Template.DISABLED}
DELETED = 21655
# More than this are read from the list in one go.
FEW = 30

logger = logging.getLogger(__name__)


def hear(account_sid: str, event: dict[str, Any]) -> None:
    """Apply one event. What is repeated, late or of another account changes nothing."""
    data = event.get("data")
    told = data.get("template") if isinstance(data, dict) else None
    sid = str(told.get("sid") or "") if isinstance(told, dict) else ""
    if not sid:
        return
    template = _rows().filter(content_sid=sid, family__account__sid=account_sid).first()
    if template is None:
        _sync_soon(account_sid)
        return
    value, at = str(told.get("currentValue") or ""), _time_of(event)
    kind = str(data.get("type") or "")
    if kind == "status_update":
        is_new = template.note_status(value, at=at, heard=True)
        if is_new and template.status == Template.REJECTED:
            _refresh_soon(template)  # the event has no reason
    elif kind == "category_update":
        template.note_category(value, at=at, heard=True)
    elif "quality" in kind:
        template.note_quality(value)


def _time_of(event: dict[str, Any]) -> datetime:
    """Never later than now: a clock that is ahead must not make everything after it look old."""
    now = clock.now()
    try:
        told = parse_datetime(str(event.get("time") or ""))
    except ValueError:
        told = None
    return min(told, now) if told and told.tzinfo else now


def note_trouble(message: Message, code: int, at: datetime) -> None:
    """A message failed because of its template."""
    sid = str(message.payload.get("content_sid") or "")
    rows = _rows().filter(family__account__senders__channel=message.conversation.channel_id)
    template = rows.filter(content_sid=sid).first() if sid else None
    if template is None:
        return
    if code == DELETED:
        template.note_gone(at=at)
    elif template.status == Template.APPROVED and template.note_status(TROUBLES[code], at=at):
        _refresh_soon(template)


# Asked


def poll() -> None:
    """Ask about those in review and those whose pause should be over."""
    now = clock.now()
    waiting = Q(status__in=[Template.RECEIVED, Template.PENDING]) | Q(
        status=Template.PAUSED, paused_until__lt=now
    )
    rows = _rows().filter(waiting, archived_at=None, gone_at=None, content_sid__isnull=False)
    by_account: dict[Account, list[Template]] = {}
    for template in rows.order_by("pk"):
        by_account.setdefault(template.family.account, []).append(template)
    for account, templates in by_account.items():
        if len(templates) > FEW:
            _sync_soon(account.sid)
            continue
        ask(templates)


def ask(templates: Iterable[Template]) -> None:
    """About each by itself: one that Twilio cannot tell keeps nobody else waiting, Twilio away does."""
    for template in templates:
        try:
            refresh(template)
        except client.CallFailed as failure:
            logger.warning("template %s: Twilio could not be asked: %s", template.pk, failure)
            if failure.status is None or failure.is_harmless:
                return


def refresh(template: Template) -> None:
    """Ask Twilio about this one.

    :raises client.CallFailed: but not for one that is gone, which is noted.
    """
    at = clock.now()
    try:
        found = content_api.approval(template.family.account, template.content_sid or "")
    except client.CallFailed as failure:
        if failure.status != content_api.NOT_FOUND:
            raise
        template.note_gone(at=at)
        return
    take(template, found, at)


@transaction.atomic
def take(template: Template, found: content_api.Approval, at: datetime) -> bool:
    """Note an approval as it was read at `at`. Says whether something changed."""
    changed = template.note_status(found.status, at=at, reason=found.reason)
    changed |= template.note_category(found.category, at=at)
    Template.objects.filter(pk=template.pk).seen(at)
    return changed


def _rows() -> QuerySet[Template]:
    return Template.objects.select_related("family__account")


# Late imports, because the jobs import what they do.


def _refresh_soon(template: Template) -> None:
    from templates_mgmt.tasks import defer_refresh

    defer_refresh(template)


def _sync_soon(account_sid: str) -> None:
    from templates_mgmt.tasks import defer_sync

    for account in Account.objects.filter(sid=account_sid):
        defer_sync(account)
