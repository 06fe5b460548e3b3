from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox import clock
from inbox.models import Agent, Conversation, Message
from templates_mgmt import content as kinds
from templates_mgmt.models import Template
from templates_mgmt.picking import Offer, Shelf, Wish, best_for
from tests import world
from tests.templates_mgmt import shelf

pytestmark = pytest.mark.django_db


@pytest.fixture
def tomasz() -> Agent:
    return world.agent(first_name="Tomasz")


@pytest.fixture
def talk() -> Conversation:
    return world.conversation(world.contact(), world.channel(), left=timedelta(days=-2))


def names(offers: list[Offer]) -> list[str]:
    return [offer.template.name for offer in offers]


def sent(talk: Conversation, template: Template, by: Agent | None, days: int = 1) -> Message:
    return world.message(
        talk, "x", "outbound", kind="template", author=by, payload={"content_sid": template.content_sid},
        created_at=clock.now() - timedelta(days=days),
    )  # fmt: skip


def test_what_was_sent_lately_is_suggested_and_ones_own_first(talk: Conversation, tomasz: Agent) -> None:
    mine, theirs, old = (shelf.template(name) for name in ("mine", "theirs", "old"))
    shelf.template("never")
    for _ in range(2):
        sent(talk, theirs, world.agent(f"other{_}"))
    sent(talk, mine, tomasz)
    sent(talk, old, tomasz, days=40)
    found = Shelf(talk, tomasz)
    assert names(found.suggested) == ["mine", "theirs"]
    assert names(found.others) == ["never", "old"]
    assert found.chosen and found.chosen.template == mine


@pytest.mark.parametrize(("times", "words"), [(4, ""), (6, "50% reply")])
def test_a_suggestion_says_how_often_customers_reply(
    talk: Conversation, tomasz: Agent, times: int, words: str
) -> None:
    hello = shelf.template("hello")
    for number in range(times):
        answered = world.conversation(over=talk.channel)
        message = sent(answered, hello, tomasz)
        Message.objects.filter(pk=message.pk).update(status="delivered")
        if number % 2:
            world.message(answered, "Yes!")
    assert [offer.reply_words for offer in Shelf(talk, tomasz).suggested] == [words]


def test_what_may_not_go_to_this_customer_is_not_suggested(talk: Conversation, tomasz: Agent) -> None:
    offer = shelf.template("a_sale", category="MARKETING")
    sent(talk, offer, tomasz)
    shelf.template("b_utility")
    found = Shelf(talk, tomasz)
    assert names(found.suggested) == []
    assert names(found.others) == ["b_utility", "a_sale"]
    assert found.chosen and found.chosen.template.name == "b_utility"


@pytest.mark.parametrize(
    ("fields", "closed", "opened"),
    [
        pytest.param({}, True, True, id="approved"),
        pytest.param({"status": "paused"}, True, True, id="paused, to say so"),
        pytest.param({"status": "pending"}, False, True, id="in review"),
        pytest.param({"status": "unsubmitted"}, False, True, id="for open windows"),
        pytest.param({"status": "rejected"}, False, False, id="rejected"),
        pytest.param({"status": "disabled"}, False, False, id="disabled"),
        pytest.param({"archived_at": "2026-01-01T00:00:00Z"}, False, False, id="put away"),
        pytest.param({"gone_at": "2026-01-01T00:00:00Z"}, False, False, id="gone"),
        pytest.param(
            {"gone_at": "2026-01-01T00:00:00Z", "status": "paused"}, False, False, id="gone and paused"
        ),
        pytest.param({"status": "pending", "types": kinds.authentication("Copy")}, False, False, id="a code"),
    ],
)
def test_what_can_be_sent_now_is_offered(
    talk: Conversation, tomasz: Agent, fields: dict[str, Any], closed: bool, opened: bool
) -> None:
    shelf.template("this_one", **fields)
    assert bool(Shelf(talk, tomasz).others) is closed
    assert bool(Shelf(world.conversation(over=talk.channel), tomasz).others) is opened


