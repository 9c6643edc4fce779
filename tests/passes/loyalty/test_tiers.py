"""Tiers follow from status points alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.loyalty import tiers
from passes.programmes.rules import STARTER


@pytest.mark.parametrize(
    ("status", "rank"),
    [(-5, 0), (0, 0), (99, 0), (100, 1), (299, 1), (300, 2), (10**6, 2)],
)
def test_a_tier_is_reached_at_its_threshold(status: int, rank: int) -> None:
    assert tiers.rank(STARTER, status) == rank


def test_the_way_says_what_is_missing_and_what_is_drawn() -> None:
    assert tiers.way(STARTER, 160) == tiers.Way(rank=2, missing=140, step=3)


def test_there_is_no_way_beyond_the_top() -> None:
    assert tiers.way(STARTER, 300) is None


@given(st.integers(-1000, 299))
def test_the_way_is_drawn_in_few_steps_and_never_full(status: int) -> None:
    way = tiers.way(STARTER, status)

    assert way is not None
    assert 0 <= way.step < tiers.STEPS
    assert way.missing > 0


@given(st.integers(-100, 1000), st.integers(0, 1000))
def test_more_status_never_lowers_a_tier(status: int, more: int) -> None:
    assert tiers.rank(STARTER, status + more) >= tiers.rank(STARTER, status)
