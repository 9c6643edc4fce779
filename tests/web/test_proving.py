"""The ledger is proved each night, apart from every write, and told loudly."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from passes import db
from passes.delivery import schedule
from passes.loyalty import proofs
from tests.makers import NOON, make_programme
from tests.passes.loyalty.test_proofs import spoil
from tests.web import servers
from tests.web.clocks import HeldClock
from tests.web.servers import Server
from web import doctor, proving


@pytest.fixture
def server(
    database_url: str, tmp_path: Path, certificates: Path, clock: HeldClock
) -> Iterator[Server]:
    """The server on either engine in turn."""
    settings = servers.settings_in(tmp_path, database_url, certificates)
    with servers.serving(settings, clock) as serving:
        yield serving


def metrics(server: Server) -> str:
    """Return what Prometheus is told."""
    local = {"REMOTE_ADDR": "127.0.0.1"}
    return server.browser().get("/metrics", environ_base=local).text


def told(server: Server) -> doctor.Finding:
    """Return what the doctor says of the ledger."""
    services = server.services
    found = doctor.examine(services.settings, services.clock())
    return next(one for one in found if one.about == "ledger")


def test_it_is_proved_once_a_night(server: Server, clock: HeldClock) -> None:
    services = server.services
    assert proving.prove_when_due(services) is not None
    assert proving.prove_when_due(services) is None

    clock.at = NOON + timedelta(hours=14)
    assert proving.prove_when_due(services) is None
    clock.at = NOON + timedelta(hours=15)
    assert proving.prove_when_due(services) is not None


def test_what_differs_is_in_the_log_the_figures_and_the_doctor_s_words(
    server: Server,
) -> None:
    spoil(server.services.sessions)

    with capture_logs() as logged:
        proving.prove_when_due(server.services)

    [line] = [line for line in logged if line["event"] == "ledger_differs"]
    assert (line["log_level"], line["count"]) == ("error", 1)
    assert "the entries say 0" in line["reason"]
    assert "palier_ledger_differences 1.0" in metrics(server)
    assert not told(server).well
    assert "balance is 7, the entries say 0" in told(server).sentence


def test_a_good_ledger_is_told_too(server: Server) -> None:
    assert "palier_ledger" not in metrics(server)

    proving.prove_when_due(server.services)

    assert "palier_ledger_differences 0.0" in metrics(server)
    [proved] = re.findall(
        r"\npalier_ledger_proved_timestamp_seconds (\S+)", metrics(server)
    )
    assert float(proved) == NOON.timestamp()
    assert told(server).well


def test_nights_without_a_proof_need_a_hand(server: Server, clock: HeldClock) -> None:
    assert told(server).well
    proving.prove_when_due(server.services)
    clock.move(days=3)

    assert not told(server).well


def test_what_a_stopping_worker_leaves_is_due_again(server: Server) -> None:
    assert proving.prove_when_due(server.services, lambda: False) is None

    with server.services.read() as session:
        assert proofs.latest(session) is None
        assert schedule.upcoming(session)[proving.NAME] == NOON
    assert proving.prove_when_due(server.services) is not None


def test_a_till_goes_on_while_it_is_proved(server: Server) -> None:
    sessions = server.services.sessions
    spoil(sessions)

    def sell() -> bool:
        with db.write(sessions) as session:
            make_programme(session, f"during-{len(sold)}")
            sold.append(1)
        return True

    sold: list[int] = []

    result = proving.prove_when_due(server.services, sell)

    assert result is not None
    assert sold
