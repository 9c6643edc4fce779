"""Tiers: a pure function of status points and the rules. Spending never lowers one."""

from dataclasses import dataclass

from passes.programmes.rules import Rules

STEPS = 10
"""In how many steps the way to the next tier is drawn."""


@dataclass(frozen=True, slots=True)
class Way:
    """The way to the next tier, *rank*: *missing* status points, *step* of `STEPS`."""

    rank: int
    missing: int
    step: int


def rank(rules: Rules, status_points: int) -> int:
    """Return the highest tier reached, 0 being the first."""
    reached = (
        number
        for number, tier in enumerate(rules.tiers)
        if status_points >= tier.threshold
    )
    return max(reached, default=0)


def way(rules: Rules, status_points: int) -> Way | None:
    """Return the way to the next tier, or None from the top one."""
    here = rank(rules, status_points)
    if here + 1 == len(rules.tiers):
        return None
    start, end = rules.tiers[here].threshold, rules.tiers[here + 1].threshold
    done = max(0, status_points - start)
    return Way(
        rank=here + 1,
        missing=end - status_points,
        step=done * STEPS // (end - start),
    )
