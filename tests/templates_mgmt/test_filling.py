from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from inbox.models import Agent, ConsentEntry, Conversation, Message
from inbox.refusals import Refused
from templates_mgmt import content as kinds
from templates_mgmt import filling
from templates_mgmt.models import Template
from tests import world
from tests.templates_mgmt import shelf

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk() -> Conversation:
    over = world.channel()
    return world.conversation(world.contact("Nour  Haddadine"), over, left=timedelta(days=-2))


@pytest.fixture
def open_talk() -> Conversation:
    return world.conversation()


def send(talk: Conversation, template: Template, by: Agent | None = None, **values: str) -> Message:
    asked = {"content_sid": template.content_sid, "content_variables": {n[1:]: v for n, v in values.items()}}
    return talk.reply(template=asked, by=by)[0]


def refusal(talk: Conversation, template: Template, **values: str) -> Refused:
    with pytest.raises(Refused) as refused:
        send(talk, template, **values)
    assert not Message.objects.exists()
    return refused.value


# What is sent


def test_what_was_sent_is_kept_for_ever(talk: Conversation) -> None:
    buttons = [kinds.reply("Keep *it*"), kinds.link("Look", "https://a.example/{{2}}")]
    types = kinds.whatsapp_card("Hi {{1}}, see {{2}}.", header="For {{1}}", footer="Shop", buttons=buttons)
    template = shelf.template("back_in_stock", types=types, category="MARKETING")
    ConsentEntry.objects.create(
        contact=talk.contact, channel=talk.channel, action="opt_in", category="marketing", source="form"
    )
    message = send(talk, template, v1="Nour", v2="oak")
    template.delete()
    message.refresh_from_db()
    kept = message.payload
    assert message.body == "Hi Nour, see oak."
    assert kept["content_variables"] == {"1": "Nour", "2": "oak"}
    assert (kept["name"], kept["language"], kept["category"], kept["approved"]) == (
        "back_in_stock", "en", "marketing", True,
    )  # fmt: skip
    assert (kept["shown"]["header"], kept["shown"]["body"], kept["shown"]["footer"]) == (
        "For Nour", "Hi Nour, see oak.", "Shop",
    )  # fmt: skip
    assert [b["title"] for b in kept["shown"]["buttons"]] == ["Keep *it*", "Look"]
    assert kept["shown"]["buttons"][1]["url"] == "https://a.example/oak"


def test_given_values_win_over_their_sources(talk: Conversation) -> None:
    template = shelf.template(sources={"1": "contact.first_name", "2": "channel.name"})
    assert send(talk, template, v2="7").body == "Hi Nour, order 7 leaves today."


@pytest.mark.parametrize(
    ("source", "value"),
    [
        pytest.param("contact.first_name", "Nour", id="the contact's first name"),
        pytest.param("contact.name", "Nour Haddadine", id="the contact's name"),
        pytest.param("agent.first_name", "Tomasz", id="the agent's first name"),
        pytest.param("agent.name", "Tomasz Wren", id="the agent's name"),
        pytest.param("channel.name", "Shop UK", id="the channel's name"),
    ],
)
def test_a_variable_is_filled_from_its_source(talk: Conversation, source: str, value: str) -> None:
    tomasz = world.agent(first_name="Tomasz", last_name="Wren")
    template = shelf.template(body="A {{1}} b", sources={"1": source})
    message = send(talk, template, by=tomasz)
    assert message.body == f"A {value} b"
    assert message.payload["content_variables"] == {"1": value}


@pytest.mark.parametrize(
    ("name", "first"),
    [
        pytest.param("Nour Haddadine", "Nour", id="two words"),
        pytest.param("✨ Nour ✨", "Nour", id="pictures around it"),
        pytest.param("", "", id="none"),
        pytest.param("🌙", "", id="only pictures"),
        pytest.param("أمينة الخطيب", "أمينة", id="Arabic"),
    ],
)
def test_a_first_name_is_the_first_word(name: str, first: str) -> None:
    assert filling.first_name(name) == first


def test_every_source_can_be_read(talk: Conversation) -> None:
    for source in filling.SOURCES.values():
        assert isinstance(source.read(talk, None), str)
        assert str(source.label)


# What is refused


@pytest.mark.parametrize(
    ("value", "code", "words"),
    [
        pytest.param("", "blank_variable", "cannot be empty", id="empty"),
        pytest.param(" \u00a0", "blank_variable", "cannot be empty", id="white space"),
        pytest.param("a\nb", "bad_variable", "line breaks", id="a line break"),
        pytest.param("a\tb", "bad_variable", "tabs", id="a tab"),
        pytest.param("a     b", "bad_variable", "4 spaces", id="five spaces"),
        pytest.param("a" * 1601, "bad_variable", "1601", id="too long"),
    ],
)
def test_a_value_that_cannot_go_out_is_refused(talk: Conversation, value: str, code: str, words: str) -> None:
    refused = refusal(talk, shelf.template(), v1="Nour", v2=value)
    assert refused.code == code
    assert words in str(refused) and "{{2}}" in str(refused)


def test_a_blank_given_value_is_not_replaced_by_its_source(talk: Conversation) -> None:
    assert (
        refusal(talk, shelf.template(sources={"1": "contact.name"}), v1=" ", v2="7").code == "blank_variable"
    )


