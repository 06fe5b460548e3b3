from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_whatsapp.simulator import content as phone
from templates_mgmt import placeholders

texts = st.lists(st.sampled_from(["{{1}}", "{{2}}", "{{name}}", "{", "}}", "Hi ", "\n", "é", "{{ 1 }}"])).map(
    "".join
)
values = st.dictionaries(st.sampled_from(["1", "2", "name"]), st.sampled_from(["Ann", "", "{{2}}", "\\1"]))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("Hi {{2}}, {{1}} and {{2}}", ["2", "1"], id="each once, in order of use"),
        pytest.param("Hi {{first_name}}", ["first_name"], id="a word"),
        pytest.param("Hi {{имя}}", ["имя"], id="a word in another script"),
        pytest.param("{{ 1 }} {1} {{}} {{first name}}", [], id="not quite variables"),
        pytest.param("{{12345678901234567}}", [], id="17 characters are too long"),
        pytest.param("{{{1}}}", ["1"], id="a brace too many outside"),
    ],
)
def test_variables_are_found_in_order(text: str, names: list[str]) -> None:
    assert placeholders.names(text) == names


def test_variables_of_several_texts_come_once() -> None:
    assert placeholders.names_of(["{{1}} {{3}}", "{{2}} {{1}}"]) == ["1", "3", "2"]


@pytest.mark.parametrize(
    ("text", "values", "filled"),
    [
        pytest.param("Hi {{1}}, {{2}}", {"1": "Ann", "2": "ok"}, "Hi Ann, ok", id="all"),
        pytest.param("Hi {{1}}, {{2}}", {"1": "Ann"}, "Hi Ann, {{2}}", id="unknown ones stay"),
        pytest.param("Hi {{1}} {{2}}", {"1": "{{2}}", "2": "x"}, "Hi {{2}} x", id="a value stays"),
        pytest.param("Hi {{1}}", {"1": r"\g<0>"}, r"Hi \g<0>", id="a value is no pattern"),
        pytest.param("Hi {{1}}", {"1": ""}, "Hi ", id="an empty value"),
        pytest.param("مرحباً {{1}}", {"1": "علي"}, "مرحباً علي", id="right to left"),
    ],
)
def test_variables_are_filled_once(text: str, values: dict[str, str], filled: str) -> None:
    assert placeholders.fill(text, values) == filled


@given(texts, values)
def test_filling_agrees_with_the_phone(text: str, values: dict[str, str]) -> None:
    assert placeholders.fill(text, values) == phone.fill(text, values)
    assert placeholders.names(text) == list(dict.fromkeys(phone.VARIABLE.findall(text)))


@given(texts, values)
def test_the_segments_are_the_filled_text(text: str, values: dict[str, str]) -> None:
    segments = placeholders.segments(text, values)
    assert "".join(piece for piece, _ in segments) == placeholders.fill(text, values)
    assert list(dict.fromkeys(name for _, name in segments if name)) == placeholders.names(text)


def test_segments_say_which_variable_a_piece_came_from() -> None:
    assert placeholders.segments("Hi {{1}}, see {{2}}.", {"1": "Ann"}) == [
        ("Hi ", ""),
        ("Ann", "1"),
        (", see ", ""),
        ("{{2}}", "2"),
        (".", ""),
    ]


def test_a_blank_value_is_missing() -> None:
    values = {"1": "Ann", "2": "", "3": " \u00a0\n"}
    assert placeholders.missing(["1", "2", "3", "4"], values) == ["2", "3", "4"]


@pytest.mark.parametrize(
    ("value", "word"),
    [
        pytest.param("Saturday 20 June", "", id="plain"),
        pytest.param("four    spaces", "", id="four spaces"),
        pytest.param("five     spaces", "spaces", id="five spaces"),
        pytest.param("a\nb", "line breaks", id="newline"),
        pytest.param("a\r\nb", "line breaks", id="carriage return"),
        pytest.param("a\u2028b", "line breaks", id="line separator"),
        pytest.param("a\tb", "tabs", id="tab"),
        pytest.param("a" * 1600, "", id="1600 characters"),
        pytest.param("a" * 1601, "1601", id="1601 characters"),
    ],
)
def test_a_value_that_cannot_go_out_is_told(value: str, word: str) -> None:
    problem = placeholders.problem(value)
    assert bool(problem) is bool(word) and word in problem
