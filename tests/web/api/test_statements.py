"""A sale takes the same few statements, however long the card's history is."""

from sqlalchemy import event

from tests.web.api.callers import Till
from web.services import Services

SALE = [
    "INSERT INTO given_answer",
    "SAVEPOINT before_work",
    "SELECT card",
    "SELECT rules",
    "INSERT INTO purchase",
    "INSERT INTO entry",
    "UPDATE card",
    "INSERT INTO audit_record",
    "SELECT count",
    "UPDATE given_answer",
    "SELECT device",
]


def statements(till: Till, services: Services) -> list[str]:
    """Sell once, and return how each statement of it begins."""
    seen: list[str] = []

    def note(_: object, __: object, statement: str, *___: object) -> None:
        seen.append(statement)

    engine = services.sessions.engine
    event.listen(engine, "before_cursor_execute", note)
    till.earn("12.50")
    event.remove(engine, "before_cursor_execute", note)
    return [statement for statement in seen if not statement.startswith("BEGIN")]


def test_a_sale_takes_a_fixed_number_of_statements(
    till: Till, services: Services
) -> None:
    till.earn("12.50")
    first = statements(till, services)
    for _ in range(20):
        till.earn("12.50")

    assert statements(till, services) == first
    # The first one finds the key that the request came with.
    assert first[0].startswith("SELECT api_key")
    for said, expected in zip(first[1:], SALE, strict=True):
        assert said.startswith(expected)
