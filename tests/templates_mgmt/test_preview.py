from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.template.loader import render_to_string
from hypothesis import given
from hypothesis import strategies as st

from inbox import formatting
from templates_mgmt import content as kinds
from templates_mgmt import placeholders
from templates_mgmt.content import Card, Content, Item
from templates_mgmt.preview import Preview
from tests.templates_mgmt.test_content import built

pieces = st.sampled_from(
    [
        "{{1}}",
        "{{2}}",
        "*",
        "_",
        "~",
        "`",
        "```",
        "- ",
        "> ",
        "\n",
        " ",
        "a",
        "<b>",
        "&",
        "https://a.example/",
    ]
)
texts = st.lists(pieces, max_size=14).map("".join)
filling = st.dictionaries(st.sampled_from(["1", "2"]), texts)


def page(content: Content, values: dict[str, str], **options: bool) -> str:
    return render_to_string("templates_mgmt/_shown.html", {"shown": Preview.of(content, values, **options)})


@given(texts, filling)
def test_marking_changes_no_letter_and_no_markup(text: str, values: dict[str, str]) -> None:
    filled = {name: value for name, value in values.items() if value.strip()}
    marked = str(Preview.of(Content(kinds.text(text)), values).body)
    without = re.sub(r'<span class="var( var--empty)?">(.*?)</span>', r"\2", marked, flags=re.DOTALL)
    assert without == formatting.to_html(placeholders.fill(text, filled))


@given(built, st.dictionaries(st.sampled_from(["1", "2", "3"]), st.text("ab<{}*&", min_size=1, max_size=6)))
def test_every_variable_without_a_value_is_marked(types: dict[str, Any], values: dict[str, str]) -> None:
    content = Content(types)
    shown = html.unescape(page(content, values))
    for part in (content.body, content.header, content.footer):
        for name in placeholders.names(part):
            assert (f'<span class="var var--empty">{{{{{name}}}}}</span>' in shown) >= (name not in values)


def test_a_value_is_marked_and_escaped() -> None:
    shown = page(Content(kinds.text("Hi {{1}}, {{2}}")), {"1": "<b>Ann</b>"})
    assert '<span class="var">&lt;b&gt;Ann&lt;/b&gt;</span>' in shown
    assert '<span class="var var--empty">{{2}}</span>' in shown


@pytest.mark.parametrize("blank", [pytest.param("", id="empty"), pytest.param(" \u00a0", id="white space")])
def test_a_blank_value_shows_as_missing(blank: str) -> None:
    assert 'var--empty">{{1}}<' in page(Content(kinds.text("Hi {{1}}")), {"1": blank})


def test_samples_stand_in_where_they_are_asked_for() -> None:
    content = Content(kinds.text("Hi {{1}} {{2}}"), {"1": "Ann", "2": "Bo"})
    assert 'var--empty">{{1}}<' in page(content, {})
    shown = page(content, {"2": "Cy"}, samples=True)
    assert "Ann" in shown and "Cy" in shown and "Bo" not in shown


def test_every_part_is_shown() -> None:
    buttons = [
        kinds.reply("Keep {{1}}"),
        kinds.link("Look", "https://a.example/{{1}}"),
        kinds.call("Call", "+44"),
    ]
    content = Content(
        kinds.whatsapp_card(
            "Body", header="Head", footer="Foot", urls=["https://a.example/lamp.png"], buttons=buttons
        )
    )
    shown = page(content, {"1": "x7"})
    for part in ("Head", "Body", "Foot", "lamp.png", "https://a.example/x7", "Look", "Call", "+44"):
        assert part in shown


@pytest.mark.parametrize(
    ("types", "parts"),
    [
        pytest.param(
            kinds.list_picker("Pick", "Open", [Item("a", "Apple", "Red"), Item("b", "Pear")]),
            ("Pick", "Open", "Apple", "Red", "Pear"),
            id="a list",
        ),
        pytest.param(
            kinds.location(51.5, -0.1, "Bench", "1 Lane"), ("Bench", "1 Lane", "51.5, -0.1"), id="a place"
        ),
        pytest.param(
            kinds.carousel(
                "See", [Card("One", "First", ("https://a.example/1.jpg",), (kinds.reply("Yes"),))]
            ),
            ("See", "One", "First", "1.jpg", "Yes"),
            id="cards",
        ),
        pytest.param(
            kinds.authentication("Copy", minutes=5),
            ("is your verification code.", "This code expires in 5 minutes.", "Copy"),
            id="a code",
        ),
        pytest.param(
            {"whatsapp/flows": {"body": "Fill in", "button_text": "Start"}}, ("Fill in", "Start"), id="a form"
        ),
        pytest.param({"twilio/pay": {"steps": [{"say": "Pay now"}]}}, ("Pay now",), id="an unknown type"),
    ],
)
def test_every_type_is_shown(types: dict[str, Any], parts: tuple[str, ...]) -> None:
    shown = html.unescape(page(Content(types), {}))
    assert [part for part in parts if part not in shown] == []


@pytest.mark.parametrize("url", ["javascript:alert(1)", "http://[", "lamp"])
def test_an_address_that_is_none_is_no_link(url: str) -> None:
    assert "href" not in page(Content(kinds.media("", [url])), {})
