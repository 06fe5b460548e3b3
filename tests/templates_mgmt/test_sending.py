"""By the API and to the pretend Twilio: what is kept is what goes out, and what is refused says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache

from channels_whatsapp.simulator import Simulator
from inbox import consent
from inbox.models import Agent, Conversation, Message
from tests import world
from tests.inbox.api.conftest import Api
from tests.jobs import run_due_jobs
from tests.templates_mgmt import shelf

pytestmark = pytest.mark.django_db
SEND = "/api/whatsapp/send"
NOUR = "+447700900318"


@pytest.fixture(autouse=True)
def nobody_counted_yet(db: None) -> Iterator[None]:
    cache.clear()
    yield


@pytest.fixture
def tomasz() -> Agent:
    return world.agent("tomasz", "lead", first_name="Tomasz")


@pytest.fixture
def api(tomasz: Agent) -> Api:
    return Api(tomasz)


@pytest.fixture
def closed(db: None) -> Conversation:
    customer = world.contact("Nour Haddadine", f"whatsapp:{NOUR}")
    return world.conversation(customer, world.channel(), left=timedelta(days=-2))


@pytest.mark.parametrize(
    ("variables", "word"),
    [
        pytest.param({"1": "Nour", "2": " "}, "cannot be empty", id="white space"),
        pytest.param({"1": "Nour"}, "{{2}}", id="left out"),
        pytest.param({"1": "Nour", "2": "a\nb"}, "line breaks", id="a line break"),
        pytest.param({"1": "Nour", "2": "x", "3": "y"}, "no variable {{3}}", id="one too many"),
    ],
)
def test_what_cannot_be_filled_is_a_bad_request_with_words(
    api: Api, closed: Conversation, variables: dict[str, str], word: str
) -> None:
    body = {"to": NOUR, "content_sid": shelf.template().content_sid, "content_variables": variables}
    for path, sent in ((SEND, body), (f"/api/v1/conversations/{closed.pk}/messages", body | {"to": None})):
        status, answer = api.post(path, {key: value for key, value in sent.items() if value})
        assert (status, answer["success"]) == (400, False)
        assert word in answer["error"]
    assert not Message.objects.exists()


def test_a_variable_with_a_source_may_be_left_out(api: Api, closed: Conversation) -> None:
    template = shelf.template(sources={"1": "contact.first_name"})
    body = {"to": NOUR, "content_sid": template.content_sid, "content_variables": {"2": "BC-1"}}
    first = api.post(SEND, body, Idempotency_Key="k")
    again = api.post(SEND, body, Idempotency_Key="k")
    assert (first[0], again[0]) == (202, 202) and first[1]["id"] == again[1]["id"]
    assert Message.objects.get().payload["content_variables"] == {"1": "Nour", "2": "BC-1"}
    other = body | {"content_variables": {"1": "Nour", "2": "BC-1"}}
    assert api.post(SEND, other, Idempotency_Key="k")[0] == 409


def test_consent_is_asked_of_programs_too(api: Api, closed: Conversation) -> None:
    sale = shelf.template("sale", "Hello there, come and see.", category="MARKETING")
    body = {"to": NOUR, "content_sid": sale.content_sid}
    status, answer = api.post(SEND, body)
    assert (status, answer["code"]) == (403, "no_opt_in")
    assert "agreed to marketing" in answer["error"] and answer["next_step"]
    consent.opt_in(closed.pk, "form", category="marketing")
    assert api.post(SEND, body)[0] == 202
    consent.opt_out(closed.pk, "keyword")
    assert api.post(SEND, body)[1]["code"] == "opted_out"


def test_twilio_gets_exactly_the_values_that_are_kept(
    sim: Simulator,
    talk: Callable[..., Conversation],
    tomasz: Agent,
) -> None:
    conversation = talk("+447700900911", "Anna ✨ Bell")
    content = sim.twilio.add_content(
        "order", {"twilio/text": {"body": "Hi {{1}}, {{2}} of {{3}} here."}},
        {"1": "Sample", "2": "Sample", "3": "Sample"}, approved="UTILITY",
    )  # fmt: skip
    template = shelf.template(
        "order", "Hi {{1}}, {{2}} of {{3}} here.", sid=content.sid,
        sources={"1": "contact.first_name", "2": "agent.first_name"},
    )  # fmt: skip
    asked = {"content_sid": template.content_sid, "content_variables": {"3": 'the "shop" & café'}}
    [message] = conversation.reply(template=asked, by=tomasz)
    run_due_jobs()
    at_twilio = list(sim.twilio.messages.values())[-1]
    message.refresh_from_db()
    assert at_twilio.variables == message.payload["content_variables"]
    assert at_twilio.body == message.body == 'Hi Anna, Tomasz of the "shop" & café here.'
