from __future__ import annotations

import pytest
from django.test import Client

from inbox.models import Agent, Conversation
from tests import world


@pytest.fixture
def agent(client: Client) -> Agent:
    """Whose browser `client` is."""
    person = world.agent(first_name="Tomasz", last_name="Wren")
    client.force_login(person)
    return person


@pytest.fixture
def conversation(agent: Agent) -> Conversation:
    return world.conversation()
