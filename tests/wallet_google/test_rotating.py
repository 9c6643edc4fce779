"""The barcode that changes: as RFC 6238 says, and for a moment."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.makers import NOON
from wallet_google import rotating

RFC_SEED = b"12345678901234567890"
SEEDS = st.binary(min_size=16, max_size=32)
TIMES = st.integers(1_600_000_000, 4_000_000_000).map(
    lambda seconds: datetime.fromtimestamp(seconds, UTC)
)


# RFC 6238, appendix B, the SHA-1 column.
@pytest.mark.parametrize(
    ("seconds", "digits"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_values_are_those_of_the_standard(seconds: int, digits: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)

    assert rotating.value(RFC_SEED, rotating.step(at)) == digits


@given(SEEDS, TIMES, st.integers(-1, 1))
def test_a_clock_may_be_one_period_off(seed: bytes, at: datetime, off: int) -> None:
    shown = rotating.value(seed, rotating.step(at + off * rotating.PERIOD))

    assert rotating.accepted(seed, shown, at) is not None


@given(SEEDS, TIMES, st.integers(2, 1000), st.booleans())
def test_no_clock_may_be_further_off(
    seed: bytes, at: datetime, off: int, late: bool
) -> None:
    now = rotating.step(at)
    shown = rotating.value(seed, now - off if late else now + off)

    near = {rotating.value(seed, now + by) for by in (-1, 0, 1)}
    assert (rotating.accepted(seed, shown, at) is None) is (shown not in near)


@pytest.mark.parametrize("shown", ["", "1", "é" * 8, "x" * 8, "\ud800" * 8])
def test_what_is_no_value_is_refused(shown: str) -> None:
    assert rotating.accepted(RFC_SEED, shown, NOON) is None


def test_google_computes_what_we_do() -> None:
    made = rotating.barcode(RFC_SEED, "L1.ABC.DE", "ABCDE-FGHJK")

    details = made["totpDetails"]
    (parameters,) = details["parameters"]
    assert made["valuePattern"] == "L1.ABC.DE.{totp_value_0}"
    assert bytes.fromhex(parameters["key"]) == RFC_SEED
    assert parameters["valueLength"] == rotating.DIGITS
    assert details["periodMillis"] == "30000"


def test_what_is_scanned_falls_apart_into_code_and_value() -> None:
    assert rotating.parted("L1.ABC.DE.01234567") == ("L1.ABC.DE", "01234567")


@pytest.mark.parametrize(
    "scanned",
    ["", "L1.ABC.DE", ".01234567", "01234567", "L1.A.B.0123456", "L1.A.B.٠١٢٣٤٥٦٧"],
)
def test_a_barcode_without_a_value_is_told_by_its_form(scanned: str) -> None:
    assert rotating.parted(scanned) is None


def test_seeds_are_new_each_time_and_long_enough() -> None:
    first, second = rotating.new_seed(), rotating.new_seed()

    assert first != second
    assert len(first) == len(second) == 20
