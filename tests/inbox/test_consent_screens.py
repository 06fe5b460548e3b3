"""What agents see of consent and do about it."""

from __future__ import annotations

import csv
import io
import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client

from inbox import clock, consent, consent_questions, gateways
from inbox.models import Agent, ConsentEntry, Conversation, Event, Message, Team, Window
from inbox.refusals import Refused
from tests import world
from tests.inbox.pages import HTMX, bubble, thread, words

pytestmark = pytest.mark.django_db


def details(client: Client, conversation: Conversation) -> str:
    return client.get(f"/conversations/{conversation.pk}/details/", headers=HTMX).content.decode()


def card(client: Client, conversation: Conversation) -> tuple[str, str]:
    """Its tone and its words."""
    found = re.search(
        r'<summary class="consent consent--(\w+)">(.*?)</summary>', details(client, conversation), re.S
    )
    assert found
    return found[1], words(found[2]).removesuffix(" Change")


def panel(client: Client, conversation: Conversation) -> str:
    answer = client.get(f"/conversations/{conversation.pk}/consent/", headers=HTMX)
    assert answer.status_code == 200
    return answer.content.decode()


def record(client: Client, conversation: Conversation, *, htmx: bool = True, **fields: object) -> object:
    form = {"action": "opt_in", "category": "marketing", "source": "phone", "proof": "call 7"} | fields
    form = {f"consent-{name}": value for name, value in form.items()}
    return client.post(f"/conversations/{conversation.pk}/consent/", form, headers=HTMX if htmx else {})


# The card


@pytest.mark.parametrize(
    ("said", "tone", "title"),
    [
        ([], "none", "No opt-in noted"),
        ([("in", "all")], "in", "Opted in"),
        ([("in", "marketing")], "in", "Opted in to marketing"),
        ([("in", "marketing"), ("in", "utility")], "in", "Opted in to utility and marketing"),
        ([("out", "all")], "out", "Opted out"),
        ([("out", "service")], "out", "Opted out"),
        ([("out", "marketing")], "out", "Opted out of marketing"),
        ([("in", "all"), ("out", "marketing")], "out", "Opted out of marketing"),
        ([("out", "all"), ("in", "all")], "in", "Opted in"),
    ],
)
def test_the_card_says_the_state(
    client: Client, conversation: Conversation, said: list[tuple[str, str]], tone: str, title: str
) -> None:
    for way, category in said:
        verb = {"in": consent.opt_in, "out": consent.opt_out}[way]
        verb(conversation.pk, "web form", category=category)
    shown = card(client, conversation)
    assert shown[0] == tone
    assert re.match(rf"{title} ({clock.now().day} |Answers)", shown[1])


def test_after_writing_again_only_answers_are_allowed(client: Client, conversation: Conversation) -> None:
    consent.opt_out(conversation.pk, "keyword")
    consent.lift(conversation.pk)
    tone, said = card(client, conversation)
    assert tone == "out"
    assert "so answers may go out. Templates may not." in said


def test_the_pane_comes_anew_when_consent_changed(client: Client, conversation: Conversation) -> None:
    version = re.search(r'name="version" value="(\w+)"', details(client, conversation))[1]
    query = {"after": 0, "event": 0, "state": "open", "version": version}
    path = f"/conversations/{conversation.pk}/messages/"
    assert 'id="details"' not in client.get(path, query, headers=HTMX).content.decode()
    consent.opt_in(conversation.pk, "web form", category="marketing")
    shown = client.get(path, query, headers=HTMX).content.decode()
    assert 'id="details"' in shown
    assert "The customer opted in to marketing messages" in words(shown)


# Recording


def test_a_person_records_what_was_said_with_its_proof(
    client: Client, conversation: Conversation, agent: Agent
) -> None:
    said = world.message(conversation, "yes, send me offers")
    fields = {"text": "May we?", "proof": "call 7", "evidence": said.pk, "source": "asked in chat"}
    answer = record(client, conversation, **fields)
    assert answer.status_code == 200
    assert "Opted in to marketing" in words(answer.content.decode())
    entry = ConsentEntry.objects.get()
    kept = (entry.action, entry.category, entry.source, entry.text, entry.proof, entry.evidence, entry.actor)
    assert kept == ("opt_in", "marketing", "asked in chat", "May we?", "call 7", said, agent)
    assert entry.given_at == said.created_at
    event = Event.objects.get(verb="contact.opted_in")
    assert (event.actor, event.conversation, event.data["category"]) == (agent, conversation, "marketing")
    assert "You noted that the customer opted in to marketing messages" in words(thread(client, conversation))


