"""A sale takes the same few statements, however long the card's history is."""

from sqlalchemy import event

from tests.web.api.callers import Till
from web.services import Services

SALE = [
    "SELECT api_key.id, api_key.programme_id,",
    "INSERT INTO given_answer",
    "SELECT card.id, card.public_id,",
    "INSERT INTO purchase",
    "INSERT INTO entry",
    "UPDATE card SET",
    "INSERT INTO audit_record",
    "SELECT count(*) AS",
    "UPDATE given_answer SET",
    "WITH locked AS",
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
    words = [statement.split()[:3] for statement in seen]
    return [" ".join(first) for first in words if first[0] != "BEGIN"]


def test_a_sale_takes_the_same_statements_whatever_came_before(
    till: Till, services: Services
) -> None:
    till.earn("12.50")
    early = statements(till, services)
    for _ in range(20):
        till.earn("12.50")

    late = statements(till, services)

    assert early == late == SALE
