"""Names: those in the order of time sort by it, and none repeats."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from passes import names
from tests.makers import NOON


@given(st.integers(0, 10**9), st.integers(1, 10**9))
def test_a_later_row_sorts_behind_an_earlier_one(since: int, apart: int) -> None:
    early = NOON + timedelta(milliseconds=since)

    later = names.ordered_id(early + timedelta(milliseconds=apart))

    assert names.ordered_id(early) < later


def test_rows_of_one_moment_have_names_of_their_own() -> None:
    assert len({names.ordered_id(NOON) for _ in range(10_000)}) == 10_000


def test_it_is_fit_for_an_address() -> None:
    assert set(names.ordered_id(NOON).upper()) <= set(names.ALPHABET)