def test_nothing_is_chosen_before_somebody_chooses(client: Client, conversation: Conversation) -> None:
    form = panel(client, conversation).partition('class="consent-form"')[2]
    assert form.count('<option value="" selected>Choose…') == 3
    assert record(client, conversation, action="opt_out", proof="").status_code == 200
    assert record(client, conversation, proof="", text="May we?").status_code == 200


def test_an_opt_in_beside_a_wish_for_silence_is_explained(client: Client, conversation: Conversation) -> None:
    record(client, conversation, action="opt_out", category="all")
    assert "so such templates may" not in card(client, conversation)[1]
    record(client, conversation)
    assert (
        "An opt-in to marketing is recorded beside it, so such templates may."
        in card(client, conversation)[1]
    )


def test_a_recorded_opt_out_of_all_silences_us(client: Client, conversation: Conversation) -> None:
    record(client, conversation, action="opt_out", category="all")
    assert conversation.is_opted_out
    assert "asked us to stop on" in thread(client, conversation)


@pytest.mark.parametrize(
    "fields",
    [{"action": "both"}, {"action": ""}, {"category": ""}, {"source": ""}, {"proof": ""}, {"evidence": "1"},
     {"source": "gossip"}, {"text": "x" * 4001}, {"proof": "x" * 301}, {"evidence": "x"},
     {"category": "authentication"}],
)  # fmt: skip
def test_what_makes_no_sense_is_not_recorded_and_said_so(
    client: Client, conversation: Conversation, fields: dict[str, object]
) -> None:
    other = world.message(world.conversation(), "of somebody else")
    answer = record(client, conversation, **fields)
    assert (answer.status_code, answer.headers["X-Refused"]) == (422, "incomplete")
    assert "This could not be recorded." in answer.content.decode()
    assert record(client, conversation, evidence=other.pk).status_code == 422
    assert not ConsentEntry.objects.exists()


def test_it_works_without_scripts(client: Client, conversation: Conversation) -> None:
    page = client.get(f"/conversations/{conversation.pk}/consent/").content.decode()
    assert "<html" in page
    assert 'hx-post="/conversations' not in page
    answer = record(client, conversation, htmx=False, text="<b>sign</b> here\0")
    assert answer.headers["Location"] == f"/conversations/{conversation.pk}/"
    assert ConsentEntry.objects.get().text == "<b>sign</b> here"
    wrong = record(client, conversation, htmx=False, action="x")
    assert "This could not be recorded." in client.get(wrong.headers["Location"]).content.decode()


# History and proof


def test_the_history_names_who_where_what_and_the_message(
    client: Client, conversation: Conversation, agent: Agent, django_assert_max_num_queries: object
) -> None:
    said = world.message(conversation, "STOP")
    consent.opt_out(conversation.pk, "keyword", evidence=said.pk)
    priya = world.agent("priya", first_name="Priya")
    more = {"text": "<script>offers?</script>", "proof": "form 12", "by": priya}
    for _each in range(60):
        consent.opt_in(conversation.pk, "web form", category="marketing", **more)
    with django_assert_max_num_queries(14):
        shown = panel(client, conversation)
    assert shown.count("recorded by") == 50
    assert "&lt;script&gt;offers?" in shown
    assert "Opted in · Marketing" in words(shown)
    proof = client.get(f"/conversations/{conversation.pk}/consent/proof/").content.decode()
    assert proof.count("<tr>") == 1 + 61
    assert "STOP" in proof


def test_the_history_leads_to_the_message(client: Client, conversation: Conversation) -> None:
    said = world.message(conversation, "STOP")
    consent.opt_out(conversation.pk, "keyword", evidence=said.pk)
    path = re.search(r'href="(/conversations/\d+/\?before=\d+#message-(\d+))"', panel(client, conversation))
    assert int(path[2]) == said.pk
    assert f'id="message-{said.pk}"' in client.get(path[1]).content.decode()


def test_the_proof_as_csv_is_harmless_in_a_spreadsheet(client: Client, conversation: Conversation) -> None:
    said = world.message(conversation, '=HYPERLINK("http://evil.example","x")', sid="SM" + "a" * 32)
    consent.opt_out(conversation.pk, "keyword", evidence=said.pk, text="-1+2", proof="@sum")
    answer = client.get(f"/conversations/{conversation.pk}/consent/proof.csv")
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in answer["Content-Disposition"]
    [row] = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert row["message_sid"] == "SM" + "a" * 32
    assert row["phone"] == "'" + conversation.contact.phone
    for name in ("message_text", "text", "proof"):
        assert row[name].startswith("'")
    assert row["given_at"].endswith("Z")


