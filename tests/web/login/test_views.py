"""Signing in and out, choosing a programme, and where one is signed in."""

import statistics
import time
from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from passes.people import team
from passes.people.actor import Role
from passes.people.audit import AuditRecord
from passes.programmes import programme as programmes
from tests.makers import NOON
from tests.web.clocks import HeldClock
from tests.web.servers import PASSWORD, Browser, Server, Worker
from web.accounts import invitations, store
from web.accounts.account import Account
from web.tables import RateCounter, WebSession

SignIn = Callable[..., Worker]


def attempts(browser: Browser, email: str, password: str, times: int) -> list[int]:
    """Try to sign in several times and return the statuses."""
    token = browser.token("/login")
    fields = {"csrf_token": token, "email": email, "password": password}
    return [browser.post("/login", data=fields).status_code for _ in range(times)]


def test_an_owner_is_led_to_the_studio(sign_in: SignIn) -> None:
    assert sign_in(Role.OWNER).browser.get("/home").location == "/studio/"


def test_staff_are_led_to_the_till(sign_in: SignIn) -> None:
    assert sign_in(Role.STAFF).browser.get("/home").location == "/staff/"


def test_who_is_not_signed_in_is_asked_to_and_the_page_remembered(
    site_client: Browser,
) -> None:
    asked = site_client.get("/account/browsers?lang=en")
    assert asked.status_code == 303
    assert asked.location == "/login?next=/account/browsers?lang%3Den"


def test_next_is_followed_after_signing_in(server: Server) -> None:
    email = server.employ(Role.STAFF)

    answer = server.browser().send(
        "/login", email=email, password=PASSWORD, next="/account/browsers?lang=en"
    )

    assert answer.location == "/account/browsers?lang=en"


@pytest.mark.parametrize("email", ["staff@cafe.example", "nobody@cafe.example"])
def test_a_wrong_password_and_an_unknown_address_look_the_same(
    server: Server, email: str
) -> None:
    server.employ(Role.STAFF)

    answer = server.browser().send(
        "/login?lang=en", "/login?lang=en", email=email, password="x"
    )

    assert answer.status_code == 422
    assert "do not go together" in answer.text
    assert email in answer.text


@pytest.mark.asvs("v5.0.0-6.3.8")
def test_an_unknown_address_takes_as_long_as_a_wrong_password(server: Server) -> None:
    server.employ(Role.STAFF)

    def median(email: str) -> float:
        taken = []
        for _ in range(4):
            browser = server.browser()
            token = browser.token("/login")
            began = time.perf_counter()
            browser.post(
                "/login",
                data={"csrf_token": token, "email": email, "password": "wrong-one"},
            )
            taken.append(time.perf_counter() - began)
        return statistics.median(taken)

    known, unknown = median("staff@cafe.example"), median("nobody@cafe.example")

    # argon2 is most of it: without the dummy the ratio would be five or more.
    assert unknown > known / 2


def test_an_inactive_account_is_refused(server: Server) -> None:
    email = server.employ(Role.STAFF)
    with server.services.write() as session:
        session.execute(update(Account).values(active=False))

    answer = server.browser().send("/login", email=email, password=PASSWORD)

    assert answer.status_code == 422


def test_an_account_without_password_is_refused(server: Server) -> None:
    with server.services.write() as session:
        store.create(session, email="new@cafe.example", at=NOON)

    answer = server.browser().send("/login", email="new@cafe.example", password="x")

    assert answer.status_code == 422


def test_signing_in_answers_to_the_address_in_any_case(server: Server) -> None:
    email = server.employ(Role.STAFF)

    answer = server.browser().send("/login", email=email.upper(), password=PASSWORD)

    assert answer.status_code == 303


@pytest.mark.asvs("v5.0.0-6.3.1")
def test_the_sixth_try_for_an_account_is_refused_even_if_right(server: Server) -> None:
    email = server.employ(Role.STAFF)
    wrong = attempts(server.browser(), email, "wrong", 5)

    answer = server.browser().send("/login", email=email, password=PASSWORD)

    assert wrong == [422] * 5
    assert answer.status_code == 429


