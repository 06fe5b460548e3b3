"""Whether a template may go out at all, whoever it is for, and what to do when it may not.

Content that WhatsApp has not approved may be sent while the window is open, by types that Twilio takes
so (Twilio, "Content types overview"). The gate of the inbox then asks for the window.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from inbox import moments
from inbox.refusals import Refused
from templates_mgmt import policy
from templates_mgmt.models import Template


def must_be_sendable(template: Template) -> None:
    """:raises Refused: with what is the matter, and the way out."""
    if refusal := refusal_of(template):
        raise refusal if refusal.next_step else _with_other(template, refusal)


def refusal_of(template: Template) -> Refused | None:
    """Why it cannot go out. Asks the database nothing."""
    name = {"name": template.name}
    if template.is_gone:
        return Refused("template_gone", _("Twilio does not have “%(name)s” any more.") % name)
    if template.is_archived:
        return Refused(
            "template_archived",
            _("“%(name)s” was put away and is not sent any more.") % name,
            _("Choose another template, or ask a lead to bring it back."),
        )
    if template.status == Template.PAUSED:
        return Refused("template_paused", paused(template))
    if template.status == Template.DISABLED:
        return Refused(
            "template_disabled", _("WhatsApp disabled “%(name)s” because customers rated it badly.") % name
        )
    if template.status == Template.REJECTED:
        return Refused(
            "template_rejected",
            _("WhatsApp rejected “%(name)s”.") % name,
            _("Choose another template, or ask a lead to make a new version of it."),
        )
    return None if template.is_approved else _unapproved(template)


def paused(template: Template) -> str:
    name = {"name": template.name}
    if template.paused_until is None:
        return _("WhatsApp paused “%(name)s” for low quality.") % name
    until = moments.day_and_time(template.paused_until)
    return _("WhatsApp paused “%(name)s” for low quality until %(until)s.") % {**name, "until": until}


def _unapproved(template: Template) -> Refused | None:
    if template.content.needs_approval:
        return Refused(
            "template_not_approved",
            _("WhatsApp has not approved “%(name)s” yet, and takes this type only approved.")
            % {"name": template.name},
            _("Wait for its approval, or choose another template."),
        )
    found = (found for rule in policy.IN_SESSION for found in rule(template.draft) if found.is_error)
    broken = next(found, None)
    return broken and Refused("template_rules", broken.sentence, broken.fix)


def _with_other(template: Template, refusal: Refused) -> Refused:
    """The same refusal with what to send instead: approved, of its category and language."""
    alike = Template.objects.filter(
        family__account=template.family.account_id,
        category=template.category,
        language=template.language,
        status=Template.APPROVED,
        archived_at=None,
        gone_at=None,
    )
    other = alike.exclude(pk=template.pk).select_related("family").order_by("-pk").first()
    step = _("Send “%(name)s” instead.") % {"name": other.name} if other else _("Choose another template.")
    return Refused(refusal.code, refusal.sentence, step)
