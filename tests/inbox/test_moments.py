from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from inbox import moments

NOW = datetime(2026, 11, 25, 22, 30, tzinfo=UTC)  # a Wednesday


@pytest.mark.parametrize(
    ("day", "hour", "words"),
    [
        pytest.param(25, 14, "14:05", id="earlier today"),
        pytest.param(25, 23, "23:05", id="later today"),
        pytest.param(26, 13, "Thursday 13:05", id="tomorrow"),
        pytest.param(24, 23, "Tuesday 23:05", id="yesterday, though less than a day ago"),
        pytest.param(19, 9, "Thursday 09:05", id="six days ago"),
        pytest.param(18, 9, "18 November, 09:05", id="the same weekday"),
    ],
)
def test_a_moment_names_its_day_unless_it_is_today(day: int, hour: int, words: str) -> None:
    assert moments.day_and_time(datetime(2026, 11, day, hour, 5, tzinfo=UTC), NOW) == words


def test_a_moment_of_another_year_names_it() -> None:
    assert moments.day_and_time(datetime(2025, 6, 5, 9, 5, tzinfo=UTC), NOW) == "5 June 2025, 09:05"


def test_today_is_the_viewers_today() -> None:
    with timezone.override(ZoneInfo("Europe/Berlin")):
        assert moments.day_and_time(datetime(2026, 11, 25, 23, 5, tzinfo=UTC), NOW) == "Thursday 00:05"


@pytest.mark.parametrize(("language", "words"), [("en", "5 June 2026, 14:48"), ("de", "5. Juni 2026 14:48")])
def test_full_times_have_24_hours(language: str, words: str) -> None:
    with translation.override(language):
        assert moments.full_time(datetime(2026, 6, 5, 14, 48, tzinfo=UTC)) == words
