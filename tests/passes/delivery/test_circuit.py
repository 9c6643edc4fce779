import itertools
from datetime import UTC, datetime, timedelta

import pytest

from passes.delivery import circuit
from passes.delivery.circuit import Circuit

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def broken() -> Circuit:
    """A circuit that three outages have just opened."""
    opened = Circuit(spread=lambda: 0)
    for _ in range(circuit.OPENS_AFTER):
        opened.failed(NOON)
    return opened


def test_a_single_outage_opens_nothing() -> None:
    fresh = Circuit()

    assert fresh.failed(NOON) is None
    assert fresh.admits(NOON)
    assert not fresh.is_open


def test_outages_that_follow_each_other_open_it(broken: Circuit) -> None:
    assert broken.is_open
    assert not broken.admits(NOON)


def test_a_success_between_outages_starts_the_count_again() -> None:
    lucky = Circuit()
    for _ in range(20):
        lucky.failed(NOON)
        lucky.succeeded()

    assert not lucky.is_open


def test_a_pause_lets_one_probe_through_and_no_second(broken: Circuit) -> None:
    later = NOON + circuit.SHORTEST

    assert broken.admits(later)
    assert not broken.admits(later)
    assert not broken.admits(later + timedelta(seconds=29))


def test_a_probe_that_never_came_back_does_not_close_the_way(broken: Circuit) -> None:
    broken.admits(NOON + circuit.SHORTEST)

    assert broken.admits(NOON + 2 * circuit.SHORTEST)


def test_a_probe_that_succeeds_closes_it(broken: Circuit) -> None:
    broken.admits(NOON + circuit.SHORTEST)
    broken.succeeded()

    assert broken.admits(NOON + circuit.SHORTEST)
    assert not broken.is_open


def test_pauses_double_up_to_an_hour(broken: Circuit) -> None:
    pauses = []
    for _ in range(12):
        until = broken.failed(NOON)
        assert until
        pauses.append((until - NOON).total_seconds())

    assert pauses == [60, 120, 240, 480, 960, 1920, *[3600] * 6]


@pytest.mark.parametrize("spread", [0, 0.25, 0.5, 0.999])
def test_a_spread_pause_stays_between_half_a_minute_and_an_hour(spread: float) -> None:
    wavering = Circuit(spread=lambda: spread)
    for _ in range(30):
        if until := wavering.failed(NOON):
            assert circuit.SHORTEST <= until - NOON <= circuit.LONGEST


def test_a_day_of_outage_costs_few_probes() -> None:
    tried = Circuit(spread=lambda: 0.5)
    probes = []
    for second in range(24 * 3600):
        at = NOON + timedelta(seconds=second)
        if tried.admits(at):
            probes.append(second)
            tried.failed(at)

    gaps = [after - before for before, after in itertools.pairwise(probes[2:])]
    assert min(gaps) >= 30
    assert len(probes) < 60


def test_a_clock_set_back_does_not_keep_it_open(broken: Circuit) -> None:
    assert broken.admits(NOON - timedelta(hours=1))
