"""Which templates a signed-in person may see. Views, API and pickers get rows only through here.

Leads and admins see all. Agents see those of the accounts behind the channels that they may see, and may
send them; writing, submitting, syncing and archiving is for leads and admins.
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _

from channels_whatsapp.models import Account, Sender
from inbox import access
from inbox.models import Agent
from inbox.refusals import Refused
from templates_mgmt.models import Family, Template


def accounts_for(agent: Agent) -> QuerySet[Account]:
    if agent.sees_all_channels:
        return Account.objects.all()
    senders = Sender.objects.filter(channel__in=access.channels_for(agent).values("pk"))
    return Account.objects.filter(pk__in=senders.values("account"))


def templates_for(agent: Agent) -> QuerySet[Template]:
    rows = Template.objects.all()
    if agent.sees_all_channels:
        return rows
    return rows.filter(family__account__in=accounts_for(agent).values("pk"))


def families_for(agent: Agent) -> QuerySet[Family]:
    rows = Family.objects.all()
    return rows if agent.sees_all_channels else rows.filter(account__in=accounts_for(agent).values("pk"))


def template_for(agent: Agent, pk: int) -> Template:
    rows = templates_for(agent).select_related("family__account", "replaces", "author")
    return get_object_or_404(rows, pk=pk)


def family_for(agent: Agent, pk: int) -> Family:
    return get_object_or_404(families_for(agent).select_related("account"), pk=pk)


def may_manage(agent: Agent) -> bool:
    return agent.is_lead


def must_manage(agent: Agent) -> None:
    """:raises Refused: ``not_allowed``, for agents."""
    if not may_manage(agent):
        raise Refused(
            "not_allowed",
            _("Only leads and admins write and submit templates."),
            _("Ask one of them."),
        )
