"""What stands at the top of every page for admins while something is wrong at Twilio."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext as _

from channels_whatsapp import drift, hooks
from channels_whatsapp.models import Account, Sender
from inbox.gateways import Alarm
from inbox.models import Agent


def alarms(agent: Agent) -> list[Alarm]:
    """One for each account or number, with all that is wrong with it."""
    if not agent.is_admin:
        return []
    found: dict[str, Alarm] = {}
    for sender in drift.troubled():
        if sender.account.is_locked_out:
            found.setdefault(f"account-{sender.account_id}", of_account(sender.account))
        elif sender.drift:
            found[f"sender-{sender.pk}"] = of_sender(sender)
    return list(found.values())


def of_account(account: Account) -> Alarm:
    url = reverse("channels_whatsapp:token", args=[account.pk])
    if account.refused_since:
        words = _("Twilio refuses the token of %(account)s, so nothing is sent. Was it changed there?")
    else:
        words = _("Twilio signs with a token we do not know: was the primary token of %(account)s changed?")
    return Alarm(words % {"account": account}, url, _("Enter the new one"))


def of_sender(sender: Sender) -> Alarm:
    url = reverse("channels_whatsapp:sender", args=[sender.pk])
    said = drift.sentences(sender)
    if not hooks.address() or all(each["what"] != drift.WEBHOOK for each in sender.drift):
        return Alarm(said, url, _("Look at it"))
    mend_url = reverse("channels_whatsapp:webhooks", args=[sender.pk])
    return Alarm(said, url, _("Look at it"), mend_url, _("Point it here again"))