def test_a_refused_account_is_let_in_a_quarter_of_an_hour_later(
    server: Server, clock: HeldClock
) -> None:
    email = server.employ(Role.STAFF)
    attempts(server.browser(), email, "wrong", 6)

    clock.move(minutes=16)

    answer = server.browser().send("/login", email=email, password=PASSWORD)
    assert answer.status_code == 303


def test_one_network_may_not_try_many_accounts(server: Server) -> None:
    browser = server.browser()
    token = browser.token("/login")

    statuses = [
        browser.post(
            "/login",
            data={"csrf_token": token, "email": f"{n}@x.example", "password": "x"},
        ).status_code
        for n in range(22)
    ]

    assert statuses == [422] * 20 + [429] * 2


def test_people_who_sign_in_rightly_do_not_use_up_the_network(server: Server) -> None:
    email = server.employ(Role.STAFF)

    statuses = [
        server.browser().send("/login", email=email, password=PASSWORD).status_code
        for _ in range(22)
    ]

    assert statuses == [303] * 22


def test_nobody_is_let_in_while_tries_cannot_be_counted(server: Server) -> None:
    email = server.employ(Role.STAFF)
    browser = server.browser()
    token = browser.token("/login")
    with server.services.sessions.engine.begin() as connection:
        RateCounter.__table__.drop(connection)  # type: ignore[attr-defined]

    answer = browser.post(
        "/login", data={"csrf_token": token, "email": email, "password": PASSWORD}
    )

    assert answer.status_code == 503


@pytest.mark.asvs("v5.0.0-16.3.1")
def test_a_wrong_password_is_in_the_audit_log_without_the_address(
    server: Server,
) -> None:
    server.employ(Role.STAFF)
    attempts(server.browser(), "staff@cafe.example", "wrong", 1)
    attempts(server.browser(), "nobody@cafe.example", "wrong", 1)

    with server.services.read() as session:
        rows = list(session.scalars(select(AuditRecord).order_by(AuditRecord.id)))

    assert [row.action for row in rows] == ["sign_in.failed", "sign_in.failed"]
    assert [row.actor for row in rows] == ["account:1", "visitor:unknown"]


def test_a_renewed_digest_leaves_a_password_chosen_meanwhile(server: Server) -> None:
    email = server.employ(Role.STAFF)
    with server.services.read() as session:
        before = store.by_email(session, email)
    with server.services.write() as session:
        changed = store.by_email(session, email)
        assert before
        assert changed
        store.set_password(session, changed, "marmite-tunnel-72-gris")
        chosen = changed.password

    with server.services.write() as session:
        store.renew_digest(session, before, "a digest of the old one")

    with server.services.read() as session:
        assert session.scalar(select(Account.password)) == chosen


def test_signing_out_ends_the_session_on_the_server(
    server: Server, sign_in: SignIn
) -> None:
    worker = sign_in(Role.STAFF)
    stolen = worker.browser.get_cookie("palier", domain="127.0.0.1")
    assert stolen is not None

    worker.browser.send("/account/browsers", "/logout")

    thief = server.browser()
    thief.set_cookie("palier", stolen.value, domain="127.0.0.1")
    assert thief.get("/account/browsers").status_code == 303
    with server.services.read() as session:
        assert session.scalar(select(WebSession)) is None


def test_signing_out_is_no_link(sign_in: SignIn) -> None:
    assert sign_in(Role.STAFF).browser.get("/logout").status_code == 405


def test_a_person_of_two_programmes_chooses_one(server: Server) -> None:
    email = server.employ(Role.OWNER, "cafe", "anna@example.org")
    server.employ(Role.STAFF, "bar", email)
    browser = server.browser()
    browser.send("/login", email=email, password=PASSWORD)

    assert browser.get("/home").location == "/programmes"
    browser.send("/programmes", programme="bar")
    assert browser.get("/home").location == "/staff/"


def test_another_programme_cannot_be_chosen(server: Server, sign_in: SignIn) -> None:
    worker = sign_in(Role.OWNER)
    server.employ(Role.OWNER, "bar")

    answers = [
        worker.browser.send("/programmes", programme=slug).status_code
        for slug in ("bar", "no-such")
    ]

    assert answers == [404, 404]


