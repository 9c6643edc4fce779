"""What a purchase earns."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.errors import InvalidError
from passes.loyalty import earning, ledger
from passes.programmes.rules import STARTER


def test_each_whole_unit_earns_the_rate() -> None:
    quoted = earning.quote(replace(STARTER, points_per_unit=10), 1250, 2)

    assert quoted.points == 125
    assert quoted.status == 125


def test_the_arithmetic_is_told() -> None:
    (line,) = earning.quote(STARTER, 1250, 2).lines

    assert line.explanation == {
        "rule": "base",
        "amount": 1250,
        "decimals": 2,
        "points_per_unit": 1,
        "points": 12,
    }


def test_a_purchase_too_small_for_a_point_earns_none() -> None:
    quoted = earning.quote(STARTER, 99, 2)

    assert quoted.lines == ()
    assert quoted.points == 0


def test_a_currency_without_decimals_has_whole_units() -> None:
    assert earning.quote(STARTER, 500, 0).points == 500


@pytest.mark.parametrize("amount", [0, -1, earning.MAX_AMOUNT + 1, 2**63])
def test_an_impossible_amount_is_refused_by_name(amount: int) -> None:
    with pytest.raises(InvalidError) as refusal:
        earning.quote(STARTER, amount, 2)

    assert refusal.value.field == "amount"


MOST = [(earning.MAX_AMOUNT, 1, 2), (100_000, 1000, 2), (1_000_000, 1, 0)]


@pytest.mark.parametrize(("amount", "rate", "decimals"), MOST)
def test_a_purchase_may_earn_as_much_as_one_movement_gives(
    amount: int, rate: int, decimals: int
) -> None:
    quoted = earning.quote(replace(STARTER, points_per_unit=rate), amount, decimals)

    assert quoted.points == ledger.MAX_CHANGE


@pytest.mark.parametrize(("amount", "rate", "decimals"), MOST[1:])
def test_a_quote_promises_no_more_than_that(
    amount: int, rate: int, decimals: int
) -> None:
    rules = replace(STARTER, points_per_unit=rate)

    with pytest.raises(InvalidError) as refusal:
        earning.quote(rules, amount + 10**decimals, decimals)

    assert refusal.value.field == "amount"


@pytest.mark.parametrize(
    ("decimals", "largest"), [(2, "1000000"), (0, "100000000"), (3, "100000")]
)
def test_the_largest_amount_is_named_in_the_currencys_own_units(
    decimals: int, largest: str
) -> None:
    with pytest.raises(InvalidError, match=f"at most {largest}\\."):
        earning.quote(STARTER, earning.MAX_AMOUNT + 1, decimals)


@given(st.integers(1, 50_000), st.integers(1, 50_000), st.integers(1, 1000))
def test_a_bigger_purchase_never_earns_less(small: int, more: int, rate: int) -> None:
    rules = replace(STARTER, points_per_unit=rate)

    bigger = earning.quote(rules, small + more, 2)
    assert bigger.points >= earning.quote(rules, small, 2).points
    assert isinstance(bigger.points, int)
