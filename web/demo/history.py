"""Who comes to the demo café, and when: drawn from one seed, the same every time."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

SEED = 4711
DAYS = 92
MEMBERS = 40

_FIRST_NAMES = """
Camille Louis Jade Adam Louise Gabriel Alma Raphaël Inès Jules Lina Hugo Rose Noé Mila
Sacha Zoé Amir Léna Victor Nour Oscar Agathe Elias Margaux Samuel Salomé Bastien Yasmine
Théo Clémence Idriss Apolline Malo Fatou Simon Héloïse Kenji Solène Marius
"""
_LAST_NAMES = """
Bernard Roussel Diallo Fontaine Nguyen Marchal Benali Lefort Costa Perrin Keller Morvan
Haddad Vasseur Lambert Okafor Jacquet Rossi Delmas Tanguy
"""
# What a café sells, in cents: a coffee, a breakfast, a lunch, cakes for the family.
_BASKETS = ((220, 480), (560, 1150), (1240, 2190), (2400, 4600))
_BASKET_WEIGHTS = (46, 30, 20, 4)


@dataclass(frozen=True, slots=True)
class Guest:
    """A member, who joined *joined* after the beginning and comes so often a week."""

    name: str
    email: str | None
    language: str
    joined: timedelta
    visits_a_week: float


@dataclass(frozen=True, slots=True)
class Visit:
    """One purchase: which guest, when after the beginning, for how many cents."""

    guest: int
    after: timedelta
    amount: int


def guests() -> list[Guest]:
    """Return the members in the order in which they joined."""
    draw = random.Random(SEED)  # noqa: S311  (a plausible crowd, not a secret)
    joined = sorted(draw.betavariate(1, 1.8) * (DAYS - 2) for _ in range(MEMBERS))
    return [_guest(draw, number, days) for number, days in enumerate(joined)]


def visits(of: Sequence[Guest], days: int = DAYS) -> Iterator[Visit]:
    """Yield every purchase in the order of time; nobody comes twice in a day."""
    draw = random.Random(SEED + 1)  # noqa: S311
    for day in range(days):
        today = [_visit(draw, number, guest, day) for number, guest in enumerate(of)]
        yield from sorted(
            (visit for visit in today if visit is not None),
            key=lambda visit: visit.after,
        )


def opening(at: datetime) -> datetime:
    """Return the morning on which the demo's history begins, seen from *at*."""
    return (at - timedelta(days=DAYS)).replace(
        hour=0, minute=0, second=0, microsecond=0
    )


def _guest(draw: random.Random, number: int, days: float) -> Guest:
    first = _FIRST_NAMES.split()[number]
    last = draw.choice(_LAST_NAMES.split())
    handle = f"{first}.{last}".lower().translate(str.maketrans("éëèïç", "eeeic"))
    return Guest(
        name=f"{first} {last}",
        email=f"{handle}@example.org" if draw.random() < 0.7 else None,  # noqa: PLR2004
        language="en" if draw.random() < 0.15 else "fr",  # noqa: PLR2004
        joined=timedelta(days=days),
        # Most come now and then, a few nearly every day.
        visits_a_week=min(6.0, 0.4 + draw.expovariate(0.7)),
    )


def _visit(draw: random.Random, number: int, guest: Guest, day: int) -> Visit | None:
    chance, hour = draw.random(), draw.triangular(6.5, 18.5, 8.5)
    low, high = draw.choices(_BASKETS, _BASKET_WEIGHTS)[0]
    amount = draw.randrange(low, high, 10)
    after = timedelta(days=day, hours=hour)
    if after < guest.joined or chance >= guest.visits_a_week / 7:
        return None
    return Visit(number, after, amount)
