"""By the API and to the pretend Twilio: what is kept is what goes out, and what is refused says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache

from channels_whatsapp import sending
from channels_whatsapp.simulator import Simulator
from inbox import consent, statuses
from inbox.models import Agent, Conversation, Message
from inbox.refusals import Refused
from templates_mgmt.models import Template
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
        pytest.param({"1": "Nour", "2": "\u200b\u2060\u3164"}, "cannot be empty", id="nothing to see"),
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


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"category": "MARKETING"}, "no_opt_in"),
        ({"status": "paused"}, "template_paused"),
        ({"status": "pending"}, "window_closed"),
    ],
)
def test_a_template_is_judged_as_it_is_when_it_leaves(
    closed: Conversation, tomasz: Agent, changes: dict[str, str], code: str
) -> None:
    template = shelf.template(body="Hello there, it is ready.")
    asked = {"content_sid": template.content_sid}
    waiting, failed = (closed.reply(template=asked, by=tomasz)[0] for _each in range(2))
    Message.objects.filter(pk=failed.pk).update(status="failed")
    failed.refresh_from_db()
    Template.objects.update(**changes)
    with pytest.raises(Refused) as refused:
        failed.retry(by=tomasz)
    assert refused.value.code == code
    sending.send(waiting)
    waiting.refresh_from_db()
    assert (waiting.status, waiting.error) == ("failed", str(refused.value))


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


# What no sync has brought in yet


Talk = Callable[..., Conversation]
GREETING = {"twilio/text": {"body": "Hello {{1}}, come and see our lamps."}}


def made_at_twilio(sim: Simulator, category: str | None = "UTILITY") -> str:
    return sim.twilio.add_content("lamps", GREETING, {"1": "Ada"}, approved=category).sid


def sent_unknown(conversation: Conversation, sid: str, **variables: str) -> Message:
    asked = {"content_sid": sid, "content_variables": variables or {"1": "Nour"}}
    [message] = conversation.reply(template=asked, by=None)
    run_due_jobs()
    message.refresh_from_db()
    return message


def test_an_unknown_template_is_learned_before_it_goes_out(sim: Simulator, talk: Talk) -> None:
    sid = made_at_twilio(sim)
    message = sent_unknown(talk(), sid)
    assert Template.objects.get(content_sid=sid).is_approved
    told = {name: message.payload[name] for name in ("name", "category", "approved", "shown", "parts")}
    body = "Hello Nour, come and see our lamps."
    assert told == {
        "name": "lamps", "category": "utility", "approved": True, "parts": 1,
        "shown": {"kind": "twilio/text", "body": body},
    }  # fmt: skip
    assert message.body == body == list(sim.twilio.messages.values())[-1].body
    message.conversation.refresh_from_db()
    assert message.conversation.last_message_preview == body


def test_consent_is_asked_for_an_unknown_template_too(sim: Simulator, talk: Talk) -> None:
    conversation, sid = talk(), made_at_twilio(sim, "MARKETING")
    before = len(sim.twilio.messages)
    message = sent_unknown(conversation, sid)
    assert (message.status, len(sim.twilio.messages)) == (statuses.FAILED, before)
    assert "agreed to marketing" in message.error
    consent.opt_in(conversation.pk, "form", category="marketing")
    message.retry(by=None)
    run_due_jobs()
    message.refresh_from_db()
    assert message.sid in sim.twilio.messages


def test_an_unknown_template_is_refused_in_our_words(sim: Simulator, talk: Talk) -> None:
    conversation, sid = talk(), made_at_twilio(sim)
    before = len(sim.twilio.messages)
    assert "no variable {{2}}" in sent_unknown(conversation, sid, **{"1": "Nour", "2": "x"}).error
    sim.decide(sid, "rejected", "No reason")
    Template.objects.all().delete()
    assert "rejected" in sent_unknown(conversation, sid).error
    assert len(sim.twilio.messages) == before


@pytest.mark.parametrize("fault", ["error_before", "reset_after"])
def test_what_twilio_does_not_tell_it_judges_itself(sim: Simulator, talk: Talk, fault: str) -> None:
    conversation, sid = talk(), made_at_twilio(sim)
    sim.faults.add(fault, on=f"GET /v1/Content/{sid}")
    message = sent_unknown(conversation, sid)
    assert message.sid in sim.twilio.messages and not Template.objects.exists()


def test_an_unknown_template_waits_while_twilio_asks_to(sim: Simulator, talk: Talk) -> None:
    conversation, sid = talk(), made_at_twilio(sim)
    sim.faults.add("throttle", on=f"GET /v1/Content/{sid}", retry_after=40)
    message = sent_unknown(conversation, sid)
    assert (message.status, message.attempts.count()) == (statuses.QUEUED, 0)
