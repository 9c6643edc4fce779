"""Sessions on the server: their cookie, their ends, and what is kept of them."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from passes.people.actor import Role
from tests.web import servers
from tests.web.clocks import HeldClock
from tests.web.servers import PASSWORD, Browser, Server, Worker
from web.accounts import passwords, sessions, store
from web.accounts.account import Account
from web.config import Settings
from web.tables import WebSession

SignIn = Callable[..., Worker]
PAGE = "/account/browsers"


def cookie(browser: Browser) -> str:
    """Return the value of the session's cookie."""
    found = browser.get_cookie("palier", domain="127.0.0.1")
    assert found is not None
    return found.value


@pytest.mark.asvs("v5.0.0-7.2.4")
def test_signing_in_gives_another_cookie(server: Server) -> None:
    email = server.employ(Role.STAFF)
    browser = server.browser()
    browser.get("/login")
    before = cookie(browser)

    browser.send("/login", email=email, password=PASSWORD)

    assert cookie(browser) != before


def test_a_cookie_that_an_attacker_chose_is_not_taken_over(server: Server) -> None:
    email = server.employ(Role.STAFF)
    browser = server.browser()
    browser.set_cookie("palier", "A" * 43, domain="127.0.0.1")

    browser.send("/login", email=email, password=PASSWORD)

    assert cookie(browser) != "A" * 43


@pytest.mark.asvs("v5.0.0-7.2.3")
def test_the_database_does_not_hold_what_the_cookie_says(
    server: Server, sign_in: SignIn
) -> None:
    token = cookie(sign_in(Role.STAFF).browser)

    with server.services.read() as session:
        row = session.scalar(select(WebSession))

    assert row is not None
    assert row.id == sessions.digest(token)
    assert token not in str(row.document)


@pytest.mark.asvs("v5.0.0-7.3.1")
def test_a_session_ends_when_it_is_not_used(sign_in: SignIn, clock: HeldClock) -> None:
    worker = sign_in(Role.MANAGER)

    clock.move(hours=11, minutes=59)
    still = worker.browser.get(PAGE).status_code
    clock.move(hours=12)
    ended = worker.browser.get(PAGE).status_code

    assert (still, ended) == (200, 303)


@pytest.mark.asvs("v5.0.0-7.3.2")
def test_a_session_ends_after_a_week_however_busy(
    sign_in: SignIn, clock: HeldClock
) -> None:
    worker = sign_in(Role.MANAGER)
    statuses = []

    for _ in range(7 * 4):
        clock.move(hours=6)
        statuses.append(worker.browser.get(PAGE).status_code)

    assert statuses == [200] * 27 + [303]


def test_a_session_is_not_written_at_every_page(
    server: Server, sign_in: SignIn, clock: HeldClock
) -> None:
    worker = sign_in(Role.STAFF)

    def seen() -> object:
        with server.services.read() as session:
            return session.scalar(select(WebSession.seen_at))

    first = seen()
    clock.move(seconds=30)
    worker.browser.get(PAGE)
    soon = seen()
    clock.move(seconds=31)
    worker.browser.get(PAGE)

    assert soon == first
    assert seen() == clock()


@pytest.mark.asvs("v5.0.0-7.4.2")
def test_an_account_that_is_switched_off_is_out_at_once(
    server: Server, sign_in: SignIn
) -> None:
    worker = sign_in(Role.STAFF)

    with server.services.write() as session:
        session.execute(update(Account).values(active=False))

    assert worker.browser.get(PAGE).status_code == 303


def test_a_new_password_ends_every_session_but_the_one_kept(server: Server) -> None:
    workers = [server.sign_in(Role.STAFF) for _ in range(2)]
    kept = passwords.digest("marmite-tunnel-72-gris")

    with server.services.write() as session:
        account = store.by_email(session, workers[0].email)
        assert account is not None
        store.keep_password(session, account, kept)

    assert [worker.browser.get(PAGE).status_code for worker in workers] == [303, 303]


def test_a_role_that_is_taken_away_is_gone_at_the_next_request(
    server: Server, sign_in: SignIn
) -> None:
    worker = sign_in(Role.STAFF)
    before = worker.browser.get("/staff/").status_code

    server.employ(Role.AUDITOR, "cafe", worker.email)

    assert (before, worker.browser.get("/staff/").status_code) == (200, 403)


@pytest.mark.asvs("v5.0.0-3.3.1")
def test_over_https_the_cookie_is_a_host_cookie(
    settings: Settings, clock: HeldClock
) -> None:
    public = settings.model_copy(update={"base_url": "https://shop.example"})
    with servers.serving(public, clock) as server:
        email = server.employ(Role.STAFF)
        browser = server.browser()
        browser.base = "https://shop.example"
        answer = browser.send("/login", email=email, password=PASSWORD)

    given = answer.headers["Set-Cookie"]
    assert given.startswith("__Host-s=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in given.split("; ")
    assert "Domain" not in given


def test_over_http_the_cookie_is_never_seen_by_a_script(server: Server) -> None:
    email = server.employ(Role.STAFF)

    answer = server.browser().send("/login", email=email, password=PASSWORD)

    assert "HttpOnly" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("page", ["/", "/join/cafe", "/healthz", "/brand/cafe.css"])
def test_a_customers_page_sets_no_cookie(server: Server, page: str) -> None:
    server.employ(Role.OWNER)

    answer = server.browser().get(page)

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers


def test_a_visitor_writes_nothing_to_the_database(server: Server) -> None:
    server.browser().get("/login")

    with server.services.read() as session:
        assert session.scalar(select(WebSession)) is None


@pytest.mark.parametrize("value", ["v.forged.signature.x", "v.", "", "é", "A" * 5000])
def test_a_cookie_that_is_not_ours_is_no_session(server: Server, value: str) -> None:
    answer = server.browser().get(
        "/login", headers={"Cookie": f"palier={value}".encode().decode("latin-1")}
    )

    assert answer.status_code == 200


@pytest.mark.asvs("v5.0.0-14.3.2")
def test_a_page_with_a_session_is_never_stored(sign_in: SignIn) -> None:
    answer = sign_in(Role.STAFF).browser.get(PAGE)

    assert answer.headers["Cache-Control"] == "no-store"
    assert "Cookie" in answer.headers["Vary"]