def test_a_person_without_programme_is_told_so(server: Server) -> None:
    with server.services.write() as session:
        store.create(session, email="a@b.example", password=PASSWORD, at=NOON)
    browser = server.browser()
    browser.send("/login", email="a@b.example", password=PASSWORD)

    assert browser.get("/home").status_code == 403


@pytest.mark.asvs("v5.0.0-7.5.2")
def test_a_person_sees_and_ends_another_browser_of_theirs(server: Server) -> None:
    here = server.sign_in(Role.STAFF).browser
    there = server.sign_in(Role.STAFF).browser
    with server.services.read() as session:
        names = set(session.scalars(select(WebSession.id)))
    page = here.get("/account/browsers").text
    (other,) = {name for name in names if f'value="{name}"' in page}

    here.send("/account/browsers", session=other)

    assert there.get("/account/browsers").status_code == 303
    assert here.get("/account/browsers").status_code == 200


@pytest.mark.asvs("v5.0.0-16.3.1")
def test_signing_browsers_out_is_in_the_audit_log(server: Server) -> None:
    here = server.sign_in(Role.STAFF).browser
    server.sign_in(Role.STAFF)
    with server.services.read() as session:
        names = set(session.scalars(select(WebSession.id)))
    page = here.get("/account/browsers").text
    (other,) = {name for name in names if f'value="{name}"' in page}

    here.send("/account/browsers", session=other)
    here.send("/account/browsers")
    here.send("/account/browsers", "/logout")
    server.browser().send("/login", "/logout")

    with server.services.read() as session:
        query = select(AuditRecord.action).order_by(AuditRecord.id)
        actions = session.scalars(query.where(AuditRecord.action != "sign_in")).all()
    assert actions == ["browser.end", "browser.end_others", "sign_out"]


def test_nobody_ends_the_browser_of_another_person(server: Server) -> None:
    owner = server.sign_in(Role.OWNER)
    staff = server.sign_in(Role.STAFF).browser
    with server.services.read() as session:
        query = select(WebSession.id).where(WebSession.account_id == owner.account_id)
        name = session.scalar(query)
    assert name is not None

    staff.send("/account/browsers", session=name)

    assert owner.browser.get("/account/browsers").status_code == 200


def test_everywhere_else_can_be_signed_out_at_once(server: Server) -> None:
    browsers = [server.sign_in(Role.STAFF).browser for _ in range(3)]

    browsers[0].send("/account/browsers")

    statuses = [browser.get("/account/browsers").status_code for browser in browsers]
    assert statuses == [200, 303, 303]


def invite(server: Server) -> str:
    """Return the path of an invitation for a new account."""
    services = server.services
    with services.write() as session:
        account = store.create(session, email="new@cafe.example", at=NOON)
        team.join(
            session,
            account.id,
            programmes.by_slug(session, "cafe").id,
            Role.STAFF,
            NOON,
        )
    key = services.settings.key(invitations.PURPOSE)
    return invitations.link(account, base_url="", key=key)


def test_an_invited_person_chooses_a_password_and_signs_in(server: Server) -> None:
    server.employ(Role.OWNER)
    browser = server.browser()

    browser.send(invite(server), password="marmite-tunnel-72-gris")
    answer = browser.send(
        "/login", email="new@cafe.example", password="marmite-tunnel-72-gris"
    )

    assert answer.status_code == 303


@pytest.mark.asvs("v5.0.0-6.4.1")
def test_an_invitation_works_once(server: Server) -> None:
    server.employ(Role.OWNER)
    path = invite(server)
    server.browser().send(path, password="marmite-tunnel-72-gris")

    assert server.browser().get(path).status_code == 404


def test_looking_at_an_invitation_does_not_use_it_up(server: Server) -> None:
    server.employ(Role.OWNER)
    path = invite(server)

    assert [server.browser().get(path).status_code for _ in range(3)] == [200] * 3


@pytest.mark.asvs("v5.0.0-6.2.4")
def test_an_invited_person_cannot_choose_a_common_password(server: Server) -> None:
    server.employ(Role.OWNER)

    answer = server.browser().send(invite(server), password="motdepasse2026")

    assert answer.status_code == 422


def test_an_invitation_tells_its_address_to_nobody(server: Server) -> None:
    server.employ(Role.OWNER)

    answer = server.browser().get(invite(server))

    assert answer.headers["Referrer-Policy"] == "no-referrer"
