"""Apple's answers, each with what it means for the row, the device and the lane."""

import json
from datetime import datetime, timedelta

import pytest

from passes.delivery import wallet
from passes.delivery.circuit import SHORTEST, Circuit
from passes.delivery.wallet import Claimed
from tests.makers import NOON
from wallet_apple import apns_answers, deliveries
from wallet_apple.apns_answers import Answer, Outcome
from wallet_apple.deliveries import MENDING, Batch

TOKEN = "ab" * 32


def ended(
    answer: Answer, *, attempts: int = 1, circuit: Circuit | None = None
) -> tuple[wallet.Answer, wallet.Report]:
    batch = Batch([Claimed(7, attempts)], {7: TOKEN}, {TOKEN: answer})
    report = deliveries.report(batch, circuit or Circuit(lambda: 0.0), NOON)
    [row] = report.answers
    return row, report


def after(**more: float) -> datetime:
    return NOON + timedelta(**more)


@pytest.mark.parametrize(
    ("status", "reason", "again", "pause"),
    [
        (410, "Unregistered", None, None),
        (400, "BadDeviceToken", None, None),
        (429, "TooManyRequests", after(minutes=1), None),
        (400, "DeviceTokenNotForTopic", after(hours=1), None),
        (400, "PayloadEmpty", after(hours=1), None),
        (413, "PayloadTooLarge", after(hours=1), None),
        (500, "InternalServerError", after(seconds=5), None),
        (503, "ServiceUnavailable", after(seconds=5), None),
        (400, "BadTopic", NOON + MENDING, NOON + MENDING),
        (400, "TopicDisallowed", NOON + MENDING, NOON + MENDING),
        (403, "BadCertificate", NOON + MENDING, NOON + MENDING),
        (403, "InvalidProviderToken", NOON + MENDING, NOON + MENDING),
    ],
)
def test_a_refusal_is_tried_again_in_its_own_time(
    status: int, reason: str, again: datetime | None, pause: datetime | None
) -> None:
    body = json.dumps({"reason": reason, "timestamp": 1}).encode()
    row, report = ended(apns_answers.read(status, body))
    assert row.outcome is wallet.Outcome.RETRY
    assert row.retry_at == again
    assert report.pause_until == pause
    assert reason in (row.error or "")


def test_an_accepted_push_is_delivered() -> None:
    row, report = ended(apns_answers.ACCEPTED)
    assert row.outcome is wallet.Outcome.DELIVERED
    assert report.pause_until is None


def test_a_day_of_refusals_gives_the_row_up() -> None:
    refused = Answer(Outcome.REFUSED, 400, "DeviceTokenNotForTopic")
    assert ended(refused, attempts=23)[0].outcome is wallet.Outcome.RETRY
    assert ended(refused, attempts=24)[0].outcome is wallet.Outcome.DEAD


@pytest.mark.parametrize(
    "outcome", [Outcome.UNAVAILABLE, Outcome.UNSENT, Outcome.CREDENTIALS]
)
def test_outages_do_not_bring_a_row_nearer_to_its_end(outcome: Outcome) -> None:
    assert ended(Answer(outcome), attempts=23)[0].attempts == 22


def test_what_was_given_back_was_not_tried() -> None:
    rows = [Claimed(7, 3)]
    reports = deliveries.stopped(rows, "no", NOON), deliveries.postponed(rows, NOON)
    assert [report.answers[0].attempts for report in reports] == [2, 2]


def test_a_busy_token_waits_longer_each_time() -> None:
    busy = Answer(Outcome.BUSY, 429, "TooManyRequests")
    waits = [ended(busy, attempts=n)[0].retry_at for n in (1, 2, 3, 50)]
    assert waits == [after(minutes=n) for n in (1, 2, 4, 30)]


def test_only_gone_and_bad_tokens_cost_a_device() -> None:
    answers = {outcome.value: Answer(outcome, gone_at=NOON) for outcome in Outcome}
    assert set(deliveries.dead(answers)) == {"gone", "bad token"}


@pytest.mark.parametrize(
    "outcome", [Outcome.UNAVAILABLE, Outcome.UNKNOWN, Outcome.UNSENT]
)
def test_three_outages_in_a_row_rest_the_lane(outcome: Outcome) -> None:
    circuit = Circuit(lambda: 0.0)
    down = Answer(outcome, 0, "no answer")
    pauses = [ended(down, circuit=circuit)[1].pause_until for _ in range(3)]
    assert pauses == [None, None, NOON + SHORTEST]
    assert ended(down, circuit=circuit)[1].reason == "no answer"


def test_one_answer_among_failures_is_no_outage() -> None:
    circuit = Circuit(lambda: 0.0)
    mixed = {"a": Answer(Outcome.UNAVAILABLE, 500), "b": apns_answers.ACCEPTED}
    for _ in range(5):
        batch = Batch([Claimed(1, 1), Claimed(2, 1)], {1: "a", 2: "b"}, mixed)
        assert deliveries.report(batch, circuit, NOON).pause_until is None


def test_a_row_whose_device_went_needs_no_answer() -> None:
    gone = {TOKEN: Answer(Outcome.GONE, 410, "Unregistered", NOON)}
    batch = Batch([Claimed(7, 1)], {7: TOKEN}, gone, frozenset({TOKEN}))
    assert deliveries.report(batch, Circuit(), NOON).answers == []
