"""Who may do what: every route, every role, one's own programme and another's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Blueprint
from sqlalchemy import select

from passes.people.actor import Role
from passes.people.audit import AuditRecord
from tests.web import routes
from tests.web.servers import Browser, Server
from web import access
from web.access import Audience
from web.site import Surface, create_site

NO_ID = {"number", "kind"}
"""What stands in addresses and belongs to no programme."""

ENDPOINTS = sorted(
    endpoint for endpoint in access.PERMISSIONS if endpoint != "login.sign_out"
)


@pytest.fixture(scope="module")
def world(
    migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory, certificates: Path
) -> Iterator[routes.World]:
    """One server for all."""
    folder = tmp_path_factory.mktemp("access")
    with routes.world(folder, migrated_sqlite, certificates) as made:
        yield made


@pytest.fixture(scope="module")
def people(world: routes.World) -> dict[Role, Browser]:
    """Somebody of each role in the café, signed in."""
    return {role: world.server.sign_in(role).browser for role in Role}


def statuses(
    world: routes.World, browser: Browser, endpoint: str, *, of_bar: bool = False
) -> list[int]:
    """Ask for the endpoint in each of its methods."""
    return [
        browser.open(world.address(rule, of_bar=of_bar), method=method).status_code
        for rule in world.server.app.site.url_map.iter_rules()
        if rule.endpoint == endpoint
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
    ]


def test_every_line_of_the_table_is_a_route(world: routes.World) -> None:
    existing = {rule.endpoint for rule in world.server.app.site.url_map.iter_rules()}

    assert set(access.PERMISSIONS) - existing == set()


@pytest.mark.asvs("v5.0.0-8.2.1")
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_role_may_do_what_the_table_says_and_nothing_else(
    world: routes.World, people: dict[Role, Browser], endpoint: str, role: Role
) -> None:
    permission = access.PERMISSIONS[endpoint]
    allowed = isinstance(permission, Audience) or role in permission

    found = statuses(world, people[role], endpoint)

    assert found
    if allowed:
        assert 403 not in found
    else:
        assert set(found) == {403}


@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_a_stranger_is_asked_to_sign_in_wherever_a_role_is_needed(
    world: routes.World, endpoint: str
) -> None:
    open_to_all = access.PERMISSIONS[endpoint] is Audience.ANYONE

    found = statuses(world, world.server.browser(), endpoint)

    if open_to_all:
        assert 303 not in found
    else:
        assert set(found) == {303}


@pytest.mark.asvs("v5.0.0-8.4.1")
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("endpoint", ENDPOINTS)
def test_what_belongs_to_another_programme_is_not_there(
    world: routes.World, people: dict[Role, Browser], endpoint: str, role: Role
) -> None:
    permission = access.PERMISSIONS[endpoint]
    if isinstance(permission, Audience):
        return
    browser = people[role]
    token = browser.token("/account/browsers")
    before = world.contents()

    for rule in world.server.app.site.url_map.iter_rules():
        if rule.endpoint != endpoint or not rule.arguments - NO_ID:
            continue
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            answer = browser.open(
                world.address(rule, of_bar=True),
                method=method,
                data={"csrf_token": token} if method == "POST" else None,
            )
            assert answer.status_code in (400, 403, 404, 422), rule
    assert world.contents() == before or role not in permission


def test_an_auditor_sends_nothing_but_what_is_to_be_drawn(world: routes.World) -> None:
    sending = {
        rule.endpoint
        for rule in routes.rules(world.server.app, *routes.UNSAFE)
        if not isinstance(permission := access.PERMISSIONS[rule.endpoint], Audience)
        and Role.AUDITOR in permission
    }

    assert sending <= {"studio.preview"}


def test_a_manager_may_do_all_that_staff_may_and_an_owner_all_that_managers() -> None:
    for permission in access.PERMISSIONS.values():
        if isinstance(permission, frozenset):
            assert Role.STAFF not in permission or Role.MANAGER in permission
            assert Role.MANAGER not in permission or Role.OWNER in permission


@pytest.mark.asvs("v5.0.0-8.3.1")
def test_a_route_nobody_has_thought_about_stops_the_start(server: Server) -> None:
    forgotten = Blueprint("forgotten", __name__)
    forgotten.add_url_rule("/forgotten", "page", lambda: "secret")

    with pytest.raises(access.UndeclaredError, match=r"forgotten\.page"):
        create_site(server.services, [Surface(forgotten, {})])


@pytest.mark.asvs("v5.0.0-16.3.2")
def test_a_denied_request_is_in_the_audit_log(server: Server) -> None:
    worker = server.sign_in(Role.AUDITOR)

    worker.browser.get("/staff/")

    with server.services.read() as session:
        query = select(AuditRecord).where(AuditRecord.action == "access.denied")
        (row,) = session.scalars(query)
    assert (row.actor, row.role, row.subject) == (
        f"account:{worker.account_id}",
        "auditor",
        "staff.home",
    )
    assert row.programme_id == worker.programme_id


def test_a_flood_of_denied_requests_does_not_fill_the_audit_log(server: Server) -> None:
    browser = server.sign_in(Role.AUDITOR).browser

    for _ in range(70):
        browser.get("/staff/")

    with server.services.read() as session:
        query = select(AuditRecord).where(AuditRecord.action == "access.denied")
        assert len(list(session.scalars(query))) == 60


def test_a_page_that_asks_in_the_background_is_told_where_to_sign_in(
    site_client: Browser,
) -> None:
    answer = site_client.get("/staff/", headers={"HX-Request": "true"})

    assert answer.status_code == 401
    assert answer.headers["HX-Redirect"] == "/login"
