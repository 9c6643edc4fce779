"""Keys, scopes, and the walls between programmes."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from passes.errors import InvalidError, NotFoundError
from passes.people.actor import SYSTEM
from passes.people.audit import AuditRecord
from tests.makers import NOON
from tests.web.api.callers import Caller, HeldClock, Till
from web.api import access, keys
from web.api.keys import Scope
from web.api.routes import PREFIX, ROUTES, Key, Route
from web.services import Services
from web.tables import ApiKey

BODIES = {
    "members.add": {"name": "Bo"},
    "members.change": {"name": "Bo"},
    "cards.lookup": {"code": "L1.nothing"},
    "cards.quote": {"amount": "1.00"},
    "cards.earn": {"amount": "1.00"},
    "cards.adjust": {"points": 1, "reason": "test"},
}
NO_ID = "0" * 16


def address(route: Route, **ids: str) -> str:
    """Return the route's address with these ids, or with ids that lead nowhere."""
    path = route.rule.removeprefix(PREFIX)
    for name in ("card", "member", "entry"):
        path = path.replace(f"<id:{name}>", ids.get(name, NO_ID))
    return path


def call(caller: Caller, route: Route, **ids: str) -> int:
    """Make a call that is right but for its ids, and return the status."""
    headers = (
        {"Idempotency-Key": f"for {route.name}"} if route.key is not Key.NONE else {}
    )
    method = route.method.upper()
    body = BODIES.get(route.name)
    return caller.send(
        method, address(route, **ids), headers=headers, json=body
    ).status_code


@pytest.mark.parametrize("scope", Scope)
def test_a_key_does_what_its_scope_says(
    caller_with: Callable[..., Caller], scope: Scope
) -> None:
    caller = caller_with(scope)

    allowed = {route.name for route in ROUTES if call(caller, route) != 403}

    assert allowed == {name for name, has in access.SCOPES.items() if scope in has}


def test_without_a_key_nothing_answers(till: Till) -> None:
    stranger = Caller(till.caller.api, "palier_00000000_wrong")

    assert {call(stranger, route) for route in ROUTES} == {401}


def test_what_is_no_key_opens_nothing(till: Till) -> None:
    for sent in (
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic dTpw"},
        {"Authorization": "Bearer é"},
        {"Authorization": "Bearer " + "k" * 9_000},
        {"Authorization": "", "Cookie": "__Host-s=signed-in; session=x"},
    ):
        answer = till.caller.send("GET", till.card, headers=sent)
        assert answer.status_code == 401
        assert answer.get_json()["code"] == "unauthorized"
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="palier"'


def test_the_api_sets_no_cookie(till: Till) -> None:
    assert "Set-Cookie" not in till.caller.get(till.card).headers
    assert "Set-Cookie" not in till.earn("1.00").headers


def test_another_programmes_things_are_not_there(till: Till, other_till: Till) -> None:
    ids = {
        "card": till.shop.card.public_id,
        "member": till.shop.member.public_id,
        "entry": till.earn("9.00").get_json()["entries"][0]["id"],
    }
    named = [route for route in ROUTES if "<" in route.rule]

    statuses = {route.name: call(other_till.caller, route, **ids) for route in named}

    assert statuses == {route.name: 404 for route in named}


def test_another_programmes_code_is_unknown(till: Till, other_till: Till) -> None:
    for code in (till.shop.card.code, till.shop.card.short_code):
        answer = other_till.caller.post("/cards/lookup", {"code": code})
        assert answer.status_code == 404


def test_the_member_code_needs_its_own_scope(
    till: Till, caller_with: Callable[..., Caller]
) -> None:
    with_code = caller_with(Scope.READ, Scope.REDEEM).get(till.card).get_json()
    without = caller_with(Scope.READ, Scope.EARN).get(till.card).get_json()

    assert with_code["code"] == till.shop.card.code
    assert "code" not in without


def test_a_revoked_key_is_refused_at_once(till: Till, services: Services) -> None:
    with services.write() as session:
        programme = till.shop.programme
        token = keys.create(session, programme, "old", ["read"], by=SYSTEM, at=NOON)
    caller = Caller(till.caller.api, token)
    assert caller.get(till.card).status_code == 200

    with services.write() as session:
        keys.revoke(session, till.shop.programme, "old", by=SYSTEM, at=NOON)

    assert caller.get(till.card).status_code == 401


def test_the_database_holds_no_key_that_could_be_used(
    till: Till, services: Services
) -> None:
    secret = till.caller.token.split("_", 2)[2]
    with services.read() as session:
        rows = session.scalars(select(ApiKey)).all()
        audit = session.scalars(select(AuditRecord)).all()
        stored = "".join(str(vars(row)) for row in [*rows, *audit])

    assert secret not in stored
    assert rows[0].prefix in till.caller.token


def test_the_last_use_is_noted_now_and_then(
    till: Till, services: Services, clock: HeldClock
) -> None:
    def noted() -> object:
        with services.read() as session:
            return session.scalar(select(ApiKey.used_at))

    till.caller.get(till.card)
    first = noted()
    clock.move(minutes=9)
    till.caller.get(till.card)
    assert first == noted() == NOON

    clock.move(minutes=1)
    till.caller.get(till.card)
    assert noted() == clock()


def test_unknown_scopes_are_refused(till: Till, services: Services) -> None:
    programme = till.shop.programme
    for scopes in ([], ["all"], ["read", "root"]):
        with services.write() as session, pytest.raises(InvalidError):
            keys.create(session, programme, "n", scopes, by=SYSTEM, at=NOON)


def test_a_name_is_given_to_one_key(till: Till, services: Services) -> None:
    programme = till.shop.programme
    with services.write() as session:
        keys.create(session, programme, "till", ["read"], by=SYSTEM, at=NOON)
        with pytest.raises(InvalidError):
            keys.create(session, programme, "till", ["earn"], by=SYSTEM, at=NOON)


def test_a_key_that_is_not_there_cannot_be_revoked(
    till: Till, services: Services
) -> None:
    with services.write() as session, pytest.raises(NotFoundError):
        keys.revoke(session, till.shop.programme, "none", by=SYSTEM, at=NOON)


def test_every_call_declares_its_scopes(till: Till) -> None:
    access.check(till.caller.api)
    till.caller.api.add_url_rule("/more", "more", lambda: "")

    with pytest.raises(RuntimeError, match="more"):
        access.check(till.caller.api)
