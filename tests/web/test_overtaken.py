"""A request whose transaction loses against another is answered all the same."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from passes.cards.card import Card
from passes.people.actor import Role
from passes.programmes import programme as programmes
from tests import overtaking
from tests.makers import make_card
from tests.web import servers
from tests.web.api.callers import opened, served
from tests.web.clocks import HeldClock
from tests.web.servers import Server

pytestmark = pytest.mark.postgresql


@pytest.fixture
def server(
    postgresql_url: str, tmp_path: Path, certificates: Path, clock: HeldClock
) -> Iterator[Server]:
    """The server on PostgreSQL, whose transactions can lose."""
    settings = servers.settings_in(tmp_path, postgresql_url, certificates)
    with servers.serving(settings, clock) as serving:
        yield serving


def test_a_till_s_form_is_done_again(server: Server) -> None:
    worker = server.sign_in(Role.MANAGER)
    with server.services.write() as session:
        programme = programmes.by_id(session, worker.programme_id)
        card = make_card(session, programme)
    page = f"/staff/cards/{card.public_id}"
    overtaking.lose(server.services.sessions, "entry")

    answer = worker.browser.send(
        page, f"{page}/adjust", points="7", reason="a gift", key="once"
    )

    assert answer.status_code == 303
    with server.services.read() as session:
        assert session.get_one(Card, card.id).balance == 7


def test_a_call_of_the_api_is_done_again(
    postgresql_url: str, tmp_path: Path, clock: HeldClock
) -> None:
    with served(postgresql_url, clock, tmp_path) as services:
        till = opened(services)
        overtaking.lose(services.sessions, "entry", sqlstate=overtaking.SERIALIZATION)

        answer = till.earn("12.00")

    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer.headers
