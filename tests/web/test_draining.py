"""Every lane is delivered to, and one that hangs keeps no other waiting."""

from contextlib import ExitStack

import pytest

from web import draining, worker
from web.draining import PLACES, Places

LANE, OTHER = "apple:pass.test", "google:1"


def test_a_lane_has_a_few_places_and_the_next_one_has_its_own() -> None:
    places = Places()
    with ExitStack() as stack:
        first = [stack.enter_context(places.taken(LANE)) for _ in range(PLACES)]
        more = stack.enter_context(places.taken(LANE))
        other = stack.enter_context(places.taken(OTHER))

    assert (first, more, other) == ([True] * PLACES, False, True)


def test_a_place_is_free_again_after_a_delivery_whether_it_went_well_or_not() -> None:
    places = Places()

    def fail() -> None:
        with places.taken(LANE) as free:
            assert free
            raise RuntimeError

    for _ in range(PLACES + 1):
        with pytest.raises(RuntimeError):
            fail()

    with places.taken(LANE) as free:
        assert free


def test_there_is_always_a_thread_for_another_lane() -> None:
    assert worker.DELIVERING > draining.PLACES
