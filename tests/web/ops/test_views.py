"""What operators and machines ask for."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.robotparser import RobotFileParser

import pytest
from sqlalchemy import text

from passes.delivery import lanes
from passes.delivery.wallet import Outcome
from passes.people.actor import Role
from passes.programmes import design
from passes.programmes import programme as programmes
from tests.makers import NOON
from tests.passes.delivery.test_lanes import LANE, FakeWallet, make_rows
from tests.web import servers
from tests.web.clocks import HeldClock
from tests.web.servers import Browser, Server
from wallet_apple.tables import Registration
from web import headers
from web.config import Settings

TOKEN = "a-token-of-32-characters-exactly"
PICTURE = b"\x89PNG\r\n\x1a\nnot really"


def test_a_process_that_runs_is_alive(site_client: Browser) -> None:
    assert site_client.get("/healthz").data == b"ok\n"


def test_a_server_that_has_everything_is_ready(site_client: Browser) -> None:
    answer = site_client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json == {"ready": True, "missing": []}


def test_a_database_that_is_behind_is_not_ready(server: Server) -> None:
    with server.services.sessions.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'older'"))

    answer = server.browser().get("/readyz")

    assert answer.status_code == 503
    assert answer.json == {"ready": False, "missing": ["migrations"]}


def test_a_server_without_database_is_alive_but_not_ready(
    settings: Settings, clock: HeldClock, tmp_path: Path
) -> None:
    # A directory is no database.
    values = settings.model_dump() | {"database_url": f"sqlite:///{tmp_path}"}
    with servers.serving(Settings.model_validate(values), clock) as server:
        browser = server.browser()
        statuses = [browser.get(path).status_code for path in ("/healthz", "/readyz")]

    assert statuses == [200, 503]


def test_the_figures_tell_what_is_owed_and_how_long_the_certificate_counts(
    server: Server,
) -> None:
    answer = server.browser().get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"})

    assert answer.status_code == 200
    assert "palier_certificate_days_left{" in answer.text
    assert "# TYPE palier_owed gauge" in answer.text


def test_the_figures_tell_what_was_given_up_and_how_long_an_outage_lasts(
    server: Server, clock: HeldClock
) -> None:
    with server.services.write() as session:
        rows = make_rows(session, 3, owed_since=NOON)
        session.get_one(Registration, rows[0]).dead_at = NOON
    clock.move(hours=6)
    lanes.drain(
        server.services.sessions, FakeWallet(Outcome.RETRY), LANE, server.services.clock
    )

    told = server.browser().get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"})

    labels = f'{{lane="{LANE}",wallet="apple"}}'
    assert f"palier_owed{labels} 2.0" in told.text
    assert f"palier_dead{labels} 1.0" in told.text
    assert f"palier_owed_seconds{labels} {6 * 3600}.0" in told.text


@pytest.mark.parametrize(
    "environ",
    [
        {"REMOTE_ADDR": "203.0.113.5"},
        {"REMOTE_ADDR": "::2"},
        {"REMOTE_ADDR": ""},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_X_FORWARDED_FOR": "203.0.113.5"},
        {"REMOTE_ADDR": "127.0.0.1", "HTTP_FORWARDED": "for=203.0.113.5"},
    ],
)
@pytest.mark.asvs("v5.0.0-13.4.5")
def test_the_figures_are_not_for_the_world(
    site_client: Browser, environ: dict[str, str]
) -> None:
    assert site_client.get("/metrics", environ_overrides=environ).status_code == 404


@pytest.fixture
def guarded(settings: Settings, clock: HeldClock) -> Iterator[Browser]:
    """A browser of a server whose figures need a token."""
    values = settings.model_dump() | {"metrics_token": TOKEN}
    with servers.serving(Settings.model_validate(values), clock) as server:
        yield server.browser()


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 200),
        (f"Bearer {TOKEN}x", 404),
        ("Bearer", 404),
        ("Basic eDp5", 404),
        ("Bearer é", 404),
        ("", 404),
    ],
)
def test_with_a_token_set_the_figures_are_for_its_holder(
    guarded: Browser, authorization: str, status: int
) -> None:
    answer = guarded.get(
        "/metrics", headers={"Authorization": authorization.encode().decode("latin-1")}
    )

    assert answer.status_code == status


def test_a_picture_is_kept_for_ever_and_can_do_nothing(server: Server) -> None:
    name = server.services.media.save(PICTURE)

    answer = server.browser().get(f"/media/{name}.png")

    assert answer.data == PICTURE
    assert answer.mimetype == "image/png"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["Content-Security-Policy"] == headers.FILE
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_picture_is_given_to_whoever_has_no_session(server: Server) -> None:
    name = server.services.media.save(PICTURE)

    answer = server.browser().get(
        f"/media/{name}.png", headers={"Cookie": "palier=of-somebody"}
    )

    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Vary" not in answer.headers


def test_a_picture_can_be_asked_after_without_its_bytes(server: Server) -> None:
    name = server.services.media.save(PICTURE)

    answer = server.browser().head(f"/media/{name}.png")

    assert answer.status_code == 200
    assert answer.data == b""
    assert answer.content_length == len(PICTURE)
    assert answer.mimetype == "image/png"


@pytest.mark.parametrize("name", ["0" * 64, "x", "0" * 63, "A" * 64, "0" * 65])
def test_a_picture_that_is_not_there_is_a_404(site_client: Browser, name: str) -> None:
    answer = site_client.get(f"/media/{name}.png")

    assert answer.status_code == 404
    # It may come: nobody is to remember that it was not there.
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("end", ["", ".jpg", ".PNG", ".png/", "/.png"])
def test_a_pictures_address_has_one_spelling(server: Server, end: str) -> None:
    name = server.services.media.save(PICTURE)

    assert server.browser().get(f"/media/{name}{end}").status_code == 404


def test_a_shops_colours_are_kept_while_they_count(server: Server) -> None:
    server.employ(Role.OWNER)
    browser = server.browser()

    current = browser.get("/brand/cafe.css?v=1")
    other = browser.get("/brand/cafe.css?v=2")

    assert current.mimetype == "text/css"
    assert "--brand:" in current.text
    assert "immutable" in current.headers["Cache-Control"]
    assert other.headers["Cache-Control"] == "no-cache"


def test_a_new_design_has_new_colours(server: Server) -> None:
    server.employ(Role.OWNER)
    browser = server.browser()
    before = browser.get("/brand/cafe.css").text
    with server.services.write() as session:
        programme = programmes.by_slug(session, "cafe")
        look = replace(design.live(session, programme), background="#8a1c1c")
        design.publish(session, programme, look, by="account:1", at=NOON)

    assert browser.get("/brand/cafe.css").text != before


def test_the_landing_page_tells_nothing_of_who_uses_it(server: Server) -> None:
    server.employ(Role.OWNER, "secret-shop")

    page = server.browser().get("/").text

    assert "secret" not in page


def test_reports_of_weaknesses_have_an_address_when_the_operator_gives_one(
    settings: Settings, clock: HeldClock, site_client: Browser
) -> None:
    told = settings.model_copy(update={"security_contact": "mailto:it@shop.example"})
    with servers.serving(told, clock) as server:
        answer = server.browser().get("/.well-known/security.txt")

    assert answer.mimetype == "text/plain"
    assert "Contact: mailto:it@shop.example\n" in answer.text
    assert "Expires: 2027-05-23T12:00:00Z\n" in answer.text
    assert site_client.get("/.well-known/security.txt").status_code == 404


@pytest.mark.parametrize(
    ("path", "welcome"),
    [
        ("/join/cafe", True),
        (f"/media/{'0' * 64}.png", True),
        ("/google/callback", True),
        ("/card/7F3K9QZ2M8", False),
        ("/staff/", False),
    ],
)
def test_crawlers_find_pictures_and_the_callback_and_leave_cards_alone(
    site_client: Browser, path: str, *, welcome: bool
) -> None:
    robots = RobotFileParser()
    robots.parse(site_client.get("/robots.txt").text.splitlines())

    assert robots.can_fetch("Googlebot", path) is welcome
