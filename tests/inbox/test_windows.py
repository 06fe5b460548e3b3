from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import windows

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("left", "state", "short"),
    [
        (timedelta(hours=24), "open", "23h"),
        (timedelta(hours=4, minutes=6), "open", "4h"),
        (timedelta(hours=4, minutes=5), "soon", "4h 00m"),
        (timedelta(hours=1, minutes=57), "soon", "1h 52m"),
        (timedelta(hours=1, minutes=5), "urgent", "1h 00m"),
        (timedelta(minutes=43), "urgent", "38m"),
        (timedelta(minutes=6), "urgent", "1m"),
        # Five minutes early for people, so that nobody writes into a closing door.
        (timedelta(minutes=5), "closed", "0m"),
        (timedelta(0), "closed", "0m"),
        (timedelta(days=-3), "closed", "0m"),
    ],
)
def test_the_remaining_time_is_said_in_words(left: timedelta, state: str, short: str) -> None:
    remaining = windows.remaining(NOW + left, NOW)
    assert (remaining.state, remaining.short) == (state, short)


def test_an_address_that_never_wrote_has_no_window() -> None:
    assert windows.remaining(None, NOW).state == "closed"


def test_a_message_opens_it_for_24_hours() -> None:
    assert windows.closes_at(NOW) - NOW == timedelta(hours=24)


@given(st.timedeltas(timedelta(days=-40), timedelta(days=2)))
def test_the_ring_stays_within_its_circle(left: timedelta) -> None:
    remaining = windows.remaining(NOW + left, NOW)
    assert 0 <= remaining.percent <= 100
    assert remaining.is_open is (remaining.state != "closed")
