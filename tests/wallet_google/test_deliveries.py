"""What each answer of Google's means for a row, and for its lane."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from passes.delivery.circuit import OPENS_AFTER, Circuit
from passes.delivery.wallet import Answer, Claimed, Report
from passes.delivery.wallet import Outcome as Ending
from tests.makers import NOON
from wallet_google import deliveries, errors
from wallet_google.deliveries import MENDING, Ended, Outcome
from wallet_google.errors import GoogleWalletError

ROW = Claimed(1, 1)
AWAY = errors.UnavailableError("away")
BUSY = errors.ThrottledError("busy", retry_after=7)
MALFORMED = errors.RefusedError(400, "invalidResource", "no")
ODD = errors.RefusedError(408, "", "no", permanent=False)
FORBIDDEN = errors.ForbiddenError(403, "permissionDenied", "no", permanent=False)
REVOKED = errors.RevokedError("It is gone.", remedy="Make another.")
ODDLY_FORBIDDEN = errors.ForbiddenError(403, "", "no", permanent=False)
EXHAUSTED = errors.QuotaExceededError(403, "quotaExceeded", "no", permanent=False)
NO_CLASS = errors.ClassRefusedError("no", NOON + timedelta(minutes=3))
NO_PICTURE = errors.PictureError("no")


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def report(*errors_: GoogleWalletError, circuit: Circuit | None = None) -> Report:
    ended = [deliveries.failed(ROW, error, NOON, left=True) for error in errors_]
    return deliveries.report(ended, circuit or Circuit(), NOON)


def again(row: Claimed, error: GoogleWalletError, *, left: bool = True) -> Answer:
    """Return what an error means for a row that was tried before."""
    ended = deliveries.failed(row, error, NOON, left=left)
    (answer,) = deliveries.report([ended], Circuit(), NOON).answers
    return answer


@pytest.mark.parametrize(
    ("error", "ending", "again_at"),
    [
        (AWAY, Ending.RETRY, after(5)),
        (BUSY, Ending.RETRY, after(7)),
        (errors.ThrottledError("busy"), Ending.RETRY, after(1)),
        (MALFORMED, Ending.RETRY, after(60)),
        (ODD, Ending.RETRY, after(60)),
        (NO_PICTURE, Ending.RETRY, after(60)),
        (FORBIDDEN, Ending.RETRY, NOON + MENDING),
        (ODDLY_FORBIDDEN, Ending.RETRY, after(60)),
        (EXHAUSTED, Ending.RETRY, after(300)),
        (REVOKED, Ending.RETRY, NOON + MENDING),
        (NO_CLASS, Ending.RETRY, after(180)),
    ],
)
def test_when_a_row_is_tried_again(
    error: GoogleWalletError, ending: Ending, again_at: datetime | None
) -> None:
    (answer,) = report(error).answers

    assert (answer.outcome, answer.retry_at) == (ending, again_at)
    assert answer.error


@pytest.mark.parametrize(
    ("error", "rests"),
    [
        (FORBIDDEN, MENDING),
        (REVOKED, MENDING),
        (EXHAUSTED, timedelta(minutes=5)),
        *[
            (one, None)
            for one in (
                AWAY,
                BUSY,
                MALFORMED,
                ODD,
                ODDLY_FORBIDDEN,
                NO_CLASS,
                NO_PICTURE,
            )
        ],
    ],
)
def test_what_stops_a_lane(error: GoogleWalletError, rests: timedelta | None) -> None:
    found = report(error)

    assert found.pause_until == (NOON + rests if rests else None)
    assert found.reason or not rests


@pytest.mark.parametrize(
    ("cards", "others", "stopped"),
    [
        (1, [], 0),
        (2, [], 2),
        (2, [AWAY], 2),
        # Another card was let in: it is not the account that may not.
        (2, [None], 0),
    ],
)
def test_what_is_forbidden_to_one_card_after_the_other_stops_the_lane(
    cards: int, others: list[GoogleWalletError | None], stopped: int
) -> None:
    ended = [
        deliveries.failed(ROW, error, NOON, left=True)
        if error
        else Ended(ROW, Outcome.TAKEN)
        for error in [ODDLY_FORBIDDEN] * cards + others
    ]

    found = deliveries.agreed(ended)

    assert [one.outcome for one in found].count(Outcome.STOPPED) == stopped


@pytest.mark.parametrize("error", [MALFORMED, ODD, NO_PICTURE])
def test_what_is_refused_for_a_day_is_given_up(error: GoogleWalletError) -> None:
    minutes = []
    for attempts in range(1, deliveries.REFUSALS):
        answer = again(Claimed(1, attempts), error)
        assert answer.outcome is Ending.RETRY
        assert answer.retry_at
        minutes.append((answer.retry_at - NOON).total_seconds() / 60)

    assert minutes[:4] == [1, 10, 60, 60]
    assert 20 * 60 < sum(minutes) < 24 * 60
    assert again(Claimed(1, deliveries.REFUSALS), error).outcome is Ending.DEAD


@pytest.mark.parametrize(
    ("error", "left", "counted"),
    [
        (AWAY, False, 0),
        (BUSY, False, 0),
        (NO_CLASS, False, 0),
        (REVOKED, False, 0),
        # It may have arrived, or not: at most one of those counts.
        (AWAY, True, 1),
        (BUSY, True, 1),
        # A refusal is what is counted.
        (NO_PICTURE, False, 1),
        (ODD, True, 1),
    ],
)
def test_a_try_counts_if_something_may_have_come_of_it(
    error: GoogleWalletError, left: bool, counted: int
) -> None:
    first = again(Claimed(1, 1), error, left=left).attempts

    assert (1 if first is None else first) == counted


@pytest.mark.parametrize("trouble", [AWAY, BUSY, NO_CLASS, FORBIDDEN, EXHAUSTED])
def test_troubles_do_not_bring_a_row_nearer_to_its_end(
    trouble: GoogleWalletError,
) -> None:
    counted = 0
    for _ in range(40):
        answer = again(Claimed(1, counted + 1), trouble)
        assert answer.attempts is not None
        counted = answer.attempts

    assert again(Claimed(1, counted + 1), ODD).outcome is Ending.RETRY


@pytest.mark.parametrize(
    "given_back",
    [
        deliveries.postponed([Claimed(1, 3)], NOON),
        deliveries.stopped([Claimed(1, 3)], "revoked", NOON),
    ],
)
def test_what_never_left_was_not_tried(given_back: Report) -> None:
    assert [one.attempts for one in given_back.answers] == [2]


def test_what_is_to_be_forgotten_is_owed_until_it_is() -> None:
    ended = deliveries.failed(Claimed(1, 99), ODD, NOON, left=True)

    (answer,) = deliveries.report(
        [replace(ended, erasing=True)], Circuit(), NOON
    ).answers

    assert (answer.outcome, answer.retry_at) == (Ending.RETRY, after(900))


def test_what_could_not_be_written_does_not_show_that_google_is_there() -> None:
    circuit = Circuit()
    for _ in range(OPENS_AFTER):
        ended = [
            deliveries.failed(ROW, AWAY, NOON, left=True),
            deliveries.failed(ROW, NO_PICTURE, NOON),
        ]
        deliveries.report(ended, circuit, NOON)

    assert circuit.is_open


def test_outages_that_follow_one_another_open_the_circuit() -> None:
    circuit = Circuit()
    found = [report(AWAY, BUSY, circuit=circuit) for _ in range(OPENS_AFTER)]

    assert [one.pause_until is None for one in found] == [True, True, False]
    assert found[-1].answers[0].retry_at == found[-1].pause_until


@pytest.mark.parametrize("error", [MALFORMED, ODD])
def test_a_refusal_shows_that_google_is_there(error: GoogleWalletError) -> None:
    circuit = Circuit()
    for _ in range(OPENS_AFTER):
        report(AWAY, circuit=circuit)
        report(AWAY, error, circuit=circuit)

    assert not circuit.is_open


@pytest.mark.parametrize("outcome", [Outcome.SAME, Outcome.UNSENT])
def test_what_was_not_sent_shows_nothing(outcome: Outcome) -> None:
    circuit = Circuit()
    for _ in range(OPENS_AFTER):
        report(AWAY, circuit=circuit)

    deliveries.report([Ended(ROW, outcome)], circuit, NOON)

    assert circuit.is_open


def test_what_was_taken_is_remembered() -> None:
    ended = Ended(ROW, Outcome.TAKEN, notes={"fingerprint": "a"})

    (answer,) = deliveries.report([ended], Circuit(), NOON).answers

    assert answer.outcome is Ending.DELIVERED
    assert answer.notes == {"fingerprint": "a"}
