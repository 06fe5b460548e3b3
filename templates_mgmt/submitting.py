"""Submitting, so that Twilio gets a template once: never twice, never silently not.

    queued → claimed and committed → POST Content → its SID is committed → POST ApprovalRequests → done

There is no idempotency key, so a call without an answer is never repeated. What came of it is looked for
in Twilio's list, by name, language and types. Only when several looks over minutes do not find it does a
person hear that it was not taken.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from procrastinate.contrib.django.models import ProcrastinateJob

from channels_whatsapp import client, errors
from channels_whatsapp.models import Account
from channels_whatsapp.retries import TryAgain, backoff
from inbox import clock
from templates_mgmt import content_api
from templates_mgmt.content_api import Approval, Listed
from templates_mgmt.models import Template

CONFLICT = 409
# Longer than the calls of one submission take together, and than a job is on its way.
CALL_SECONDS, JOB_SECONDS = 100, 60
# After so many looks and so long Twilio certainly has nothing. Only a list that could be read counts.
LOOKS, LONG = 3, timedelta(minutes=10)
# Refusals that are about the account and not about the template.
ABOUT_THE_ACCOUNT = frozenset({20003, 20005, 20006, 20010})
_SDK_WORDS = re.compile(r"^Unable to \w+ record: ")

Submission = Template.Submission
logger = logging.getLogger(__name__)


def submit(template_id: int) -> None:
    """The job's work. Does nothing for a row that is not queued any more.

    :raises TryAgain: Twilio asked to wait, or could not be reached.
    """
    template = _rows().filter(pk=template_id).first()
    if template is None or not template.claim():
        return
    try:
        _call(template)
    except client.CallFailed as failure:
        _record(template, failure)


def _rows() -> QuerySet[Template]:
    return Template.objects.select_related("family__account")


def _call(template: Template) -> None:
    """:raises client.CallFailed:"""
    account, is_new = template.family.account, template.content_sid is None
    if is_new:
        sid = content_api.create(
            account, name=template.name_at_twilio, language=template.language,
            types=template.types, variables=template.variables,
        )  # fmt: skip
        template.take_sid(sid)
    if template.wants_approval:
        at = clock.now()
        _take_approval(template, _asked(template, account, is_new=is_new), at)
    template.conclude()


def _asked(template: Template, account: Account, *, is_new: bool) -> Approval:
    """The approval that was asked for, by this call or an earlier one.

    :raises client.CallFailed:
    """
    sid = template.content_sid or ""
    if not is_new and (known := content_api.approval(account, sid)).is_asked_for:
        return known
    try:
        return content_api.ask_for_approval(
            account, sid, name=template.name_at_twilio, category=template.category
        )
    except client.CallFailed as failure:
        if failure.status != CONFLICT:
            raise
        known = content_api.approval(account, sid)
        if not known.is_asked_for:
            raise failure from None
        return known


def _take_approval(template: Template, approval: Approval, at: Any) -> None:
    template.note_status(approval.status, at=at, reason=approval.reason)
    template.note_category(approval.category, at=at)


def _record(template: Template, failure: client.CallFailed) -> None:
    """:raises TryAgain: nothing was created, so it may be called again."""
    if failure.is_harmless:
        template.put_off()
        raise TryAgain(failure.retry_after or backoff(template.tries))
    if failure.is_refusal:
        template.refuse(sentence(failure))
    else:
        logger.warning("template %s: no answer from Twilio: %s", template.pk, failure)
        template.lose()


def sentence(failure: client.CallFailed) -> str:
    """Why Twilio did not do it, with the next step, for people."""
    if failure.code in ABOUT_THE_ACCOUNT:
        said = errors.explain(failure.code)
        return f"{said.sentence} {said.next_step}"
    if failure.is_refusal:
        detail = _SDK_WORDS.sub("", failure.detail) or failure.status
        return _("Twilio did not accept it: %(detail)s") % {"detail": detail}
    if failure.is_harmless:
        return _("Twilio cannot be reached now. Try again in a few minutes.")
    return _("Twilio gave no answer. Try again in a few minutes.")


# Finding out


def resolve() -> None:
    """Look for every submission of unknown outcome. An account that cannot be read is read next time."""
    waiting = _rows().filter(submission=Submission.UNKNOWN).order_by("pk")
    by_account: dict[Account, list[Template]] = {}
    for template in waiting:
        by_account.setdefault(template.family.account, []).append(template)
    for account, templates in by_account.items():
        try:
            _look_for(account, templates)
        except client.CallFailed as failure:
            logger.warning("unknown submissions: Twilio could not be asked: %s", failure)


def _look_for(account: Account, templates: list[Template]) -> None:
    """:raises client.CallFailed:"""
    if lost := [template for template in templates if template.content_sid is None]:
        adopt(content_api.everything(account), lost)
        for template in lost:
            if template.submission == Submission.UNKNOWN:
                _looked_in_vain(template)
    for template in templates:
        if template.content_sid and template.submission == Submission.UNKNOWN:
            _look_for_approval(account, template)


def _look_for_approval(account: Account, template: Template) -> None:
    """:raises client.CallFailed:"""
    at = clock.now()
    try:
        found = content_api.approval(account, template.content_sid or "")
    except client.CallFailed as failure:
        if failure.status != content_api.NOT_FOUND:
            raise
        template.note_gone(at=at)
        template.conclude()
        return
    if found.is_asked_for:
        _take_approval(template, found, at)
        template.conclude()
    else:
        _looked_in_vain(template)


def _looked_in_vain(template: Template) -> None:
    template.look_in_vain()
    since = template.called_at
    if template.tries >= LOOKS and (since is None or clock.now() - since > LONG):
        template.refuse(_("Twilio gave no answer and has nothing of it. Submit it again."))


def adopt(listed: Iterable[Listed], lost: Iterable[Template]) -> set[str]:
    """Give contents that nobody has to the submissions they come from. Returns the SIDs that are spoken for.

    One whose call is still in flight is spoken for, too: its own answer will name it.
    """
    listed = list(listed)
    taken = set(
        Template.objects.filter(content_sid__in=[each.sid for each in listed]).values_list(
            "content_sid", flat=True
        )
    )
    spoken_for: set[str] = set()
    for template in lost:
        alike = [each for each in listed if each.sid not in taken | spoken_for and _is_of(each, template)]
        if not alike:
            continue
        spoken_for.add(alike[0].sid)
        if template.submission == Submission.UNKNOWN:
            _go_on_with(template, alike[0])
    return spoken_for


def _go_on_with(template: Template, found: Listed) -> None:
    if not template.take_sid(found.sid):
        return
    if template.wants_approval:
        template.put_off()
        defer(template)
    else:
        template.conclude()


def _is_of(found: Listed, template: Template) -> bool:
    is_named = (found.name, found.language) == (template.name_at_twilio, template.language)
    return is_named and set(found.types) == set(template.types) and _holds(found.types, template.types)


def _holds(theirs: Any, ours: Any) -> bool:
    """Twilio may add fields of its own; what we sent is there."""
    if isinstance(ours, dict):
        is_mapping = isinstance(theirs, dict)
        return is_mapping and all(_holds(theirs.get(key), value) for key, value in ours.items())
    if isinstance(ours, list):
        is_list = isinstance(theirs, list) and len(theirs) == len(ours)
        return is_list and all(map(_holds, theirs, ours))
    return theirs == ours or (not theirs and not ours) or str(theirs) == str(ours)


# What a dead worker or a lost job left behind


def sweep() -> None:
    """Cheap where nothing waits: one look into a small index."""
    dead, lost = (Now() - timedelta(seconds=seconds) for seconds in (CALL_SECONDS, JOB_SECONDS))
    stuck = Q(submission=Submission.CALLING, called_at__lt=dead)
    queued = Q(submission=Submission.QUEUED, submitted_at__lt=lost)
    waiting = list(_rows().filter(stuck | queued | Q(submission=Submission.UNKNOWN)))
    if not waiting:
        return
    jobs = ProcrastinateJob.objects.filter(task_name="submit_template", status__in=["todo", "doing"])
    kept = {args["template_id"] for args in jobs.values_list("args", flat=True)}
    for template in waiting:
        if template.submission == Submission.CALLING:
            template.lose()
        elif template.submission == Submission.QUEUED and template.pk not in kept:
            defer(template)
    resolve()


def defer(template: Template) -> None:
    # Late, because the jobs import what they do.
    from templates_mgmt.tasks import submit_template

    submit_template.defer(template_id=template.pk)
