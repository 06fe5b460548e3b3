"""The ledger: what is written, what stays, what counts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from inbox import clock, consent, people
from inbox.models import Agent, Channel, ConsentEntry, Contact, Conversation, Event
from tests import world

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def conversation(db: None) -> Conversation:
    return world.conversation()


@pytest.fixture
def entry(conversation: Conversation) -> ConsentEntry:
    consent.opt_in(conversation.pk, "web form", category="marketing", text="Send me offers", proof="form 12")
    return ConsentEntry.objects.get()


def verbs() -> list[str]:
    return list(Event.objects.order_by("pk").values_list("verb", flat=True))


# What stays


@pytest.mark.parametrize(
    "changes",
    [{"action": "opt_out"}, {"category": "all"}, {"source": "x"}, {"text": ""}, {"proof": ""},
     {"given_at": F("given_at") + DAY}, {"created_at": F("created_at") - DAY}],
)  # fmt: skip
def test_the_database_keeps_what_was_written(entry: ConsentEntry, changes: dict[str, object]) -> None:
    with pytest.raises(IntegrityError, match="written once"), transaction.atomic():
        ConsentEntry.objects.update(**changes)


def test_an_entry_is_not_saved_twice_and_not_deleted(entry: ConsentEntry) -> None:
    for act in (entry.save, entry.delete, ConsentEntry.objects.all().delete):
        with pytest.raises(TypeError):
            act()
    refused = pytest.raises(IntegrityError, match="goes only with")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM inbox_consententry")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert ConsentEntry.objects.get() == entry


def test_erasing_the_customer_takes_the_ledger_along(entry: ConsentEntry) -> None:
    Conversation.objects.all().delete()
    Contact.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert not ConsentEntry.objects.exists()


def test_what_it_points_to_may_go(conversation: Conversation) -> None:
    agent, message = world.agent(), world.message(conversation, "STOP")
    consent.opt_out(conversation.pk, "asked in chat", evidence=message.pk, by=agent)
    message.delete()
    agent.delete()
    entry = ConsentEntry.objects.get()
    assert (entry.evidence, entry.actor, entry.source) == (None, None, "asked in chat")


def test_a_merge_moves_it(entry: ConsentEntry) -> None:
    other = world.conversation(world.contact("Nour again"), left=None, status="resolved")
    consent.opt_out(other.pk, "keyword")
    people.merge(entry.contact_id, other.contact_id)
    assert set(ConsentEntry.objects.values_list("contact", flat=True)) == {entry.contact_id}
    assert consent.standing_of(Conversation.objects.get(pk=other.pk))["marketing"].is_refused


# What is written


def test_a_person_is_always_written_down_and_a_repeated_keyword_is_not(conversation: Conversation) -> None:
    assert consent.opt_out(conversation.pk, "keyword")
    assert not consent.opt_out(conversation.pk, "error 21610")
    assert consent.opt_out(conversation.pk, "phone", by=world.agent())
    assert verbs() == ["contact.opted_out"] * 2
    assert Event.objects.first().data == {"category": "all", "source": "keyword"}


def test_stop_after_they_wrote_again_is_another_line(conversation: Conversation) -> None:
    consent.opt_out(conversation.pk, "keyword")
    consent.lift(conversation.pk)
    assert consent.opt_out(conversation.pk, "keyword")
    assert verbs() == ["contact.opted_out", "contact.wrote_again", "contact.opted_out"]


def test_a_keyword_speaks_again_when_one_category_stood_differently(conversation: Conversation) -> None:
    consent.opt_in(conversation.pk, "keyword")
    assert not consent.opt_in(conversation.pk, "keyword")
    consent.opt_out(conversation.pk, "web form", category="marketing", by=world.agent())
    assert consent.opt_in(conversation.pk, "keyword")


def test_everything_that_was_told_is_kept(conversation: Conversation) -> None:
    agent, said = world.agent(), world.message(conversation, "yes please")
    at = clock.now() - DAY
    more = {"text": "May we send offers?", "evidence": said.pk, "proof": "call 7", "by": agent, "at": at}
    consent.opt_in(conversation.pk, "asked in chat", category="marketing", **more)
    entry = ConsentEntry.objects.get()
    assert (entry.text, entry.evidence, entry.proof, entry.actor) == (more["text"], said, "call 7", agent)
    assert entry.given_at == at < entry.created_at


# What counts


def standing(conversation: Conversation) -> dict[str, str]:
    words = consent.standing_of(conversation).items()
    return {name: "in" if word.is_given else "out" if word.is_refused else "-" for name, word in words}


def test_the_last_word_about_each_category_counts(conversation: Conversation) -> None:
    assert standing(conversation) == {"service": "-", "utility": "-", "marketing": "-"}
    consent.opt_in(conversation.pk, "web form", category="marketing")
    assert standing(conversation) == {"service": "-", "utility": "-", "marketing": "in"}
    consent.opt_out(conversation.pk, "keyword")
    assert standing(conversation) == {"service": "out", "utility": "out", "marketing": "out"}
    consent.opt_in(conversation.pk, "phone", category="utility")
    assert standing(conversation) == {"service": "out", "utility": "in", "marketing": "out"}
    consent.opt_in(conversation.pk, "keyword")
    assert standing(conversation) == {"service": "in", "utility": "in", "marketing": "in"}


def test_what_was_said_earlier_does_not_count_however_late_it_is_told(conversation: Conversation) -> None:
    consent.opt_out(conversation.pk, "keyword")
    consent.opt_in(conversation.pk, "import", at=clock.now() - DAY, by=world.agent())
    assert standing(conversation) == {"service": "out", "utility": "out", "marketing": "out"}
    assert conversation.is_opted_out


def test_an_old_opt_out_does_not_silence_who_opted_in_since(conversation: Conversation) -> None:
    consent.opt_in(conversation.pk, "keyword")
    consent.opt_out(conversation.pk, "import", at=clock.now() - DAY)
    assert not conversation.is_opted_out
    assert standing(conversation)["marketing"] == "in"


def test_a_stop_found_late_is_in_the_ledger_though_they_wrote_since(conversation: Conversation) -> None:
    consent.opt_out(conversation.pk, "keyword", at=clock.now() - DAY)
    assert not conversation.is_opted_out
    assert standing(conversation)["utility"] == "out"


def test_only_a_word_about_answers_silences_or_ends_silence(conversation: Conversation) -> None:
    for category in ("marketing", "utility"):
        consent.opt_out(conversation.pk, "phone", category=category)
    assert not conversation.is_opted_out
    consent.opt_out(conversation.pk, "phone", category="service")
    consent.opt_in(conversation.pk, "phone", category="marketing")
    assert conversation.is_opted_out
    consent.opt_in(conversation.pk, "phone", category="service")
    assert not conversation.is_opted_out


def test_one_channel_says_nothing_about_another(conversation: Conversation) -> None:
    second = world.channel("Second", "whatsapp:+447700900143")
    other = Conversation.objects.create(
        contact=conversation.contact, channel=second, address=conversation.address
    )
    consent.opt_out(conversation.pk, "keyword")
    assert standing(other)["marketing"] == "-"
    assert not other.is_opted_out


def test_the_standing_takes_one_query_and_says_it_in_words(
    conversation: Conversation, django_assert_num_queries: object
) -> None:
    at = clock.now().replace(year=2026, month=5, day=3, hour=12)
    consent.opt_in(conversation.pk, "web form", category="marketing", at=at)
    with django_assert_num_queries(1):
        found = consent.standing_of(conversation)
    assert found["marketing"].sentence == "Nour Haddadine opted in on 3 May 2026"
    assert found["utility"].sentence == "No opt-in noted"
    assert Agent.objects.count() == 0
    assert Channel.objects.count() == 1
