from __future__ import annotations

import html
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox.formatting import to_html

MARKUP = set("*_~`>-\n ")


def shown(text: str) -> str:
    """What a reader sees: the tags away, the entities read."""
    return html.unescape(re.sub(r"<[^>]*>", "", to_html(text)))


def tags(text: str) -> list[str]:
    return re.findall(r"</?[a-z]+", to_html(text))


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("*bold*", "<strong>bold</strong>"),
        ("_slanted_ ~gone~", "<em>slanted</em> <s>gone</s>"),
        ("*_both_*", "<strong><em>both</em></strong>"),
        ("say `code *as is*`", "say <code>code *as is*</code>"),
        ("```a\n*b*```", '<code class="wa-code">a\n*b*</code>'),
        ("2*3*4 and snake_case_name", "2*3*4 and snake_case_name"),
        ("* not bold *", None),
        ("*open", "*open"),
        ("**", "**"),
        ("*a\nb*", "*a\nb*"),
        ("> said\n> so\nyes", '<span class="wa-quote">said\nso</span>yes'),
        ('1 < 2 & "3"', "1 &lt; 2 &amp; &quot;3&quot;"),
    ],
)
def test_it_shows_whatsapp_markup(typed: str, expected: str | None) -> None:
    assert "<strong>" not in to_html(typed) if expected is None else to_html(typed) == expected


def test_it_shows_a_list() -> None:
    assert to_html("- one\n- *two*") == (
        '<span class="wa-list" role="list"><span class="wa-item" role="listitem">one</span>'
        '<span class="wa-item" role="listitem"><strong>two</strong></span></span>'
    )


def test_a_link_leads_to_http_only_and_leaves_its_full_stop_outside() -> None:
    assert to_html("see https://a.example/x_y_z?q=1&r=2.") == (
        'see <a href="https://a.example/x_y_z?q=1&amp;r=2" target="_blank"'
        ' rel="noopener noreferrer nofollow ugc"><bdi>https://a.example/x_y_z?q=1&amp;r=2</bdi></a>.'
    )
    for other in ("javascript:alert(1)", "data:text/html,x", "ftp://a.example", "//a.example"):
        assert "<a" not in to_html(other)


def test_a_link_ends_where_the_reading_direction_would_turn() -> None:
    assert 'href="https://a.example/"' in to_html("https://a.example/\u202egpj.exe")


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "*<svg/onload=alert(1)>*",
        "`</code><script>x</script>`",
        'https://a.example/"onmouseover="alert(1)',
        "https://a.example/'><script>x</script>",
        "> <iframe srcdoc=x>",
        "- <b hx-get=/x>",
        "&lt;script&gt;",
        "```</code><script>```",
    ],
)
def test_no_markup_but_ours_comes_out(payload: str) -> None:
    allowed = {"<strong", "</strong", "<em", "</em", "<s", "</s", "<code", "</code", "<span", "</span",
               "<a", "</a", "<bdi", "</bdi"}  # fmt: skip
    assert set(tags(payload)) <= allowed
    for tag in re.findall(r"<[^>]*>", to_html(payload)):
        assert not re.search(r"\son|hx-|srcdoc", tag)


@given(st.text(alphabet=st.sampled_from("ab1 *_~`>-\n<&\"'/:htps.\u202e\u200f🙂é"), max_size=200))
def test_nothing_but_markup_is_ever_taken_away(text: str) -> None:
    rest = iter(text)
    for character in shown(text):
        for passed in rest:
            if passed == character:
                break
            assert passed in MARKUP
        else:
            raise AssertionError("shown, but never typed")
    assert set(rest) <= MARKUP


@given(st.text(max_size=300).filter(lambda t: not set(t) & set("*_~`>-")))
def test_text_without_markup_stays_exactly_as_typed(text: str) -> None:
    assert shown(text) == text


@given(st.text(max_size=300))
def test_every_tag_that_opens_closes(text: str) -> None:
    opened: list[str] = []
    for tag in re.findall(r"<(/?[a-z]+)", to_html(text)):
        if tag.startswith("/"):
            assert opened.pop() == tag[1:]
        else:
            opened.append(tag)
    assert not opened


@pytest.mark.parametrize(
    "unit", ["*a ", "`", "_*~", "https://", "```", "- ", "\n", "*a* ", "> \n", "<", "https://a.b/*_"]
)
def test_a_hundred_kilobytes_take_no_longer_than_their_length(unit: str) -> None:
    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        started = time.perf_counter()
        to_html(text)
        return time.perf_counter() - started

    seconds(1000)
    small = min(seconds(20_000) for _ in range(3))
    assert seconds(100_000) < 30 * small + 0.5
