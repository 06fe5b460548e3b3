"""Taking a template away, here or at Twilio: what still uses it is said first; here it stays, archived."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels_whatsapp import client
from inbox import clock
from inbox.models import Agent, Event
from inbox.refusals import Refused
from templates_mgmt import content_api, submitting, usage
from templates_mgmt.models import Template


@dataclass(frozen=True)
class Uses:
    """Of the last 30 days, and drafts that are to take its place."""

    sent: int = 0
    by_programs: int = 0
    drafts: int = 0

    @property
    def is_used(self) -> bool:
        return bool(self.sent or self.by_programs or self.drafts)

    @property
    def sentences(self) -> list[str]:
        told = [
            (self.sent, ngettext("It was sent %(n)d time in 30 days.", "It was sent %(n)d times in 30 days.",
                                 self.sent)),
            (self.by_programs, ngettext("%(n)d of these was sent by somebody who has an API key.",
                                        "%(n)d of these were sent by somebody who has an API key.",
                                        self.by_programs)),
            (self.drafts, ngettext("%(n)d draft is to replace it.", "%(n)d drafts are to replace it.",
                                   self.drafts)),
        ]  # fmt: skip
        return [sentence % {"n": count} for count, sentence in told if count]


def uses(*templates: Template) -> Uses:
    """What still uses them, all together."""
    sids = [template.content_sid for template in templates]
    pks = [template.pk for template in templates]
    drafts = Template.objects.filter(replaces__in=pks, content_sid=None, archived_at=None)
    sent = sum(used.sent for used in usage.of(sids).values())
    return Uses(sent, usage.by_programs(sids), drafts.exclude(pk__in=pks).count())


def must_be_known(template: Template) -> None:
    """:raises Refused: Twilio never had it."""
    if not template.content_sid:
        raise Refused("not_at_twilio", _("Twilio does not have this template."), _("Archive it instead."))


def delete_at_twilio(template: Template, *, by: Agent | None) -> bool:
    """Waits for Twilio's answer. Doing it again does nothing.

    :raises Refused: Twilio has nothing of it, or did not do it.
    """
    must_be_known(template)
    if template.is_gone and template.is_archived:
        return False
    try:
        content_api.delete(template.family.account, template.content_sid)
    except client.CallFailed as failure:
        raise Refused("twilio_refused", submitting.sentence(failure)) from failure
    _note(template, by)
    return True


@transaction.atomic
def _note(template: Template, by: Agent | None) -> None:
    now = clock.now()
    rows = Template.objects.filter(pk=template.pk)
    rows.filter(gone_at=None).update(gone_at=now)
    rows.filter(archived_at=None).update(archived_at=now)
    template.refresh_from_db(fields=["gone_at", "archived_at"])
    Event.record(
        "template.deleted", by=by, template=template.pk, name=template.name, sid=template.content_sid
    )
