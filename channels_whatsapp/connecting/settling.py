"""What the team decides about a number: its label, who answers it, and what customers see of our writing."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from channels_whatsapp.models import Sender
from inbox.models import Agent, Channel, Event, Team


@transaction.atomic
def settle(sender: Sender, given: dict[str, Any], *, by: Agent) -> bool:
    """Whether anything is different now."""
    channel = sender.channel
    before = _settled(sender)
    channel.name, channel.shows_typing = given["label"], given["shows_typing"]
    channel.save(update_fields=["name", "shows_typing"])
    give_to(channel, given["team"])
    if "code" in given:
        sender.join_code = given["code"]
        sender.save(update_fields=["join_code"])
    if _settled(sender) == before:
        return False
    Event.record("sender.changed", channel=channel, by=by, label=channel.name, typing=channel.shows_typing)
    return True


def give_to(channel: Channel, team: Team | None) -> None:
    """Several teams are given in the admin; one chosen here does not take the others away unasked."""
    before = list(channel.teams.all())
    if len(before) < 2 or team not in before:
        channel.teams.set([team] if team else [])


def _settled(sender: Sender) -> tuple[Any, ...]:
    channel = sender.channel
    teams = set(Team.objects.filter(channels=channel).values_list("pk", flat=True))
    return channel.name, channel.shows_typing, teams, sender.join_code
