from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_whatsapp.simulator import content as phone
from templates_mgmt import content as kinds
from templates_mgmt.content import Button, Card, Content, Item, Place

words = st.lists(
    st.sampled_from(["Hi", " ", "{{1}}", "{{2}}", "{{3}}", "é", "\n", "{", "👋"]), min_size=1
).map("".join)
maybe = st.one_of(st.just(""), words)
urls = st.lists(st.sampled_from(["https://a.example/{{1}}", "https://b.example/x.png"]), max_size=2)
buttons = st.lists(
    st.one_of(
        st.builds(kinds.reply, words, maybe),
        st.builds(kinds.link, words, st.sampled_from(["https://a.example/{{2}}", "https://a.example"])),
        st.builds(kinds.call, words, st.just("+442079460000")),
        st.builds(kinds.coupon, words, words),
    ),
    max_size=3,
)
items = st.lists(st.builds(Item, words, words, maybe), max_size=3)
cards = st.lists(st.builds(Card, maybe, words, urls.map(tuple), buttons.map(tuple)), max_size=2)
built = st.one_of(
    st.builds(kinds.text, words),
    st.builds(kinds.media, maybe, urls),
    st.builds(kinds.quick_reply, words, st.lists(st.tuples(words, maybe), max_size=3)),
    st.builds(kinds.call_to_action, words, buttons),
    st.builds(kinds.list_picker, words, words, items),
    st.builds(kinds.card, words, maybe, urls=urls, buttons=buttons),
    st.builds(kinds.whatsapp_card, words, header=maybe, footer=maybe, urls=urls, buttons=buttons),
    st.builds(kinds.location, st.floats(-90, 90), st.floats(-180, 180), maybe, maybe),
    st.builds(kinds.authentication, words, minutes=st.none() | st.integers(1, 90), advice=st.booleans()),
    st.builds(kinds.carousel, words, cards),
)
values = st.dictionaries(st.sampled_from(["1", "2", "3"]), st.text(max_size=8) | st.just("{{2}}"))


@given(built, values)
def test_without_samples_only_the_given_values_are_filled(
    types: dict[str, Any], values: dict[str, str]
) -> None:
    content = Content(types, {"1": "sample", "2": "sample", "3": "sample"})
    assert content.shown(values) == Content(types).shown(values, samples=True)


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind) for kind in kinds.RICHNESS])
def test_the_richest_type_is_chosen_as_the_phone_does(kind: str) -> None:
    assert kinds.RICHNESS == phone.RICHNESS
    assert Content({kinds.TEXT: {"body": "Hi"}, kind: {"body": "Hi"}}).kind == kind


@pytest.mark.parametrize(
    ("types", "text"),
    [
        pytest.param({"twilio/pay": {"body": "Pay {{1}}"}}, "Pay {{1}}", id="a body"),
        pytest.param({"twilio/schedule": {"id": "x", "title": "Slots"}}, "Slots", id="a title"),
        pytest.param({"twilio/pay": {"steps": [{"say": "Pay now"}]}}, "Pay now", id="words deep inside"),
        pytest.param({"twilio/pay": {}}, "twilio/pay", id="no words at all"),
        pytest.param({"twilio/pay": None}, "twilio/pay", id="no shape"),
        pytest.param({}, "Text", id="no type"),
        pytest.param({"twilio/pay": {"body": "x"}, "twilio/text": {"body": "Hi"}}, "Hi", id="beside a text"),
        pytest.param({"twilio/text": {"body": None}}, "Text", id="an empty body"),
    ],
)
def test_an_unknown_type_shows_its_words(types: dict[str, Any], text: str) -> None:
    content = Content(types)
    assert content.shown({}).text == text
    assert set(content.kinds) >= set(types)


@pytest.mark.parametrize(
    ("shape", "seen"),
    [
        pytest.param({"actions": "x", "media": None}, ((), ()), id="words for lists"),
        pytest.param({"actions": ["x", {"title": "Ok"}]}, ((), ("Ok",)), id="a word among buttons"),
        pytest.param({"media": "https://a.example"}, (("https://a.example",), ()), id="one address"),
    ],
)
def test_odd_shapes_are_survived(shape: dict[str, Any], seen: tuple[Any, Any]) -> None:
    content = Content({kinds.WHATSAPP_CARD: shape})
    assert (content.media_urls, tuple(button.title for button in content.buttons)) == seen


@pytest.mark.parametrize(
    ("types", "session_only", "needs_approval"),
    [
        pytest.param(kinds.text("Hi"), False, False, id="text"),
        pytest.param(kinds.quick_reply("Hi", [("Ok", "ok")]), False, False, id="quick-reply"),
        pytest.param(kinds.list_picker("Hi", "Open", []), True, False, id="list-picker"),
        pytest.param(kinds.location(1, 2, "Here"), True, False, id="location"),
        pytest.param(kinds.carousel("Hi", []), False, True, id="carousel"),
        pytest.param(kinds.authentication("Copy"), False, True, id="authentication"),
        pytest.param({"twilio/flows": {"body": "Hi"}}, False, True, id="flows"),
        pytest.param({"whatsapp/flows": {"body": "Hi"}}, False, True, id="whatsapp flows"),
        pytest.param(kinds.call_to_action("Hi", [kinds.coupon("Copy", "A1")]), False, True, id="coupon"),
    ],
)
def test_where_a_type_may_be_sent(types: dict[str, Any], session_only: bool, needs_approval: bool) -> None:
    content = Content(types)
    assert (content.is_session_only, content.needs_approval) == (session_only, needs_approval)
    assert content.is_session_only == (content.kind in phone.SESSION_ONLY)


