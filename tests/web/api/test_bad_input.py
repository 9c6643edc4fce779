"""Bad input is refused by name, on every endpoint, and changes nothing."""

import pytest

from tests.web.api import corpus
from tests.web.api.callers import Till
from tests.web.api.corpus import MONEY, Case, Kind, Shape
from tests.web.api.test_access import address
from web.api.routes import ROUTES, Key, Route
from web.services import Services

_TOO_MANY_LINES = [{"amount": "0.01"}] * 201
_PURCHASE = Shape(
    good={"amount": "1.00"},
    kinds={
        "amount": Kind.MONEY,
        "receipt": Kind.TEXT,
        "channel": Kind.TEXT,
        "voucher": Kind.TEXT,
        "location": Kind.TEXT,
    },
    wrong={
        "tip": tuple(value for value in MONEY if value is not None),
        "receipt": ("", "r" * 65),
        "channel": ("", "Store", "c" * 33, None),
        "occurred_at": (0, "", "yesterday", "2026-11-24", [], True, "x" * 5_000),
        "lines": (
            [],
            [[]],
            [{}],
            {},
            "x",
            7,
            [{"amount": 1}],
            [{"amount": "1.00", "vat": 1}],
            [{"amount": "0.99"}],
            [{"amount": "-1.00"}, {"amount": "2.00"}],
            [{"amount": "1.00", "item": "\x00"}],
            _TOO_MANY_LINES,
        ),
    },
)
_MEMBER = Shape(
    good={"name": "Bo"},
    kinds={
        "name": Kind.TEXT,
        "email": Kind.TEXT,
        "phone": Kind.TEXT,
        "birthday": Kind.TEXT,
        "locale": Kind.TEXT,
    },
    wrong={
        "email": ("x", "a@b", "a b@example.org", "a@example.org\n", "@", "e" * 255),
        "phone": ("x", "1", "0612", "+999999999999", "\uff10" * 10, "0" * 41),
        "birthday": ("02-30", "13-01", "2000-01-01", "1-1", "\uff10\uff11-01"),
        "locale": ("de", "", "FR"),
        "consents": (
            [],
            True,
            {"email_offers": 1},
            {"email_offers": "true"},
            {"sms": True},
        ),
    },
)
SHAPES = {
    "members.add": _MEMBER,
    "members.change": _MEMBER,
    "cards.lookup": Shape(
        {"code": "L1.x"}, {"code": Kind.TEXT}, {"code": ("", None, "c" * 65)}
    ),
    "cards.quote": _PURCHASE,
    "cards.earn": _PURCHASE,
    "cards.adjust": Shape(
        {"points": 5, "reason": "test"},
        {"points": Kind.POINTS, "reason": Kind.TEXT},
        {"points": (1_000_001, -1_000_001), "reason": ("", " ", None, "r" * 201)},
    ),
}
WITH_BODY = {route.name: route for route in ROUTES if route.name in SHAPES}
IDS = (
    "0",
    "-1",
    str(2**63),
    str(10**23),
    "x" * 15,
    "X" * 16,
    "%00" * 16,
    "\uff10" * 16,
    "..%2f..%2fetc",
    "a" * 10_000,
    "'--",
    "%ff%fe",
)


def send(till: Till, route: Route, case: Case) -> str | None:
    """Send the case, and return what is wrong with the answer."""
    ids = {
        "card": till.shop.card.public_id,
        "member": till.shop.member.public_id,
    }
    answer = till.caller.send(
        route.method.upper(),
        address(route, **ids),
        data=case.data,
        content_type=case.content_type,
        headers={"Idempotency-Key": "k"} if route.key is Key.REQUIRED else {},
    )
    told = answer.get_json(force=True)
    named = str(told.get("field"))
    if not 400 <= answer.status_code < 500:
        return f"{case.name}: {answer.status_code}"
    if answer.mimetype != "application/problem+json":
        return f"{case.name}: {answer.mimetype}"
    if not any(named == name or named.startswith(f"{name}.") for name in case.names):
        return f"{case.name}: {answer.status_code} names {named}"
    return None


def test_every_call_with_a_body_is_tried() -> None:
    taking = {route.name for route in ROUTES if "body" in route.view.__annotations__}

    assert taking == SHAPES.keys()


@pytest.mark.parametrize("name", SHAPES)
def test_a_bad_body_is_refused_and_changes_nothing(
    till: Till, services: Services, name: str
) -> None:
    with services.read() as session:
        before = corpus.state(session)

    wrong = [send(till, WITH_BODY[name], case) for case in corpus.cases(SHAPES[name])]

    assert list(filter(None, wrong)) == []
    with services.read() as session:
        assert corpus.state(session) == before


def test_an_id_that_is_none_leads_nowhere(till: Till, services: Services) -> None:
    with services.read() as session:
        before = corpus.state(session)
    named = [route for route in ROUTES if "<" in route.rule]

    for route in named:
        for wrong in IDS:
            answer = till.caller.send(
                route.method.upper(),
                address(route, card=wrong, member=wrong, entry=wrong),
                data=b'{"amount":"1.00"}',
                headers={"Idempotency-Key": "k"},
            )
            assert (wrong, answer.status_code) in {(wrong, 404), (wrong, 405)}
            assert answer.mimetype == "application/problem+json"
    with services.read() as session:
        assert corpus.state(session) == before


def test_an_unknown_parameter_is_refused_everywhere(till: Till) -> None:
    for route in ROUTES:
        answer = till.caller.send(
            route.method.upper(),
            address(route),
            query_string={"surprise": "1"},
            json={},
            headers={"Idempotency-Key": "k"},
        )
        told = answer.get_json()
        assert (route.name, told["code"]) == (route.name, "unknown_field")
        assert told["field"] == "surprise"


def test_a_search_for_anything_is_answered(till: Till) -> None:
    for words in ("%", "_", "'", "\\", "\uff11", "é", "a" * 80, " "):
        assert till.caller.get("/members", q=words).status_code == 200
    for words in ("\x00", "a\nb", "a" * 81):
        answer = till.caller.get("/members", q=words)
        assert answer.get_json()["field"] == "q"


def test_a_wrong_idempotency_key_is_refused_by_name(till: Till) -> None:
    for key in ("", " ", '"', "k" * 256, "clé"):
        answer = till.caller.post(f"{till.card}/earn", {"amount": "1.00"}, key=key)
        assert answer.status_code == 400
        assert answer.get_json()["field"] == "Idempotency-Key"


def test_methods_and_addresses_that_are_not_there_are_problems_too(till: Till) -> None:
    answers = [
        till.caller.send("PUT", till.card),
        till.caller.send("TRACE", till.card),
        till.caller.get("/nothing"),
        till.caller.get("//cards"),
    ]

    assert [answer.status_code for answer in answers] == [405, 405, 404, 404]
    assert {answer.mimetype for answer in answers} == {"application/problem+json"}
    assert "GET" in answers[0].headers["Allow"]
