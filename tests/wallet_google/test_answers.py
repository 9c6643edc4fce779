"""Google's answers, read for what to do about them."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from wallet_google import answers, errors
from wallet_google.answers import Answer


def error(
    status: int,
    reason: str | None = None,
    message: str = "No.",
    headers: dict[str, str] | None = None,
) -> Answer:
    said: dict[str, object] = {"code": status, "message": message}
    if reason:
        one = {"message": message, "domain": "walletobjects", "reason": reason}
        said["errors"] = [one]
    return Answer(status, headers or {}, json.dumps({"error": said}).encode())


def test_a_resource_is_read() -> None:
    assert answers.read(Answer(200, {}, b'{"id": "1.x"}')) == {"id": "1.x"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(400, "invalidResource"), errors.RefusedError),
        (error(401, "authError"), errors.RevokedError),
        (error(403, "permissionDenied"), errors.ForbiddenError),
        (error(403, "accessNotConfigured"), errors.ForbiddenError),
        (error(403, "quotaExceeded"), errors.QuotaExceededError),
        (error(403, "rateLimitExceeded"), errors.ThrottledError),
        (error(403, "userRateLimitExceeded"), errors.ThrottledError),
        (error(404, "resourceNotFound"), errors.AbsentError),
        (error(409, "existingResource"), errors.ExistsError),
        (error(429, "rateLimitExceeded"), errors.ThrottledError),
        (Answer(429, {}, b""), errors.ThrottledError),
        (error(500), errors.UnavailableError),
        (Answer(502, {}, b"<html>"), errors.UnavailableError),
        (error(503), errors.UnavailableError),
        (error(504), errors.UnavailableError),
        (error(501), errors.RefusedError),
        (error(408), errors.RefusedError),
        # Somebody before Google, who knows nothing of our classes and objects.
        (Answer(404, {}, b"<html>Not Found"), errors.RefusedError),
        (Answer(409, {}, b""), errors.RefusedError),
        (Answer(302, {"location": "https://evil.example"}, b""), errors.RefusedError),
        (Answer(200, {}, b"<html>"), errors.UnavailableError),
        (Answer(200, {}, b'{"id": "1.x'), errors.UnavailableError),
        (Answer(200, {}, b"[]"), errors.UnavailableError),
        (Answer(200, {}, b"[" * 50_000), errors.UnavailableError),
        (Answer(200, {}, b""), errors.UnavailableError),
    ],
)
def test_each_answer_is_one_kind_of_error(
    answer: Answer, kind: type[Exception]
) -> None:
    with pytest.raises(errors.GoogleWalletError) as raised:
        answers.read(answer)
    assert type(raised.value) is kind


@pytest.mark.parametrize(("status", "permanent"), [(400, True), (403, False)])
def test_only_a_malformed_body_stays_wrong(status: int, permanent: bool) -> None:
    with pytest.raises(errors.RefusedError) as raised:
        answers.read(error(status, "someReason"))
    assert raised.value.permanent is permanent


def test_a_refusal_keeps_googles_words() -> None:
    with pytest.raises(errors.RefusedError, match="invalidResource: Bad") as raised:
        answers.read(error(400, "invalidResource", "Bad id"))
    refused = raised.value
    told = (refused.status, refused.reason, refused.message)
    assert told == (400, "invalidResource", "Bad id")


def test_a_rate_in_googles_newer_words_is_one_too() -> None:
    detail = {"@type": "ErrorInfo", "reason": "RATE_LIMIT_EXCEEDED"}
    said = {"code": 403, "message": "x", "status": "X", "details": [detail]}
    with pytest.raises(errors.ThrottledError):
        answers.read(Answer(403, {}, json.dumps({"error": said}).encode()))


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": 7}',
        b'{"error": {"message": 7, "errors": 7, "details": [7]}}',
        b'{"error": {"message": "x", "errors": [{"reason": 7}]}}',
        b'{"error": {"message": "x", "errors": [[]], "status": 7}}',
    ],
)
def test_an_error_in_another_shape_is_still_a_refusal(body: bytes) -> None:
    with pytest.raises(errors.RefusedError):
        answers.read(Answer(400, {}, body))


def test_a_long_message_is_cut() -> None:
    with pytest.raises(errors.RefusedError) as raised:
        answers.read(error(400, "invalidResource", "x" * 100_000))
    assert len(str(raised.value)) < 1000


@pytest.mark.parametrize(
    ("said", "seconds"), [("7", 7.0), ("", None), ("soon", None), ("-3", None)]
)
def test_the_pause_that_google_asks_for_is_read(
    said: str, seconds: float | None
) -> None:
    with pytest.raises(errors.ThrottledError) as raised:
        answers.read(error(429, headers={"retry-after": said}))
    assert raised.value.retry_after == seconds


def test_the_pause_may_be_a_date() -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    with pytest.raises(errors.UnavailableError) as raised:
        answers.read(error(503, headers={"retry-after": until}))
    assert 50 < (raised.value.retry_after or 0) <= 60


CARD = {
    "id": "1.c-1",
    "classId": "1.p-cafe",
    "state": "ACTIVE",
    "accountName": "Zoé Martin",
    "accountId": "AB12CD",
    "barcode": {"type": "QR_CODE", "value": "K7-secret", "alternateText": "AB12CD"},
    "rotatingBarcode": None,
    "textModulesData": [
        {
            "id": "history",
            "localizedBody": {
                "defaultValue": {"language": "fr", "value": "+5 (12 novembre)"}
            },
        }
    ],
    "linksModuleData": {"uris": [{"id": "page", "uri": "https://x.example/c/token"}]},
    "heroImage": {"sourceUri": {"uri": "https://x.example/media/1.png"}},
}


@pytest.mark.parametrize(
    "quoted",
    [
        "Zoé Martin",
        "AB12CD",
        "K7-secret",
        "+5 (12 novembre)",
        "https://x.example/c/token",
    ],
)
def test_what_google_quotes_of_a_person_is_cut(quoted: str) -> None:
    refusal = error(400, "invalidResource", f'Bad value "{quoted}" of 1.p-cafe.')

    with pytest.raises(errors.RefusedError) as raised:
        answers.read(refusal, CARD)

    assert raised.value.message == 'Bad value "…" of 1.p-cafe.'
    assert quoted not in str(raised.value)


def test_what_google_says_of_a_picture_or_field_is_kept() -> None:
    said = (
        "Image https://x.example/media/1.png cannot be loaded; textModulesData: "
        "history, fr, QR_CODE and AB12CDE."
    )

    with pytest.raises(errors.RefusedError) as raised:
        answers.read(error(400, "invalidResource", said), CARD)

    assert raised.value.message == said


def test_a_class_names_no_person() -> None:
    whole = {"id": "1.p-cafe", "textModulesData": [{"id": "rules", "body": "Rules"}]}

    with pytest.raises(errors.RefusedError, match="Rules"):
        answers.read(error(400, "invalidResource", "Rules are bad"), whole)
