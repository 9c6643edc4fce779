"""What each answer of Google's means for a row, and for its lane."""

from datetime import datetime, timedelta

import pytest

from passes.delivery.circuit import OPENS_AFTER, Circuit
from passes.delivery.wallet import Claimed, Report
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
NO_CLASS = errors.ClassRefusedError("no", NOON + timedelta(minutes=3))
NO_PICTURE = errors.PictureError("no")


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def report(*errors_: GoogleWalletError, circuit: Circuit | None = None) -> Report:
    ended = [deliveries.failed(ROW, error, NOON) for error in errors_]
    return deliveries.report(ended, circuit or Circuit(), NOON)


@pytest.mark.parametrize(
    ("error", "ending", "again_at"),
    [
        (AWAY, Ending.RETRY, after(5)),
        (BUSY, Ending.RETRY, after(7)),
        (errors.ThrottledError("busy"), Ending.RETRY, after(1)),
        (MALFORMED, Ending.DEAD, None),
        (ODD, Ending.RETRY, after(3600)),
        (NO_PICTURE, Ending.RETRY, after(3600)),
        (FORBIDDEN, Ending.RETRY, NOON + MENDING),
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
        (FORBIDDEN, True),
        (REVOKED, True),
        *[(one, False) for one in (AWAY, BUSY, MALFORMED, ODD, NO_CLASS, NO_PICTURE)],
    ],
)
def test_what_stops_a_lane(error: GoogleWalletError, rests: bool) -> None:
    found = report(error)

    assert found.pause_until == (NOON + MENDING if rests else None)
    assert found.reason or not rests


def test_what_is_refused_for_a_day_is_given_up() -> None:
    ended = deliveries.failed(Claimed(1, 24), ODD, NOON)

    (answer,) = deliveries.report([ended], Circuit(), NOON).answers

    assert answer.outcome is Ending.DEAD


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