def test_templates_of_another_account_are_not_offered(talk: Conversation, tomasz: Agent) -> None:
    shelf.template(at=shelf.account("AC" + "b" * 32))
    assert Shelf(talk, tomasz).is_empty


@pytest.mark.parametrize(
    ("language", "usual", "chosen"),
    [
        pytest.param("pt_BR", "en", "pt_BR", id="theirs"),
        pytest.param("pt-br", "en", "pt_BR", id="theirs, written otherwise"),
        pytest.param("de_AT", "en", "de", id="its base"),
        pytest.param("pt_PT", "en", "pt_BR", id="another form of it"),
        pytest.param("pl", "en", "en", id="the usual one"),
        pytest.param("", "en", "en", id="not known"),
        pytest.param("pl", "xx", "de", id="any"),
    ],
)
def test_the_language_that_the_customer_reads_best(language: str, usual: str, chosen: str) -> None:
    versions = [Template(language=code) for code in ("pt_BR", "en", "de")]
    assert best_for(versions, language, usual).language == chosen


def test_a_family_is_one_row_with_its_other_languages(talk: Conversation, tomasz: Agent) -> None:
    talk.contact.language = "fr"
    for language in ("en", "fr"):
        shelf.template("order", language=language)
    shelf.template("other", language="en")
    found = Shelf(talk, tomasz)
    [order, _other] = found.others
    assert order.template.language == "fr"
    assert [template.language for template in order.versions] == ["en", "fr"]
    assert found.languages == ["en", "fr"]
    asked = Shelf(talk, tomasz, Wish(chosen=order.others[0].pk))
    assert asked.chosen and asked.chosen.template.language == "en"


def test_an_approved_version_wins_over_a_newer_one_in_review(talk: Conversation, tomasz: Agent) -> None:
    approved = shelf.template("order")
    shelf.template("order", status="pending")
    assert Shelf(world.conversation(over=talk.channel), tomasz).others[0].template == approved


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        pytest.param(Wish("shipped"), ["order_shipped"], id="a word of the name"),
        pytest.param(Wish("ORDER shipped"), ["order_shipped"], id="words of the name"),
        pytest.param(Wish("workshop"), ["order_shipped"], id="a word of the text"),
        pytest.param(Wish(category="MARKETING"), ["sale"], id="a category"),
        pytest.param(Wish(language="ar"), ["sale"], id="a language"),
        pytest.param(Wish("nothing like it"), [], id="nothing"),
    ],
)
def test_templates_are_found(talk: Conversation, tomasz: Agent, wish: Wish, found: list[str]) -> None:
    shelf.template("order_shipped", "Hi {{1}}, it left our workshop.")
    shelf.template("sale", "Hi {{1}}, everything must go.", category="MARKETING", language="ar")
    assert names(Shelf(talk, tomasz, wish).others) == found


@pytest.fixture
def counted() -> Iterator[CaptureQueriesContext]:
    with CaptureQueriesContext(connection) as queries:
        yield queries


def test_the_one_that_is_filled_is_found_without_the_others(
    talk: Conversation, tomasz: Agent, counted: CaptureQueriesContext
) -> None:
    asked = shelf.template("asked")
    for number in range(3):
        sent(talk, shelf.template(f"t{number}"), tomasz)
    before = len(counted)
    found = Shelf(talk, tomasz, Wish(chosen=asked.pk))
    assert found.chosen and found.chosen.template == asked
    queries = counted.captured_queries[before:]
    assert len(queries) == 2 and not any("inbox_message" in query["sql"] for query in queries)


def test_many_templates_cost_no_more_questions(
    talk: Conversation, tomasz: Agent, counted: CaptureQueriesContext
) -> None:
    for number in range(12):
        sent(talk, shelf.template(f"t{number}", category=["UTILITY", "MARKETING"][number % 2]), tomasz)
    before = len(counted)
    found = Shelf(talk, tomasz)
    assert len(found.suggested) == 3 and found.chosen
    assert len(found.shown) == 9
    assert len(counted) - before <= 8
