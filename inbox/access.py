"""The one door: what a signed-in person may see. Views, API and stream get rows only through here.

Admins and leads see every channel. Agents see the channels of their teams and those without a team.
A program whose API key is for some channels only (`Agent.only_channels`) sees of those the same.
What may not be seen does not exist: 404, never 403.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from inbox.models import (
    Agent,
    Attachment,
    Channel,
    ConsentEntry,
    ConsentImport,
    Contact,
    Conversation,
    Message,
)


def channels_for(agent: Agent) -> QuerySet[Channel]:
    rows = Channel.objects.all()
    if agent.only_channels is not None:
        rows = rows.filter(pk__in=agent.only_channels)
    if agent.is_lead:
        return rows
    mine = Q(teams__isnull=True) | Q(teams__members=agent.pk)
    return rows.filter(mine).distinct()


def visible_channel_ids(agent: Agent) -> set[int]:
    return set(channels_for(agent).values_list("pk", flat=True))


def conversations_for(agent: Agent) -> QuerySet[Conversation]:
    rows = Conversation.objects.all()
    return rows if agent.sees_all_channels else rows.filter(channel__in=channels_for(agent).values("pk"))


def messages_for(agent: Agent) -> QuerySet[Message]:
    rows = Message.objects.all()
    return (
        rows
        if agent.sees_all_channels
        else rows.filter(conversation__in=conversations_for(agent).values("pk"))
    )


def contacts_for(agent: Agent) -> QuerySet[Contact]:
    rows = Contact.objects.all()
    if agent.sees_all_channels:
        return rows
    return rows.filter(pk__in=conversations_for(agent).values("contact"))


def attachments_for(agent: Agent) -> QuerySet[Attachment]:
    rows = Attachment.objects.all()
    return (
        rows
        if agent.sees_all_channels
        else rows.filter(conversation__in=conversations_for(agent).values("pk"))
    )


def consent_for(agent: Agent) -> QuerySet[ConsentEntry]:
    """What was said over the channels that they see."""
    rows = ConsentEntry.objects.all()
    return rows if agent.sees_all_channels else rows.filter(channel__in=channels_for(agent).values("pk"))


def consent_imports_for(agent: Agent) -> QuerySet[ConsentImport]:
    """Files of consent are for admins."""
    rows = ConsentImport.objects.select_related("author")
    return rows if agent.is_admin else rows.none()


def consent_import_for(agent: Agent, pk: int) -> ConsentImport:
    return get_object_or_404(consent_imports_for(agent), pk=pk)


def conversation_for(agent: Agent, pk: int) -> Conversation:
    rows = conversations_for(agent).select_related("contact", "channel", "address", "assignee", "team")
    return get_object_or_404(rows, pk=pk)


def message_for(agent: Agent, pk: int) -> Message:
    rows = messages_for(agent).select_related("conversation__channel", "conversation__contact", "author")
    return get_object_or_404(rows, pk=pk)


def attachment_for(agent: Agent, key: object) -> Attachment:
    return get_object_or_404(attachments_for(agent).select_related("message"), key=key)


def colleagues_for(agent: Agent, channel: Channel) -> QuerySet[Agent]:
    """Who may be given a conversation of this channel: active people who can see it."""
    people = Agent.objects.filter(is_active=True)
    if channel.teams.exists():
        leads = Q(role__in=[Agent.Role.LEAD, Agent.Role.ADMIN])
        people = people.filter(leads | Q(teams__channels=channel)).distinct()
    return people.order_by("first_name", "username")
