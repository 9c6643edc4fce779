from tests.benchmarks import figures
from tests.benchmarks.figures import Figure


def test_a_goal_is_the_least_unless_it_is_the_most() -> None:
    assert Figure("a", 1, "x", ratio=0.9, goal=0.9).reached
    assert not Figure("a", 1, "x", ratio=0.9, goal=0.8, at_most=True).reached
    assert Figure("a", 1, "x").reached is None


def test_rates_are_per_second_and_by_case() -> None:
    measured = figures.rates(
        {"light": lambda: None, "heavy": lambda: sum(range(20_000))},
        rounds=3,
        seconds=0.01,
    )

    assert measured["light"] > measured["heavy"] > 0
