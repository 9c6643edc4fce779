"""R10: while Apple's and Google's services are away, the till is none the wiser."""

import time
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

import pytest
from sqlalchemy import Engine, select

from passes import db
from passes.cards.card import Card
from passes.db import Sessions
from passes.delivery import debts
from tests.faults import harness
from tests.faults.harness import Server, Shop, Till
from wallet_apple import authority, certificates, registrations
from wallet_apple.standin.apns import ApnsStandin
from wallet_apple.tables import Device, Registration
from wallet_google import objects
from wallet_google.standin import accounts
from wallet_google.standin.book import Trick
from wallet_google.standin.server import GoogleStandin
from wallet_google.tables import GoogleObject

SEED = 10
TILLS = 2
SHORT, LONG = 4.0, 60.0
SLACK = 0.2
NOISE = 0.25
"""Seconds that a few calls on a busy machine may differ by, with no outage at all."""


def install(sessions: Sessions) -> None:
    """Put every card onto a device of its own, and into Google Wallet."""
    at = datetime.now(UTC)
    with db.write(sessions) as session:
        for card_id in session.scalars(select(Card.id)).all():
            session.add(
                GoogleObject(
                    card_id=card_id,
                    object_id=objects.object_id(accounts.ISSUER_ID, f"{card_id}"),
                    class_id=objects.class_id(accounts.ISSUER_ID, "cafe"),
                    lane=objects.lane(accounts.ISSUER_ID),
                    wanted=1,
                    delivered=1,
                    balances="",
                    due_at=at,
                )
            )
            device = Device(
                library_identifier=f"device-{card_id}",
                pass_type=authority.PASS_TYPE_IDENTIFIER,
                push_token=f"{card_id:064x}",
                kind="apns",
                registered_at=at,
            )
            session.add(device)
            session.flush()
            session.add(
                Registration(
                    card_id=card_id,
                    device_id=device.id,
                    lane=registrations.lane(authority.PASS_TYPE_IDENTIFIER),
                    wanted=1,
                    delivered=1,
                    due_at=at,
                    registered_at=at,
                )
            )


def sell(server: Server, shop: Shop, seed: int, seconds: float) -> list[Till]:
    """Let the tills sell for a while and return them."""
    with harness.tills(server, shop, TILLS, seed) as running:
        time.sleep(seconds)
    return running


@pytest.mark.faults
def test_the_till_works_while_pushes_go_nowhere(
    tmp_path: Path,
    engine: Engine,
    database_url: str,
    long_form: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds = LONG if long_form else SHORT
    sessions = Sessions(engine)
    shop = harness.found(sessions)
    install(sessions)
    server = Server(tmp_path, database_url)
    folder = tmp_path / "data" / "certs"
    trusted = [certificates.ROOT_FILE, certificates.INTERMEDIATE_FILE]
    issuers = "".join((folder / name).read_text() for name in trusted)
    with (
        ApnsStandin(tmp_path / "apns", issuers) as apns,
        GoogleStandin(tmp_path / "google") as google,
    ):
        server.environment |= {
            "PALIER_APNS_URL": apns.url,
            "PALIER_APNS_CA_FILE": str(apns.ca_file),
            "PALIER_GOOGLE_ISSUER_ID": accounts.ISSUER_ID,
            "PALIER_GOOGLE_SERVICE_ACCOUNT": str(google.account_file),
            "PALIER_GOOGLE_API_URL": google.url,
        }
        with server:
            # The first calls of a process compile its queries.
            sell(server, shop, SEED + 2, SHORT / 2)
            well = sell(server, shop, SEED, seconds)
            taken = sum(one.status == HTTPStatus.OK for one in google.book.requests)
            apns.blackhole()
            google.book.decide = lambda method, path: Trick.SILENCE
            away = sell(server, shop, SEED + 1, seconds)
            with db.read(sessions) as session:
                owed = [
                    debts.of_wallet(session, rows).waiting
                    for rows in (Registration, GoogleObject)
                ]
            apns.restore()

    statuses = {status for till in (*well, *away) for status in till.statuses}
    broken = sum(till.broken for till in (*well, *away))
    p95 = [
        harness.percentile([took for till in tills for took in till.seconds], 0.95)
        for tills in (well, away)
    ]
    harness.say(
        capsys,
        f"R10 {engine.dialect.name} sold={sum(len(till.seconds) for till in away)}"
        f" p95_well={p95[0] * 1000:.0f}ms p95_away={p95[1] * 1000:.0f}ms"
        f" ratio={p95[1] / p95[0]:.2f} broken={broken} owed={owed}",
    )
    assert statuses == {201}
    assert broken == 0
    assert p95[1] <= p95[0] * (1 + SLACK) + (0 if long_form else NOISE)
    assert taken > 0
    assert min(owed) > 0