def test_the_csv_names_who_hides_the_number_and_asks_little(
    client: Client, agent: Agent, django_assert_max_num_queries: object
) -> None:
    hidden = world.conversation(world.contact("Kenji", "whatsapp:GB.1349"))
    for _each in range(20):
        consent.opt_in(hidden.pk, "web form", category="marketing", by=agent)
    with django_assert_max_num_queries(8):
        answer = client.get(f"/conversations/{hidden.pk}/consent/proof.csv")
    rows = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    assert {row["phone"] for row in rows} == {"GB.1349"}


def test_what_was_said_over_a_hidden_channel_is_not_shown(client: Client, conversation: Conversation) -> None:
    hidden = world.channel("Hidden", "whatsapp:+15550001111", Team.objects.create(name="Others"))
    other = world.conversation(conversation.contact, hidden)
    consent.opt_in(other.pk, "secret source", evidence=world.message(other, "secret words").pk)
    for end in ("", "proof/", "proof.csv"):
        shown = client.get(f"/conversations/{conversation.pk}/consent/{end}").content.decode()
        assert "secret" not in shown, end
    assert client.get(f"/conversations/{other.pk}/consent/proof.csv").status_code == 404


# Did they ask us to stop?


@pytest.fixture
def doubtful(conversation: Conversation) -> Message:
    return world.message(conversation, "stop, it is still broken", payload={"asks_to_stop": True})


def test_a_sentence_is_asked_about_once(client: Client, doubtful: Message, agent: Agent) -> None:
    assert "Did Nour Haddadine ask us to stop writing?" in words(bubble(client, doubtful))
    answer = client.post(f"/messages/{doubtful.pk}/stop/", {"stop": "0"}, headers=HTMX)
    assert "ask us to stop" not in answer.content.decode()
    event = Event.objects.get(verb="contact.stayed")
    assert (event.message, event.actor) == (doubtful, agent)
    client.post(f"/messages/{doubtful.pk}/stop/", {"stop": "1"}, headers=HTMX)
    assert not ConsentEntry.objects.exists()
    assert "You noted that the customer did not ask to stop" in words(thread(client, doubtful.conversation))


def test_a_yes_opts_out_with_the_message_as_evidence(client: Client, doubtful: Message, agent: Agent) -> None:
    answer = client.post(f"/messages/{doubtful.pk}/stop/", {"stop": "1"})
    assert answer.headers["Location"] == f"/conversations/{doubtful.conversation_id}/"
    entry = ConsentEntry.objects.get()
    assert (entry.action, entry.category, entry.evidence, entry.actor) == ("opt_out", "all", doubtful, agent)
    assert doubtful.conversation.is_opted_out
    assert "ask us to stop writing" not in bubble(client, doubtful)


def test_a_yes_about_an_earlier_message_leaves_answers_to_what_came_since(
    client: Client, doubtful: Message
) -> None:
    Window.objects.update(last_inbound_at=clock.now() + timedelta(seconds=1))
    client.post(f"/messages/{doubtful.pk}/stop/", {"stop": "1"}, headers=HTMX)
    assert not doubtful.conversation.is_opted_out
    assert ConsentEntry.objects.get().action == "opt_out"


@pytest.mark.parametrize("stop", ["", "2", "yes"])
def test_no_answer_is_none(client: Client, doubtful: Message, stop: str) -> None:
    client.post(f"/messages/{doubtful.pk}/stop/", {"stop": stop}, headers=HTMX)
    assert "ask us to stop writing" in bubble(client, doubtful)


def test_nobody_is_asked_about_what_is_not_in_question(client: Client, conversation: Conversation) -> None:
    plain = world.message(conversation, "hello")
    client.post(f"/messages/{plain.pk}/stop/", {"stop": "1"}, headers=HTMX)
    assert not ConsentEntry.objects.exists()


@pytest.mark.parametrize(
    ("told", "hint"),
    [("HELP", "Asked for help. Twilio answered by itself."), ("STOP", "Twilio answered this by itself.")],
)
def test_what_twilio_answered_says_so(
    client: Client, conversation: Conversation, told: str, hint: str
) -> None:
    message = world.message(conversation, "INFO", payload={"answered": told})
    assert hint in words(bubble(client, message))
    assert "Twilio answered" not in bubble(client, world.message(conversation, "INFO"))


# May we send you offers?


class Question:
    def for_conversation(self, conversation: Conversation, by: Agent | None) -> gateways.FilledTemplate:
        return gateways.FilledTemplate("HX" + "1" * 32, is_approved=False, text="May we send you offers?")


class Templates(gateways._NoTemplates):
    def fill(self, conversation: Conversation, *more: object) -> gateways.FilledTemplate:
        return Question().for_conversation(conversation, None)


