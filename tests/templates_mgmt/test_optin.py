"""Asking for an opt-in: from the agent's button to the customer's tap, over the pretend Twilio."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from django.test import Client

from channels_whatsapp.models import Sender
from channels_whatsapp.simulator import Simulator
from inbox import consent, consent_questions, gateways
from inbox.models import ConsentEntry, Conversation, Event, Message
from inbox.refusals import Refused
from templates_mgmt import optin, policy
from templates_mgmt.models import Template
from tests import world
from tests.channels_whatsapp.posting import post_fields
from tests.conftest import ACCOUNT_SID
from tests.inbox.pages import HTMX, words
from tests.jobs import run_due_jobs

Talk = Callable[..., Conversation]
ANNA = "+447700900911"


def press(client: Client, talk: Conversation) -> object:
    return client.post(f"/conversations/{talk.pk}/consent/question/", headers=HTMX)


@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_a_question_that_somebody_handed_in_for_approval_is_made_anew(
    sim: Simulator, talk: Talk, browser: Client, status: str
) -> None:
    anna = talk()
    press(browser, anna)
    run_due_jobs()
    Template.objects.update(status=status, category="MARKETING")
    press(browser, anna)
    run_due_jobs()
    assert press(browser, anna).status_code == 200
    assert Template.objects.count() == 2


@pytest.fixture
def browser(client: Client, shop: Sender) -> Client:
    client.force_login(world.agent("tomasz"))
    return client


@pytest.fixture
def asked(sim: Simulator, talk: Talk, browser: Client) -> Message:
    """The question has reached Anna's phone."""
    anna = talk()
    press(browser, anna)
    run_due_jobs()
    assert press(browser, anna).status_code == 200
    run_due_jobs()
    assert sim.wait_idle()
    return Message.objects.get(direction="outbound")


def test_the_first_press_makes_the_question_and_the_second_sends_it(
    sim: Simulator, talk: Talk, browser: Client
) -> None:
    anna = talk()
    for _twice in range(2):
        answer = press(browser, anna)
        assert (answer.status_code, answer.headers["X-Refused"]) == (422, "preparing")
        assert "being prepared at Twilio" in answer.content.decode()
    assert Template.objects.count() == 1
    run_due_jobs()
    assert press(browser, anna).status_code == 200
    run_due_jobs()
    assert sim.wait_idle()
    sent = Message.objects.get(direction="outbound")
    assert (sent.status, sent.body) == ("delivered", optin.WORDS["en"][0])
    [content] = [each for each in sim.twilio.contents.values() if each.friendly_name == optin.NAME]
    assert content.approval is None
    # The next customer of the account needs nothing made.
    ben = talk("+447700900912", "Ben")
    assert press(browser, ben).status_code == 200
    assert Template.objects.count() == 1


@pytest.mark.parametrize(
    ("title", "action", "sentence"),
    [
        ("Yes, please", "opt_in", "The customer opted in to marketing messages"),
        ("No, thank you", "opt_out", "The customer opted out of marketing messages"),
    ],
)
def test_a_tap_is_recorded_with_the_question_and_the_message(
    sim: Simulator, asked: Message, browser: Client, title: str, action: str, sentence: str
) -> None:
    sim.customer(ANNA).tap(asked.sid, title)
    assert sim.wait_idle()
    entry = ConsentEntry.objects.get()
    assert (entry.action, entry.category, entry.source) == (action, "marketing", "asked in chat")
    assert entry.text == optin.WORDS["en"][0]
    assert entry.evidence.body == title
    assert not asked.conversation.is_opted_out
    page = browser.get(f"/conversations/{asked.conversation_id}/").content.decode()
    assert sentence in words(page)
    assert "You asked whether offers may be sent" in words(page)


def tapped(asked: Message, **changes: str) -> None:
    fields = {
        "MessageSid": "SM" + "c" * 32, "AccountSid": ACCOUNT_SID, "From": asked.conversation.address.value,
        "To": asked.conversation.channel.address, "Body": "Yes, please", "ButtonText": "Yes, please",
        "ButtonPayload": optin.YES, "OriginalRepliedMessageSid": asked.sid,
    }  # fmt: skip
    fields |= changes
    answer = post_fields({n: v for n, v in fields.items() if v}, base=settings.PUBLIC_BASE_URL)
    assert answer.status_code == 200


