"""What Google holds is compared with what it should: each night, and by command."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select, update
from structlog.testing import capture_logs

from passes import clock as clocks
from passes import migrations
from passes.delivery.held import Held
from tests.makers import make_card, make_programme
from tests.web import googles
from tests.web.test_cli import _quiet_logs, refused  # noqa: F401  (a fixture)
from wallet_google.standin import replies
from wallet_google.standin.resources import CLASS, OBJECT
from wallet_google.standin.server import GoogleStandin
from wallet_google.tables import GoogleObject
from web import cli, draining, drifting
from web import services as making
from web.config import Settings
from web.services import Services

CARDS = 3


class Clock:
    """A clock that runs, and can be set ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        """Tell the time."""
        return clocks.now() + self.ahead


@pytest.fixture
def clock() -> Clock:
    """The server's clock."""
    return Clock()


@pytest.fixture
def google(tmp_path: Path) -> Iterator[GoogleStandin]:
    """What plays Google."""
    with googles.standin(tmp_path / "google") as started:
        yield started


@pytest.fixture
def settings(database_url: str, tmp_path: Path, google: GoogleStandin) -> Settings:
    """The settings of a shop whose Google is the stand-in, on each engine in turn."""
    given = {"data_dir": tmp_path / "var", "database_url": database_url}
    made = googles.pointed(Settings.model_validate(given), google)
    made.prepare()
    return made


@pytest.fixture
def services(settings: Settings, clock: Clock) -> Iterator[Services]:
    """The services of a shop that brought some cards to Google a while ago."""
    made = making.build(settings, clock=clock)
    migrations.upgrade(made.sessions.engine)
    with made.write() as session:
        programme = make_programme(session)
        cards = [make_card(session, programme).id for _ in range(CARDS)]
    assert made.google is not None
    for card_id in cards:
        made.google.save_url(card_id, clock())
    a_while_ago = clock() - timedelta(minutes=5)
    with made.write() as session:
        session.execute(update(GoogleObject).values(sent_at=a_while_ago))
    yield made
    for wallet in made.wallets:
        wallet.close()
    made.sessions.engine.dispose()


def kept(
    services: Services, google: GoogleStandin, number: int = 0
) -> dict[str, object]:
    """Return what Google keeps of a card, to be changed as only Palier should."""
    with services.read() as session:
        ids = session.scalars(select(GoogleObject.object_id).order_by(GoogleObject.id))
        return google.resources._kept[OBJECT][ids.all()[number]]


def palier(settings: Settings, google: GoogleStandin, *words: str) -> Result:
    """Run the command for that shop."""
    environment = {
        "PALIER_DATA_DIR": str(settings.data_dir),
        "PALIER_DATABASE_URL": settings.database,
        **googles.environment(google),
    }
    return CliRunner().invoke(
        cli.main, ["google", *words], env=environment, catch_exceptions=False
    )


def test_a_night_finds_nothing_where_all_went_well(services: Services) -> None:
    assert drifting.compare_when_due(services) == 0
    assert drifting.compare_when_due(services) is None


def test_a_night_mends_what_differs_and_says_so(
    services: Services, google: GoogleStandin
) -> None:
    kept(services, google)["state"] = "EXPIRED"

    with capture_logs() as log:
        differed = drifting.compare_when_due(services)
    draining.drain(services, Held())

    assert differed == 1
    assert kept(services, google)["state"] == "ACTIVE"
    (said,) = [line for line in log if line["event"] == "google_drifted"]
    assert said["reason"].endswith(" differs in state")


def test_a_card_that_google_lost_is_there_again(
    services: Services, google: GoogleStandin
) -> None:
    google.resources._kept[OBJECT].clear()
    google.resources._kept[CLASS].clear()

    drifting.compare_when_due(services)
    draining.drain(services, Held())

    assert len(google.resources._kept[OBJECT]) == CARDS


def test_google_away_spoils_no_night_but_this_one(
    services: Services, google: GoogleStandin, clock: Clock
) -> None:
    google.book.not_enabled = True

    with capture_logs() as log:
        assert drifting.compare_when_due(services) is None
    google.book.not_enabled = False
    clock.ahead = timedelta(days=1)

    assert [line["event"] for line in log] == ["google_not_compared"]
    assert drifting.compare_when_due(services) == 0


def test_a_class_that_is_refused_spoils_no_night(
    services: Services, google: GoogleStandin
) -> None:
    (shared,) = google.resources._kept[CLASS].values()
    shared["issuerName"] = "Other"
    kept(services, google)["state"] = "EXPIRED"
    refused_class = replies.invalid("No such picture.").reply
    google.book.decide = lambda method, path: (
        refused_class if CLASS in path and method == "PATCH" else None
    )

    with capture_logs() as log:
        differed = drifting.compare_when_due(services)
    draining.drain(services, Held())

    assert differed == 2
    assert kept(services, google)["state"] == "ACTIVE"
    (said,) = [line for line in log if line["event"] == "google_drifted"]
    assert "differs in issuerName, cannot be" in said["reason"]
    assert "No such picture." in said["reason"]


def test_every_card_has_its_night(
    services: Services, clock: Clock, google: GoogleStandin
) -> None:
    asked = set()
    with services.write() as session:
        for number, row in enumerate(session.scalars(select(GoogleObject)), 1):
            row.id = number * drifting.A_NIGHT
    for _ in range(CARDS):
        google.book.requests.clear()
        drifting.compare_when_due(services)
        asked |= {sent.path for sent in google.book.requests if OBJECT in sent.path}
        clock.ahead += timedelta(days=1)

    assert len(asked) == CARDS


def test_the_command_names_what_differs(
    services: Services, settings: Settings, google: GoogleStandin
) -> None:
    well = palier(settings, google, "drift")
    kept(services, google)["state"] = "EXPIRED"
    lost = kept(services, google, 1)["id"]
    del google.resources._kept[OBJECT][str(lost)]

    told = palier(settings, google, "drift")

    assert well.exit_code == 0
    assert "differs in state" in told.output
    assert f"{lost} is not there" in told.output
    assert "--repair" in refused(told)


def test_the_command_mends_what_it_is_asked_to(
    services: Services, settings: Settings, google: GoogleStandin
) -> None:
    kept(services, google)["state"] = "EXPIRED"

    told = palier(settings, google, "drift", "--repair")
    draining.drain(services, Held())

    assert told.exit_code == 0
    assert kept(services, google)["state"] == "ACTIVE"


def test_the_command_says_why_google_cannot_be_asked(
    services: Services, settings: Settings, google: GoogleStandin
) -> None:
    google.office.users.clear()

    assert "Google Wallet answered" in refused(palier(settings, google, "drift"))
