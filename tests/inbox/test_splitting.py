from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inbox.splitting import split


def words(text: str) -> str:
    return "".join(text.split())


@given(st.text(alphabet=st.sampled_from("ab.! \n\té🙂\u200d\U0001f3fd"), max_size=400), st.integers(5, 60))
def test_the_parts_rejoin_to_the_text_and_none_is_too_long(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert words("".join(parts)) == words(text)
    assert all(0 < len(part) <= limit and part == part.strip() for part in parts)


@given(st.text(max_size=3000))
def test_any_text_fits_into_messages_of_1600(text: str) -> None:
    parts = split(text, 1600)
    assert words("".join(parts)) == words(text)
    assert all(len(part) <= 1600 for part in parts)


def test_it_cuts_where_a_reader_would_pause() -> None:
    assert split("First thought.\n\nSecond thought, longer.", 30) == [
        "First thought.",
        "Second thought, longer.",
    ]
    assert split("One sentence here. Another one there.", 25) == ["One sentence here.", "Another one there."]
    assert split("many small words in a row", 12) == ["many small", "words in a", "row"]


def test_it_does_not_cut_inside_an_emoji() -> None:
    family = "👩\u200d👩\u200d👧"
    assert "".join(split(family * 10, 12)) == family * 10
    assert all(
        not part.startswith("\u200d") and not part.endswith("\u200d") for part in split(family * 10, 12)
    )


def test_a_short_text_is_one_part_and_an_empty_one_none() -> None:
    assert split(" hello ", 10) == ["hello"]
    assert split("  \n ", 10) == []