def test_variables_are_named_in_reading_order_wherever_they_stand() -> None:
    link = kinds.link("See {{4}}", "https://a.example/{{5}}")
    types = kinds.whatsapp_card("Body {{2}}", header="{{1}}", footer="{{3}}", buttons=[link])
    assert Content(dict(reversed(types.items()))).names == ["1", "2", "3", "4", "5"]


def test_variables_of_lists_and_cards_count() -> None:
    assert Content(kinds.list_picker("Hi", "{{1}}", [Item("{{2}}", "{{3}}", "{{4}}")])).names == [*"1234"]
    card = Card("{{1}}", "{{2}}", ("https://a.example/{{3}}",), (kinds.reply("{{4}}", "x"),))
    assert Content(kinds.carousel("Hi", [card])).names == [*"1234"]


def test_what_is_never_filled_is_no_variable() -> None:
    assert Content(kinds.call_to_action("Hi", [kinds.call("Call", "{{1}}")])).names == []


def test_a_one_time_code_has_one_variable_and_whatsapps_words() -> None:
    content = Content(kinds.authentication("Copy code", minutes=10))
    assert content.names == ["1"]
    assert content.shown({"1": "4711"}).text == (
        "4711 is your verification code. For your security, do not share this code.\n"
        "This code expires in 10 minutes."
    )


def test_a_location_is_a_place() -> None:
    shown = Content(kinds.location(51.5, 0, "Workshop {{1}}", "Bench Lane")).shown({"1": "A"})
    assert shown.place == Place("51.5", "0", "Workshop A", "Bench Lane")
    assert shown.text == "Workshop A"
    assert Content(kinds.location(51.5, 0)).shown({}).text == "51.5, 0"


def test_a_carousel_shows_its_cards() -> None:
    card = Card("Lamp", "For {{1}}", ("https://a.example/{{2}}",), (kinds.reply("Take {{1}}", "take"),))
    shown = Content(kinds.carousel("Hi", [card])).shown({"1": "Ann", "2": "x.png"})
    button = Button("QUICK_REPLY", "Take Ann", id="take")
    assert shown.cards == (Card("Lamp", "For Ann", ("https://a.example/x.png",), (button,)),)


def test_a_form_shows_the_button_that_opens_it() -> None:
    assert Content({"twilio/flows": {"body": "Hi", "button_text": "Book"}}).shown({}).list_button == "Book"


@pytest.mark.parametrize(
    ("types", "fallback"),
    [
        pytest.param(kinds.media("Look", ["https://a.example/x.png"]), "Look", id="media"),
        pytest.param(kinds.media("", ["https://a.example/x.png"]), None, id="media without words"),
        pytest.param(kinds.quick_reply("Hi", [("Ok", "ok")]), "Hi", id="quick-reply"),
        pytest.param(kinds.call_to_action("Hi", []), "Hi", id="call-to-action"),
        pytest.param(kinds.list_picker("Hi", "Open", []), "Hi", id="list-picker"),
        pytest.param(kinds.card("Lamp", "Oak"), "Lamp\nOak", id="card"),
        pytest.param(kinds.whatsapp_card("Hi", header="A", footer="B"), "A\nHi\nB", id="whatsapp card"),
        pytest.param(kinds.location(1, 2, "Here"), "Here", id="location"),
        pytest.param(kinds.carousel("Hi", []), "Hi", id="carousel"),
        pytest.param(kinds.authentication("Copy"), None, id="authentication"),
    ],
)
def test_a_plain_text_stands_beside_the_richer_types(types: dict[str, Any], fallback: str | None) -> None:
    assert types.get(kinds.TEXT, {}).get("body") == fallback


def test_built_buttons_have_twilios_fields() -> None:
    buttons = [kinds.link("See", "https://a.example"), kinds.call("Call", "+44"), kinds.coupon("Copy", "A1")]
    assert kinds.call_to_action("Hi", buttons)[kinds.CALL_TO_ACTION]["actions"] == [
        {"type": "URL", "title": "See", "url": "https://a.example"},
        {"type": "PHONE_NUMBER", "title": "Call", "phone": "+44"},
        {"type": "COPY_CODE", "title": "Copy", "code": "A1"},
    ]
    assert kinds.quick_reply("Hi", [("Ok", "")])[kinds.QUICK_REPLY]["actions"] == [
        {"type": "QUICK_REPLY", "title": "Ok", "id": "Ok"}
    ]