def test_a_source_without_a_word_is_refused(talk: Conversation) -> None:
    talk.contact.name = ""
    talk.contact.save()
    assert refusal(talk, shelf.template(sources={"1": "contact.first_name"}), v2="7").code == "blank_variable"


def test_a_missing_value_is_named_by_its_meaning(talk: Conversation) -> None:
    template = shelf.template()
    template.fields = {"2": {"means": "Order number", "source": "typed"}}
    template.save()
    assert refusal(talk, template, v1="Nour").sentence.startswith("Order number {{2}}: ")


def test_a_variable_that_is_not_there_is_refused(talk: Conversation) -> None:
    refused = refusal(talk, shelf.template(), v1="a", v2="b", v3="c")
    assert refused.code == "unknown_variable"
    assert "{{3}}" in refused.sentence and "{{1}}, {{2}}" in refused.next_step


@pytest.mark.parametrize(
    ("fields", "code", "words"),
    [
        pytest.param({"status": "rejected"}, "template_rejected", "new version", id="rejected"),
        pytest.param({"status": "disabled"}, "template_disabled", "other_one", id="disabled"),
        pytest.param({"status": "paused"}, "template_paused", "other_one", id="paused"),
        pytest.param({"archived_at": timezone.now()}, "template_archived", "bring it back", id="archived"),
        pytest.param({"gone_at": timezone.now()}, "template_gone", "other_one", id="gone"),
    ],
)
def test_what_cannot_be_sent_says_what_to_send_instead(
    talk: Conversation, fields: dict[str, Any], code: str, words: str
) -> None:
    shelf.template("other_one", "Hello there, friend.")
    shelf.template("gone_one", "Hello there, friend.", gone_at=timezone.now())
    refused = refusal(talk, shelf.template(**fields), v1="a", v2="b")
    assert refused.code == code
    assert words in str(refused)


def test_a_paused_template_says_until_when(talk: Conversation) -> None:
    until = timezone.now().replace(month=6, day=12, hour=9, minute=30)
    refused = refusal(talk, shelf.template(status="paused", paused_until=until), v1="a", v2="b")
    assert "12 June, 09:30" in refused.sentence
    assert refused.next_step == "Choose another template."


def test_a_template_of_another_account_is_refused(talk: Conversation) -> None:
    elsewhere = shelf.template(at=shelf.account("AC" + "b" * 32))
    assert refusal(talk, elsewhere, v1="a", v2="b").code == "other_account"


# What WhatsApp has not approved

REPLIES = [(f"R{n}", "") for n in range(5)]


@pytest.mark.parametrize("status", ["unsubmitted", "received", "pending", "in_appeal"])
def test_unapproved_content_goes_out_while_the_window_is_open(
    talk: Conversation, open_talk: Conversation, status: str
) -> None:
    template = shelf.template(types=kinds.quick_reply("Which one?", REPLIES[:3]), status=status)
    message = send(open_talk, template)
    assert message.payload["approved"] is False
    Message.objects.all().delete()
    assert refusal(talk, template).code == "window_closed"


@pytest.mark.parametrize(
    "types",
    [
        pytest.param(kinds.list_picker("Pick", "Open", [kinds.Item("1", "One")]), id="a list"),
        pytest.param(kinds.location(51.5, -0.1, "Bench"), id="a place"),
        pytest.param(kinds.card("Lamp", "Oak"), id="a card"),
        pytest.param({"twilio/pay": {"body": "Pay"}}, id="a type that is not known here"),
    ],
)
def test_session_content_goes_out_unapproved(open_talk: Conversation, types: dict[str, Any]) -> None:
    assert send(open_talk, shelf.template(types=types, status="unsubmitted", category="")).body


@pytest.mark.parametrize(
    ("types", "code"),
    [
        pytest.param(kinds.quick_reply("Which one?", REPLIES[:4]), "template_rules", id="four replies"),
        pytest.param(kinds.authentication("Copy"), "template_not_approved", id="a code"),
        pytest.param(
            kinds.carousel("See", [kinds.Card("A", "B", ("https://a.example/1.jpg",))]),
            "template_not_approved",
            id="cards",
        ),
        pytest.param({"whatsapp/flows": {"body": "Fill in"}}, "template_not_approved", id="a form"),
        pytest.param(
            kinds.call_to_action("Use it", [kinds.coupon("Copy", "TEN")]),
            "template_not_approved",
            id="a coupon",
        ),
    ],
)
def test_what_whatsapp_takes_only_approved_is_refused(
    open_talk: Conversation, types: dict[str, Any], code: str
) -> None:
    template = shelf.template(types=types, status="pending")
    values = {f"v{name}": "123456" for name in template.content.names}
    assert refusal(open_talk, template, **values).code == code


# What is not known here


def test_a_content_sid_that_is_not_known_here_passes(talk: Conversation) -> None:
    asked = {"content_sid": "HX" + "f" * 32, "content_variables": {"1": "Nour"}}
    [message] = talk.reply(template=asked, by=None)
    assert message.payload["content_variables"] == {"1": "Nour"}
    assert "name" not in message.payload


def test_even_there_a_blank_is_refused(talk: Conversation) -> None:
    asked = {"content_sid": "HX" + "f" * 32, "content_variables": {"1": " "}}
    with pytest.raises(Refused, match="cannot be empty"):
        talk.reply(template=asked, by=None)
