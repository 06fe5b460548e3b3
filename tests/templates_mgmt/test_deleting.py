"""Deleting a template at Twilio from its page."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from channels_whatsapp.models import Sender
from channels_whatsapp.simulator import Simulator
from inbox.models import Agent, Event
from templates_mgmt.models import Template
from tests import world
from tests.inbox.pages import words
from tests.jobs import run_due_jobs
from tests.templates_mgmt.conftest import a_template
from tests.templates_mgmt.shop import Write

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(sim: Simulator, write: Write) -> Template:
    """One that the pretend Twilio really has."""
    template = write()
    template.submit(by=None)
    run_due_jobs()
    assert sim.wait_idle()
    template.refresh_from_db()
    return template


def told(answer: Any) -> str:
    return words(answer.content.decode())


def test_it_says_first_what_uses_it(sim: Simulator, client: Client, lead: Agent, known: Template) -> None:
    address = f"/templates/{known.pk}/deletion/"
    assert f'href="{address}"' in client.get(f"/templates/{known.pk}/").content.decode()
    assert "Nothing used it in 30 days." in told(client.get(address))
    payload = {"content_sid": known.content_sid}
    world.message(world.conversation(), "x", "outbound", kind="template", status="read", payload=payload)
    for asked in (client.get(address), client.post(address)):
        assert "Delete “order_shipped” in English for good? It was sent 1 time in 30 days." in told(asked)
    assert sim.calls("DELETE") == 0

    for is_second in (False, True):
        answer = client.post(address, {"sure": "1"}, follow=True)
        assert ("Here it stays, archived." in told(answer)) is not is_second
    known.refresh_from_db()
    assert known.is_gone and known.is_archived
    assert sim.calls("DELETE") == 1
    assert Event.objects.get(verb="template.deleted").actor == lead
    assert address not in client.get(f"/templates/{known.pk}/").content.decode()


def test_after_a_lost_answer_one_presses_again(
    sim: Simulator, client: Client, lead: Agent, known: Template
) -> None:
    sim.faults.add("reset_after", on="DELETE /v1/Content/*")
    address = f"/templates/{known.pk}/deletion/"
    answer = client.post(address, {"sure": "1"}, follow=True)
    assert "Twilio gave no answer. Try again in a few minutes." in told(answer)
    known.refresh_from_db()
    assert not (known.is_gone or known.is_archived)
    assert "Here it stays, archived." in told(client.post(address, {"sure": "1"}, follow=True))


def test_a_draft_is_only_archived(client: Client, lead: Agent, shop: Sender) -> None:
    draft = a_template(status="")
    answer = client.get(f"/templates/{draft.pk}/deletion/", follow=True)
    assert "Twilio does not have this template. Archive it instead." in told(answer)