@pytest.fixture
def question(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateways, "_opt_in_question", Question())
    monkeypatch.setattr(gateways, "_templates", Templates())


def ask(client: Client, conversation: Conversation, **fields: object) -> object:
    return client.post(f"/conversations/{conversation.pk}/consent/question/", fields, headers=HTMX)


def test_the_question_goes_out_once(
    client: Client, conversation: Conversation, question: None, agent: Agent
) -> None:
    assert "Ask for opt-in" in panel(client, conversation)
    act = str(uuid.uuid4())
    for _again in range(2):
        assert ask(client, conversation, client_id=act).status_code == 200
    message = Message.objects.get(direction="outbound")
    assert (message.body, message.payload["approved"]) == ("May we send you offers?", False)
    asked = Event.objects.get(verb="contact.asked")
    assert (asked.message, asked.actor, asked.data["category"]) == (message, agent, "marketing")
    assert "You asked whether offers may be sent" in words(thread(client, conversation))


def test_it_is_not_asked_when_it_could_not_be(
    client: Client, conversation: Conversation, question: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    consent.opt_out(conversation.pk, "keyword")
    assert ask(client, conversation).headers["X-Refused"] == "opted_out"
    assert "Ask for opt-in" not in panel(client, conversation)
    consent.lift(conversation.pk)
    Window.objects.update(closes_at=clock.now())
    answer = ask(client, conversation)
    assert (answer.status_code, answer.headers["X-Refused"]) == (422, "window_closed")
    assert "Ask when they write again." in answer.content.decode()
    assert not Message.objects.exists()


def test_while_it_is_being_made_the_agent_is_told(
    client: Client, conversation: Conversation, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Making:
        def for_conversation(self, conversation: Conversation, by: Agent | None) -> gateways.FilledTemplate:
            raise Refused("preparing", "The question is being made.", "Ask again in a minute.")

    monkeypatch.setattr(gateways, "_opt_in_question", Making())
    answer = ask(client, conversation)
    assert "Ask again in a minute." in answer.content.decode()
    plain = client.post(f"/conversations/{conversation.pk}/consent/question/", follow=True)
    assert "Ask again in a minute." in plain.content.decode()


def test_a_button_says_what_a_tap_means() -> None:
    for answer, action in (("yes", "opt_in"), ("no", "opt_out")):
        pressed = consent_questions.button_id("marketing", answer)
        assert consent_questions.read_button(pressed) == (action, "marketing")
        assert len(pressed) <= 128
    for other in ("", "yes", "fanlight-opt-in:all:yes", "fanlight-opt-in:marketing:yes\n", "x" * 300):
        assert consent_questions.read_button(other) == ("", "")


def test_a_yes_is_undone_and_leaves_no_consent_behind(client: Client, doubtful: Message) -> None:
    talk, path = doubtful.conversation, f"/messages/{doubtful.pk}/stop/"
    earlier = doubtful.created_at - timedelta(days=1)
    consent.opt_in(talk.pk, "web form", category="marketing", at=earlier)
    before = consent.standing_of(talk)["marketing"]
    shown = client.post(path, {"stop": "1"}, headers=HTMX).content.decode()
    assert "is opted out. Nothing goes to them until they write again. Undo" in words(shown)
    assert 'value="undo"' in panel(client, talk)
    answer = client.post(path, {"stop": "undo"}, headers=HTMX)
    assert "Did Nour Haddadine ask us to stop writing?" in words(answer.content.decode())
    assert not talk.is_opted_out
    after = consent.standing_of(talk)
    assert (after["marketing"], after["utility"].entry, after["service"].entry) == (before, None, None)
    assert ConsentEntry.objects.count() == 3
    assert "took the opt-out back" in words(thread(client, talk))
    assert "opt-out taken back" in words(panel(client, talk))
    assert 'value="undo"' not in panel(client, talk)
    client.post(path, {"stop": "1"}, headers=HTMX)
    assert talk.is_opted_out
    assert consent.standing_of(talk)["marketing"].is_refused


def test_a_yes_is_not_undone_after_another_word(client: Client, doubtful: Message) -> None:
    path = f"/messages/{doubtful.pk}/stop/"
    assert client.post(path, {"stop": "undo"}, headers=HTMX).headers["X-Refused"] == "consent_changed"
    client.post(path, {"stop": "1"})
    consent.opt_out(doubtful.conversation_id, "keyword", by=doubtful.author or world.agent("lea"))
    answer = client.post(path, {"stop": "undo"})
    assert "cannot be undone" in client.get(answer.headers["Location"]).content.decode()
    assert doubtful.conversation.is_opted_out
