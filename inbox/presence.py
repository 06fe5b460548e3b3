"""What customers see of us while we read and write, where the channel is set to show it."""

from __future__ import annotations

from inbox import gateways
from inbox.models import Conversation


def show(conversation: Conversation) -> None:
    """Somebody reads or writes here. Off by default, and nothing depends on it."""
    channel = conversation.channel
    if channel.shows_typing and channel.is_active:
        gateways.carrier(channel).show_typing(conversation)
