from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbox import statuses

WALK = [statuses.ACCEPTED, statuses.SENT, statuses.DELIVERED, statuses.READ]


@pytest.mark.parametrize(
    ("current", "new", "expected"),
    [
        ("queued", "sending", True),
        ("sending", "unknown", True),
        ("unknown", "accepted", True),
        ("accepted", "sent", True),
        ("read", "delivered", False),
        ("delivered", "sent", False),
        ("sent", "sent", False),
        # Failure wins over "sent", and proof of delivery over failure.
        ("sent", "undelivered", True),
        ("undelivered", "sent", False),
        ("failed", "undelivered", False),
        ("failed", "delivered", True),
        ("delivered", "failed", False),
        ("received", "read", False),
    ],
)
def test_a_status_only_rises(current: str, new: str, expected: bool) -> None:
    assert statuses.rises(current, new) is expected


def test_every_order_of_the_callbacks_with_repeats_ends_the_same() -> None:
    for order in itertools.permutations([*WALK, statuses.SENT, statuses.DELIVERED]):
        assert statuses.highest([statuses.QUEUED, *order]) == statuses.READ


@given(st.lists(st.sampled_from(sorted(statuses.RANK)), min_size=1))
def test_the_end_is_never_below_any_step(walk: list[str]) -> None:
    end = statuses.highest(walk)
    assert all(statuses.RANK[end] >= statuses.RANK[step] for step in walk)


@given(st.sampled_from(sorted(statuses.RANK)), st.sampled_from(sorted(statuses.RANK)))
def test_the_guard_of_the_update_says_what_the_ladder_says(current: str, new: str) -> None:
    assert (current in statuses.below(new)) is statuses.rises(current, new)
