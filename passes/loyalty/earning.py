"""What a purchase earns: pure arithmetic, so that a quote equals the earning."""

from dataclasses import dataclass

from passes.errors import InvalidError
from passes.loyalty import ledger
from passes.programmes.rules import Rules

BASE = "base"
MAX_AMOUNT = 100_000_000
"""The largest purchase, in minor units of money."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one rule gives: *points* to spend, *status* towards the tier."""

    rule: str
    points: int
    status: int
    explanation: dict[str, object]


@dataclass(frozen=True, slots=True)
class Quote:
    """What a purchase would give, rule by rule."""

    rules_version: int
    lines: tuple[Line, ...]

    @property
    def points(self) -> int:
        """Points to spend, in all."""
        return sum(line.points for line in self.lines)

    @property
    def status(self) -> int:
        """Status points, in all."""
        return sum(line.status for line in self.lines)


def quote(rules: Rules, amount: int, decimals: int) -> Quote:
    """Return what *amount* (minor units, *decimals* of them) earns.

    Whole points only; a purchase too small for one earns none.

    Raises:
        InvalidError: the amount is not between one minor unit and `MAX_AMOUNT`, or
            earns more than one movement may give.
    """
    unit = 10**decimals
    if not 0 < amount <= MAX_AMOUNT:
        largest = MAX_AMOUNT // unit
        raise InvalidError("amount", f"Use more than zero and at most {largest}.")
    points = amount * rules.points_per_unit // unit
    if points > ledger.MAX_CHANGE:
        most = ledger.MAX_CHANGE
        raise InvalidError("amount", f"It would earn more than {most} points.")
    explanation: dict[str, object] = {
        "rule": BASE,
        "amount": amount,
        "decimals": decimals,
        "points_per_unit": rules.points_per_unit,
        "points": points,
    }
    lines = (Line(BASE, points, points, explanation),) if points else ()
    return Quote(rules.version, lines)
