"""Every answer that Apple documents, and what it may cost: R9 as a table."""

import json
from datetime import UTC, datetime

import pytest

from wallet_apple import apns_answers
from wallet_apple.apns_answers import Outcome

STAMP = 1_795_000_000_123
MOMENT = datetime(2026, 11, 18, 11, 6, 40, 123000, tzinfo=UTC)

TABLE = [
    (200, "", Outcome.ACCEPTED),
    (400, "BadCollapseId", Outcome.REFUSED),
    (400, "BadDeviceToken", Outcome.BAD_TOKEN),
    (400, "BadExpirationDate", Outcome.REFUSED),
    (400, "BadMessageId", Outcome.REFUSED),
    (400, "BadPriority", Outcome.REFUSED),
    (400, "BadTopic", Outcome.MISCONFIGURED),
    (400, "DeviceTokenNotForTopic", Outcome.REFUSED),
    (400, "DuplicateHeaders", Outcome.REFUSED),
    (400, "IdleTimeout", Outcome.UNKNOWN),
    (400, "InvalidPushType", Outcome.REFUSED),
    (400, "MissingDeviceToken", Outcome.REFUSED),
    (400, "MissingTopic", Outcome.MISCONFIGURED),
    (400, "PayloadEmpty", Outcome.REFUSED),
    (400, "TopicDisallowed", Outcome.MISCONFIGURED),
    (403, "BadCertificate", Outcome.CREDENTIALS),
    (403, "BadCertificateEnvironment", Outcome.CREDENTIALS),
    (403, "BadEnvironmentKeyIdInToken", Outcome.CREDENTIALS),
    (403, "ExpiredProviderToken", Outcome.CREDENTIALS),
    (403, "Forbidden", Outcome.CREDENTIALS),
    (403, "InvalidProviderToken", Outcome.CREDENTIALS),
    (403, "MissingProviderToken", Outcome.CREDENTIALS),
    (403, "UnrelatedKeyIdInToken", Outcome.CREDENTIALS),
    (404, "BadPath", Outcome.REFUSED),
    (405, "MethodNotAllowed", Outcome.REFUSED),
    (410, "ExpiredToken", Outcome.GONE),
    (410, "Unregistered", Outcome.GONE),
    (413, "PayloadTooLarge", Outcome.REFUSED),
    (429, "TooManyProviderTokenUpdates", Outcome.CREDENTIALS),
    (429, "TooManyRequests", Outcome.BUSY),
    (500, "InternalServerError", Outcome.UNAVAILABLE),
    (503, "ServiceUnavailable", Outcome.UNAVAILABLE),
    (503, "Shutdown", Outcome.UNAVAILABLE),
]
PURGING = {Outcome.GONE, Outcome.BAD_TOKEN}


def body(reason: str, status: int) -> bytes:
    said: dict[str, object] = {"reason": reason} if reason else {}
    if status == 410:
        said["timestamp"] = STAMP
    return json.dumps(said).encode() if said else b""


@pytest.mark.parametrize(("status", "reason", "outcome"), TABLE)
def test_each_documented_answer_has_its_meaning(
    status: int, reason: str, outcome: Outcome
) -> None:
    answer = apns_answers.read(status, body(reason, status))

    assert answer.outcome is outcome
    assert (answer.status, answer.reason) == (status, reason)


def test_only_a_dead_or_unknown_token_costs_a_device() -> None:
    purging = {
        reason
        for status, reason, _ in TABLE
        if apns_answers.read(status, body(reason, status)).outcome in PURGING
    }

    assert purging == {"BadDeviceToken", "ExpiredToken", "Unregistered"}


@pytest.mark.parametrize("status", [100, 201, 301, 400, 401, 403, 418, 429, 500, 599])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"Unregistered"',
        b"[" * 100_000,
        b"\xff\xfe",
        b"null",
        b'{"reason": "SomethingNew"}',
        b'{"reason": ["BadDeviceToken"]}',
        b'{"reason": "Unregistered", "timestamp": 1795000000123}',
        b'{"timestamp": 1795000000123}',
    ],
)
def test_an_answer_that_is_not_documented_costs_no_device(
    status: int, body: bytes
) -> None:
    assert apns_answers.read(status, body).outcome not in PURGING


@pytest.mark.parametrize("status", [401, 403, 404, 410, 413, 429, 500, 503])
def test_bad_device_token_means_it_with_status_400_alone(status: int) -> None:
    answer = apns_answers.read(status, b'{"reason": "BadDeviceToken"}')

    assert answer.outcome not in PURGING


def test_a_dead_token_tells_when_it_died() -> None:
    assert apns_answers.read(410, body("Unregistered", 410)).gone_at == MOMENT


@pytest.mark.parametrize(
    "stamp",
    ["", ', "timestamp": "1795000000123"', ', "timestamp": null']
    + [f', "timestamp": {wrong}' for wrong in ("true", "1e400", "1.5", "9" * 40)],
)
def test_a_dead_token_without_a_time_costs_no_device(stamp: str) -> None:
    said = f'{{"reason": "Unregistered"{stamp}}}'.encode()

    assert apns_answers.read(410, said).outcome is Outcome.REFUSED


def test_a_reason_is_kept_short() -> None:
    answer = apns_answers.read(400, json.dumps({"reason": "x" * 5000}).encode())

    assert len(answer.reason) == 100


def test_two_outcomes_stop_the_lane() -> None:
    stopping = {outcome for outcome in Outcome if outcome.stops_the_lane}

    assert stopping == {Outcome.MISCONFIGURED, Outcome.CREDENTIALS}
