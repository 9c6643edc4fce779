"""Requests that come again, one after the other and all at once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from passes import db
from passes.loyalty import verification
from passes.loyalty.entry import Account, Entry, Unit
from passes.loyalty.purchases import Purchase
from tests.web.api.callers import Caller, Till
from web.services import Services
from web.tables import GivenAnswer


def credited(services: Services) -> int:
    with services.read() as session:
        query = select(func.count()).where(
            Entry.account == Account.CARD, Entry.unit == Unit.POINTS
        )
        return session.scalar(query) or 0


def differences(services: Services) -> list[verification.Difference]:
    with services.read() as session:
        return list(verification.verify(session))


def test_a_repeated_sale_is_answered_again(till: Till) -> None:
    first = till.earn("12.50", key="k")

    again = till.earn("12.50", key="k")

    assert again.status_code == 201
    assert again.data == first.data
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers


def test_the_quoted_spelling_is_the_same_key(till: Till) -> None:
    first = till.earn("12.50", key="k")

    assert till.earn("12.50", key='"k"').data == first.data


def test_the_same_body_in_another_spelling_is_the_same_request(till: Till) -> None:
    path, headers = f"{till.card}/earn", {"Idempotency-Key": "k"}
    till.caller.send(
        "POST", path, data='{"amount":"12.50","receipt":"A"}', headers=headers
    )

    again = till.caller.send(
        "POST", path, data='{ "receipt": "A", "amount": "12.50" }', headers=headers
    )

    assert again.headers["Idempotency-Replayed"] == "true"


def test_another_body_under_the_key_is_refused(till: Till) -> None:
    till.earn("12.50", key="k")

    answer = till.earn("12.51", key="k")

    assert answer.status_code == 422
    assert answer.get_json()["code"] == "idempotency_key_reused"


def test_another_call_under_the_key_is_refused(till: Till) -> None:
    till.earn("12.50", key="k")

    assert till.adjust(5, key="k").status_code == 422


@pytest.mark.parametrize("path", ["earn", "adjust", "replace-code"])
def test_a_call_that_moves_points_needs_a_key(till: Till, path: str) -> None:
    bodies = {"earn": {"amount": "1.00"}, "adjust": {"points": 1, "reason": "x"}}

    answer = till.caller.post(f"{till.card}/{path}", bodies.get(path))

    assert answer.status_code == 400
    assert answer.get_json()["code"] == "idempotency_key_missing"
    assert answer.get_json()["field"] == "Idempotency-Key"


def test_a_refused_adjustment_is_refused_again_when_points_came(till: Till) -> None:
    refused = till.adjust(-10, key="k")
    till.earn("50.00")

    again = till.adjust(-10, key="k")

    assert refused.status_code == again.status_code == 409
    assert again.get_json()["code"] == "not_enough_points"
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.mimetype == "application/problem+json"


def test_bad_input_keeps_no_key(till: Till) -> None:
    till.earn("0.00", key="k")

    assert till.earn("12.50", key="k").status_code == 201


def test_a_receipt_is_credited_once_under_any_key(till: Till) -> None:
    first = till.earn("12.50", receipt="A-1").get_json()

    answer = till.earn("12.50", receipt="A-1")

    assert answer.status_code == 409
    assert answer.get_json()["code"] == "receipt_used"
    assert answer.get_json()["purchase"] == first["purchase"]["id"]


def test_keys_of_two_programmes_do_not_meet(till: Till, other_till: Till) -> None:
    till.earn("12.50", key="k")

    assert other_till.earn("9.00", key="k").status_code == 201


def test_a_key_outlives_the_api_key(till: Till, caller_with_all: Caller) -> None:
    first = till.earn("12.50", key="k")

    again = caller_with_all.post(f"{till.card}/earn", {"amount": "12.50"}, key="k")

    assert again.data == first.data


def test_two_hundred_posts_of_one_key_credit_once(
    till: Till, services: Services
) -> None:
    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(lambda _: till.earn("12.50", key="k"), range(200)))

    assert Counter(answer.status_code for answer in answers) == {201: 200}
    assert len({answer.data for answer in answers}) == 1
    assert credited(services) == 1
    assert differences(services) == []


def test_keys_that_race_each_credit_once(till: Till, services: Services) -> None:
    def sell(number: int) -> int:
        return till.earn("12.50", key=f"k{number % 8}").status_code

    with ThreadPoolExecutor(32) as threads:
        statuses = set(threads.map(sell, range(64)))

    assert statuses == {201}
    assert credited(services) == 8
    assert differences(services) == []


def test_one_receipt_under_many_keys_is_credited_once(
    till: Till, services: Services
) -> None:
    def sell(number: int) -> int:
        return till.earn("12.50", key=f"k{number}", receipt="A-1").status_code

    with ThreadPoolExecutor(16) as threads:
        statuses = Counter(threads.map(sell, range(32)))

    assert statuses == {201: 1, 409: 31}
    with services.read() as session:
        assert session.scalar(select(func.count()).select_from(Purchase)) == 1
        assert session.scalar(select(func.count()).select_from(GivenAnswer)) == 32


def test_points_for_one_are_taken_once(till: Till, services: Services) -> None:
    till.earn("10.00")

    def take(number: int) -> int:
        return till.adjust(-10, key=f"t{number}").status_code

    with ThreadPoolExecutor(16) as threads:
        statuses = Counter(threads.map(take, range(32)))

    assert statuses == {201: 1, 409: 31}
    assert differences(services) == []


def test_a_request_that_still_runs_makes_the_second_one_wait(
    till: Till, services: Services
) -> None:
    with db.write(services.sessions) as session:
        session.add(
            GivenAnswer(
                programme_id=till.shop.programme.id,
                key="k",
                fingerprint="f",
                at=services.clock(),
            )
        )
        session.flush()
        with ThreadPoolExecutor(1) as threads:
            answer = threads.submit(till.earn, "12.50", "k").result()
        session.rollback()

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert answer.get_json()["code"] == "busy"
    assert till.earn("12.50", "k").status_code == 201
