"""No other site can send our forms."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from passes.people.actor import Role
from tests.web import routes
from tests.web.servers import PASSWORD, Browser, Server

ELSEWHERE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}


@pytest.fixture(scope="module")
def world(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, certificates: Path
) -> Iterator[routes.World]:
    """One server for all."""
    folder = tmp_path_factory.mktemp("csrf")
    with routes.world(folder, migrated_sqlite, certificates) as made:
        yield made


@pytest.mark.asvs("v5.0.0-3.5.1")
def test_every_form_is_refused_without_its_token(world: routes.World) -> None:
    owner = world.server.sign_in(Role.OWNER).browser
    before = world.contents()

    statuses = {
        f"{method} {rule.rule}": owner.open(
            world.address(rule), method=method
        ).status_code
        for rule in routes.rules(world.server.app, *routes.UNSAFE)
        for method in sorted(set(routes.UNSAFE) & (rule.methods or set()))
    }

    assert {form: status for form, status in statuses.items() if status != 400} == {}
    assert len(statuses) >= 5
    assert world.contents() == before


def test_every_form_is_refused_from_another_site(world: routes.World) -> None:
    owner = world.server.sign_in(Role.OWNER).browser
    token = owner.token("/account/browsers")
    before = world.contents()

    statuses = {
        rule.rule: owner.post(
            world.address(rule), data={"csrf_token": token}, headers=ELSEWHERE
        ).status_code
        for rule in routes.rules(world.server.app, "POST")
    }

    assert {form: status for form, status in statuses.items() if status != 400} == {}
    assert world.contents() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "nonsense"},
        {"Origin": "https://127.0.0.1:8000"},
        {"Origin": "http://127.0.0.1:8000.evil.example"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://user@127.0.0.1:8000"},
    ],
)
def test_a_form_sent_from_elsewhere_is_refused(
    server: Server, headers: dict[str, str]
) -> None:
    browser = server.browser()
    token = browser.token("/login")

    answer = browser.post("/login", data={"csrf_token": token}, headers=headers)

    assert answer.status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://127.0.0.1:8000"},
        {"Origin": "http://localhost:8000"},
        {"Origin": "null"},
    ],
)
def test_a_form_of_ours_is_taken(server: Server, headers: dict[str, str]) -> None:
    email = server.employ(Role.STAFF)
    browser = server.browser()
    token = browser.token("/login")

    answer = browser.post(
        "/login",
        data={"csrf_token": token, "email": email, "password": PASSWORD},
        headers=headers,
    )

    assert answer.status_code == 303


def test_the_token_of_one_session_is_no_use_in_another(server: Server) -> None:
    mine, yours = server.browser(), server.browser()
    token = mine.token("/login")
    yours.get("/login")

    assert yours.post("/login", data={"csrf_token": token}).status_code == 400


def test_a_token_from_before_signing_in_is_no_use_after(server: Server) -> None:
    email = server.employ(Role.STAFF)
    browser = server.browser()
    token = browser.token("/login")
    browser.post(
        "/login", data={"csrf_token": token, "email": email, "password": PASSWORD}
    )

    answer = browser.post("/account/browsers", data={"csrf_token": token})

    assert answer.status_code == 400


def test_a_script_may_send_the_token_in_a_header(server: Server) -> None:
    browser = server.sign_in(Role.STAFF).browser
    token = browser.token("/account/browsers")

    answer = browser.post("/account/browsers", headers={"X-CSRFToken": token})

    assert answer.status_code == 303


def test_joining_needs_no_cookie(server: Server) -> None:
    server.employ(Role.OWNER)
    browser = Browser(server.app, use_cookies=False)
    key = "a-key-of-the-form-1"

    answer = browser.send("/join/cafe", name="Anna", key=key)

    assert answer.status_code == 303


def test_the_token_of_one_shops_form_is_no_use_at_another(server: Server) -> None:
    server.employ(Role.OWNER, "cafe")
    server.employ(Role.OWNER, "bar")
    browser = server.browser()
    token = browser.token("/join/cafe")

    answer = browser.post("/join/bar", data={"csrf_token": token, "name": "Anna"})

    assert answer.status_code == 400


def test_the_api_takes_no_cookie_for_a_key(server: Server) -> None:
    browser = server.sign_in(Role.OWNER).browser

    answer = browser.get("/api/v1/programme")

    assert answer.status_code == 401


def test_apples_service_takes_no_cookie_for_a_token(server: Server) -> None:
    browser = server.sign_in(Role.OWNER).browser

    answer = browser.get("/apple/v1/passes/pass.org.example/abc")

    assert answer.status_code == 401