def test_a_tap_counts_without_the_quote_that_whatsapp_leaves_out_after_a_week(asked: Message) -> None:
    tapped(asked, OriginalRepliedMessageSid="")
    assert ConsentEntry.objects.get().is_opt_in


@pytest.mark.parametrize("quoted", ["SM" + "d" * 32, "the first one"])
def test_a_tap_on_anything_but_our_question_is_only_a_message(asked: Message, quoted: str) -> None:
    other = asked.conversation.messages.get(direction="inbound")
    tapped(asked, OriginalRepliedMessageSid=other.sid if quoted == "the first one" else quoted)
    assert not ConsentEntry.objects.exists()
    assert Message.objects.filter(kind="button").count() == 1


def test_nobody_opts_in_who_was_not_asked(asked: Message) -> None:
    tapped(asked, From="whatsapp:+447700900999")
    tapped(asked, From="whatsapp:+447700900999", OriginalRepliedMessageSid="", MessageSid="SM" + "e" * 32)
    assert not ConsentEntry.objects.exists()


def test_a_yes_after_a_stop_allows_offers_again(sim: Simulator, asked: Message) -> None:
    sim.customer(ANNA).send_text("STOP")
    assert sim.wait_idle()
    sim.customer(ANNA).tap(asked.sid, "Yes, please")
    assert sim.wait_idle()
    talk = Conversation.objects.get()
    assert not talk.is_opted_out
    standing = consent.standing_of(talk)
    assert (standing["marketing"].is_given, standing["utility"].is_refused) == (True, True)


# Without Twilio


@pytest.mark.parametrize("language", optin.WORDS)
def test_every_language_passes_the_rules(db: None, language: str) -> None:
    account = world.channel().sender.account
    template = Template.write(account, optin.NAME, language, by=None, types=optin.types_for(language))
    assert [f for f in policy.check(template.draft, for_approval=False) if f.is_error] == []
    assert optin.is_the_question(template)
    assert all(len(button.title) <= 20 for button in template.content.buttons)


@pytest.mark.parametrize(
    ("spoken", "asked_in"), [("", "en"), ("pt_BR", "pt"), ("ar", "ar"), ("de-AT", "de"), ("xx", "en")]
)
def test_they_are_asked_in_their_language(db: None, spoken: str, asked_in: str) -> None:
    talk = world.conversation()
    talk.contact.language = spoken
    with pytest.raises(Refused):
        gateways.opt_in_question().for_conversation(talk, None)
    assert Template.objects.get().language == asked_in


def done(template: Template, sid: str = "1") -> None:
    Template.objects.filter(pk=template.pk).update(submission="done", content_sid="HX" + sid * 32)


def test_a_version_with_other_words_is_asked_when_it_is_there(db: None) -> None:
    talk = world.conversation()
    question = gateways.opt_in_question()
    with pytest.raises(Refused):
        question.for_conversation(talk, None)
    first = Template.objects.get()
    done(first)
    types = optin.types_for("en")
    types["twilio/quick-reply"]["body"] = "Shall we tell you about new lamps?"
    newer = first.new_version(by=None, types=types)
    assert question.for_conversation(talk, None).text == optin.WORDS["en"][0]
    done(newer, "2")
    assert question.for_conversation(talk, None).text == "Shall we tell you about new lamps?"
    Template.objects.filter(pk=newer.pk).update(types={"twilio/text": {"body": "no buttons"}})
    assert question.for_conversation(talk, None).content_sid == "HX" + "1" * 32


def test_what_twilio_refused_is_said_and_tried_again(db: None) -> None:
    talk = world.conversation()
    for _each in range(2):
        with pytest.raises(Refused):
            gateways.opt_in_question().for_conversation(talk, None)
        Template.objects.update(submission="failed", submission_error="Name taken.")
    with pytest.raises(Refused, match="Name taken") as refused:
        gateways.opt_in_question().for_conversation(talk, None)
    assert refused.value.code == "preparing"
    assert Template.objects.get().submission == "queued"
    assert Event.objects.filter(verb="template.submitted").count() == 3
    assert consent_questions.SOURCE
