"""How often one may ask, without anything being written."""

import pytest

from wallet_apple.limits import Limit


class Monotonic:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Monotonic:
    return Monotonic()


def test_a_minute_s_worth_may_come_at_once(time: Monotonic) -> None:
    limit = Limit(5, monotonic=time)
    assert [limit.wait("a") for _ in range(5)] == [0] * 5
    assert limit.wait("a") > 0


def test_the_wait_that_is_told_is_enough(time: Monotonic) -> None:
    limit = Limit(5, monotonic=time)
    for _ in range(5):
        limit.wait("a")
    time.now += limit.wait("a")
    assert limit.wait("a") == 0


def test_being_refused_makes_it_no_longer(time: Monotonic) -> None:
    limit = Limit(5, monotonic=time)
    for _ in range(5):
        limit.wait("a")
    assert {limit.wait("a") for _ in range(100)} == {limit.wait("a")}


def test_each_key_is_counted_alone(time: Monotonic) -> None:
    limit = Limit(1, monotonic=time)
    assert [limit.wait("a"), limit.wait("b")] == [0, 0]


def test_after_a_minute_all_is_forgotten(time: Monotonic) -> None:
    limit = Limit(5, monotonic=time)
    for _ in range(5):
        limit.wait("a")
    time.now += 60
    assert [limit.wait("a") for _ in range(5)] == [0] * 5


def test_a_flood_of_keys_fills_nothing(time: Monotonic) -> None:
    limit = Limit(1, room=10, monotonic=time)
    for number in range(1000):
        limit.wait(str(number))
    assert len(limit._until) == 10
