"""Three updates a day are told of, and the last is kept for what matters most."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.cards.announcement import Announcement
from tests.makers import NOON
from wallet_google import budget
from wallet_google.budget import UPDATES, WINDOW

NOTHING, POINTS, TIER = Announcement.NOTHING, Announcement.POINTS, Announcement.TIER
NOW = int(NOON.timestamp())


@pytest.mark.parametrize(
    ("told", "announcement", "spent"),
    [
        ([], POINTS, True),
        ([NOW - 9], POINTS, True),
        ([NOW - 9, NOW - 5], POINTS, False),
        ([NOW - 9, NOW - 5], TIER, True),
        ([NOW - 9, NOW - 5, NOW - 1], TIER, False),
        ([NOW - 86_400, NOW - 5], POINTS, True),
        ([NOW + 9, NOW + 5, NOW + 1], POINTS, True),
        ([], NOTHING, False),
    ],
)
def test_what_is_told(told: list[int], announcement: Announcement, spent: bool) -> None:
    found = budget.spend(told, announcement, NOON)

    assert (found is not None) is spent
    assert found is None or found[-1] == NOW


EVENTS = st.lists(
    st.tuples(st.integers(1, 20 * 3600), st.sampled_from([NOTHING, POINTS, TIER])),
    max_size=40,
)


@given(EVENTS)
def test_no_day_is_told_of_more_than_google_tells(
    events: list[tuple[int, Announcement]],
) -> None:
    at, told, spent = NOON, list[int](), list[tuple[datetime, Announcement]]()
    for pause, announcement in events:
        at += timedelta(seconds=pause)
        after = budget.spend(told, announcement, at)
        if after is not None:
            told = after
            spent.append((at, announcement))

    for number, (first, _) in enumerate(spent):
        day = [kind for when, kind in spent[number:] if when - first < WINDOW]
        assert len(day) <= UPDATES
        assert len(day) < UPDATES or day[-1] is TIER
    assert len(told) <= UPDATES
