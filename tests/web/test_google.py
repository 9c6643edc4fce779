"""Google Wallet put together: with it, without it, and Google calling the server."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from passes.clock import now
from passes.delivery.lanes import Lane
from tests.makers import make_card, make_programme
from tests.web import googles, servers
from tests.web.clocks import HeldClock
from tests.web.servers import Browser, Server
from wallet_google import objects
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.standin.server import GoogleStandin
from wallet_google.standin.signing import CallbackSigner
from wallet_google.tables import GoogleNonce, GoogleObject
from web import upkeep
from web.config import Settings

CLASS, OBJECT = f"{ISSUER_ID}.p-cafe", f"{ISSUER_ID}.c-1"
CALLBACK = "/google/callback"


@pytest.fixture
def google(tmp_path: Path, clock: HeldClock) -> Iterator[GoogleStandin]:
    """What plays Google, its clock being the server's."""
    with googles.standin(tmp_path / "google", clock) as started:
        yield started


@pytest.fixture
def shop(
    settings: Settings, clock: HeldClock, google: GoogleStandin
) -> Iterator[Server]:
    """A server whose Google is the stand-in, and a card that Google has."""
    with servers.serving(googles.pointed(settings, google), clock) as serving:
        with serving.services.write() as session:
            card = make_card(session, make_programme(session))
        with serving.services.write() as session:
            session.add(
                GoogleObject(
                    card_id=card.id,
                    object_id=OBJECT,
                    class_id=CLASS,
                    lane=f"google:{ISSUER_ID}",
                    due_at=clock(),
                )
            )
        yield serving


def said(google: GoogleStandin, kind: str, clock: HeldClock) -> bytes:
    """Return what Google sends when somebody saves or removes the card."""
    return google.signer.callback(kind, object_id=OBJECT, class_id=CLASS, at=clock())


def in_wallet(server: Server) -> bool:
    """Tell whether the card's holder has it, as far as the server knows."""
    with server.services.read() as session:
        row = session.scalars(select(GoogleObject)).one()
        return row.in_wallet


def test_without_google_everything_is_apples(server: Server) -> None:
    assert server.services.google is None
    assert [wallet.name for wallet in server.services.wallets] == ["apple"]


def test_with_google_a_change_is_owed_to_both(shop: Server) -> None:
    assert [wallet.name for wallet in shop.services.wallets] == ["apple", "google"]


def test_a_service_account_that_is_gone_keeps_nobody_from_starting(
    shop: Server, google: GoogleStandin
) -> None:
    google.account_file.unlink()

    assert shop.browser().get("/readyz").status_code == 200


def test_a_card_that_was_saved_is_known_as_saved_until_it_is_removed(
    shop: Server, google: GoogleStandin, clock: HeldClock
) -> None:
    browser = shop.browser()
    answers = [browser.post(CALLBACK, data=said(google, "save", clock))]
    known = [in_wallet(shop)]
    answers.append(browser.post(CALLBACK, data=said(google, "del", clock)))
    known.append(in_wallet(shop))

    assert [answer.status_code for answer in answers] == [200, 200]
    assert known == [True, False]
    assert not any("Set-Cookie" in answer.headers for answer in answers)


def test_what_somebody_else_signed_changes_nothing(
    shop: Server, clock: HeldClock
) -> None:
    forger = CallbackSigner(at=clock())
    forged = forger.callback("save", object_id=OBJECT, class_id=CLASS, at=clock())

    answer = shop.browser().post(CALLBACK, data=forged)

    assert answer.status_code == 400
    assert not in_wallet(shop)


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"\xff" * 300, b"x" * 20_000])
def test_rubbish_is_refused_without_a_fault(shop: Server, body: bytes) -> None:
    assert 400 <= shop.browser().post(CALLBACK, data=body).status_code < 500


def test_it_is_counted_as_google(
    shop: Server, google: GoogleStandin, clock: HeldClock
) -> None:
    browser = shop.browser()
    browser.post(CALLBACK, data=said(google, "save", clock))

    figures = browser.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"}).text

    assert 'palier_requests_total{status="2xx",surface="google"}' in figures


def test_the_figures_tell_of_rests_and_when_google_has_everything(
    server: Server, clock: HeldClock
) -> None:
    lane = objects.lane(ISSUER_ID)
    until = clock() + timedelta(minutes=10)
    with server.services.write() as session:
        card = make_card(session, make_programme(session))
        objects.want(session, card.id, ISSUER_ID, clock())
        session.add(Lane(name=lane, paused_until=until, reason="403", failures=1))

    told = server.browser().get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"})

    assert f'palier_lane_rests_seconds{{lane="{lane}"}} 600.0' in told.text
    assert f'palier_google_done_seconds{{lane="{lane}"}} 600.05' in told.text


def test_a_callback_is_remembered_while_it_could_come_again(
    shop: Server, google: GoogleStandin, clock: HeldClock
) -> None:
    remembered = []
    shop.browser().post(CALLBACK, data=said(google, "save", clock))
    for hours in (1, 48):
        clock.move(hours=hours)
        upkeep.run_due(shop.services)
        with shop.services.read() as session:
            remembered.append(len(session.scalars(select(GoogleNonce)).all()))

    assert remembered == [1, 0]


def test_without_google_nobody_is_heard(site_client: Browser) -> None:
    signer = CallbackSigner(at=now())
    body = signer.callback("save", object_id=OBJECT, class_id=CLASS, at=now())

    assert site_client.post(CALLBACK, data=body).status_code == 404
