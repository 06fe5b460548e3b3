"""What the team decides about a number: its label, who answers it, and what customers see of our writing."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from channels_whatsapp.models import Sender
from inbox.models import Agent, Event


@transaction.atomic
def settle(sender: Sender, given: dict[str, Any], *, by: Agent) -> None:
    channel, team = sender.channel, given["team"]
    channel.name, channel.shows_typing = given["label"], given["shows_typing"]
    channel.save(update_fields=["name", "shows_typing"])
    before = list(channel.teams.all()[:2])
    # Several teams are given in the admin; one chosen here does not take the others away unasked.
    if len(before) < 2 or team not in before:
        channel.teams.set([team] if team else [])
    if "code" in given:
        sender.join_code = given["code"]
        sender.save(update_fields=["join_code"])
    Event.record("sender.changed", channel=channel, by=by, label=channel.name, typing=channel.shows_typing)
