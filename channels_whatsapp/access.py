"""Who may see how Twilio is connected: admins. For everybody else it is not there (404)."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from channels_whatsapp import setup
from channels_whatsapp.models import Account, Sender
from inbox.models import Agent, Team


def accounts_for(agent: Agent) -> QuerySet[Account]:
    """:raises Http404:"""
    if not agent.is_admin:
        raise Http404
    return setup.accounts().order_by("pk")


def senders_for(agent: Agent) -> QuerySet[Sender]:
    """:raises Http404:"""
    rows = Sender.objects.filter(account__in=accounts_for(agent))
    return rows.select_related("account", "channel").prefetch_related("channel__teams").order_by("pk")


def account_for(agent: Agent, pk: int) -> Account:
    return get_object_or_404(accounts_for(agent), pk=pk)


def sender_for(agent: Agent, pk: int) -> Sender:
    return get_object_or_404(senders_for(agent), pk=pk)


def teams_for(agent: Agent) -> QuerySet[Team]:
    """:raises Http404:"""
    if not agent.is_admin:
        raise Http404
    return Team.objects.order_by("name")
