"""The command palier: what it does, how it refuses, what it never shows."""

import contextlib
import logging
import re
import stat
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result
from sqlalchemy import Engine, text

from passes import clock, db, migrations
from passes.db import Sessions
from passes.loyalty import purchases
from passes.loyalty.purchases import Till
from passes.people import audit, team
from passes.people.actor import SYSTEM, Role
from passes.programmes import programme as programmes
from tests.makers import make_card, make_programme
from wallet_apple import authority
from web import cli, services
from web.accounts import invitations, store
from web.config import Settings

Palier = Callable[..., Result]
PASSWORD = "otter violet cascade 71"


@pytest.fixture(autouse=True)
def _quiet_logs() -> Iterator[None]:
    """Commands set the log up for their own process; here it is everybody's."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data directory."""
    return tmp_path / "var"


@pytest.fixture
def palier(tmp_path: Path, data: Path, database_url: str) -> Palier:
    """Runs the command on a migrated database without rows."""
    return runner(tmp_path, data, database_url)


@pytest.fixture
def bare(tmp_path: Path, data: Path, blank_database_url: str) -> Palier:
    """Runs the command on a database with nothing in it."""
    return runner(tmp_path, data, blank_database_url)


def runner(folder: Path, data: Path, database_url: str) -> Palier:
    """Return what runs the command in *folder*."""
    environment = {
        "PALIER_DATA_DIR": str(data),
        "PALIER_DATABASE_URL": database_url,
    }

    def run(*words: str, typed: str | None = None) -> Result:
        with contextlib.chdir(folder):
            return CliRunner().invoke(
                cli.main, words, input=typed, env=environment, catch_exceptions=False
            )

    return run


@pytest.fixture
def shop(palier: Palier) -> Palier:
    """The command, once there is a programme ``cafe``."""
    palier("programme", "create", "cafe", "--name", "Café du Port")
    return palier


def refused(result: Result) -> str:
    """Return the one sentence with which a command refused."""
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    line: str = result.output.strip().splitlines()[-1]
    assert line.startswith("Error: ")
    return line.removeprefix("Error: ")


def test_help_names_every_command() -> None:
    told = CliRunner().invoke(cli.main, ["--help"])

    assert told.exit_code == 0
    names = cli.main.list_commands(cli.main.make_context("palier", ["doctor"]))
    assert all(f"  {name} " in told.output for name in names)


@pytest.mark.parametrize(
    "words",
    [
        ["db", "upgrade"],
        ["programme", "create"],
        ["user", "create"],
        ["api-key", "create"],
        ["certs", "import"],
        ["pass", "validate"],
        ["google", "check"],
        ["google", "drift"],
        ["serve"],
        ["worker"],
        ["demo"],
        ["doctor"],
        ["deliver"],
        ["verify-ledger"],
        ["verify-audit"],
    ],
    ids=" ".join,
)
def test_every_command_has_help(words: list[str]) -> None:
    assert CliRunner().invoke(cli.main, [*words, "--help"]).exit_code == 0


def test_a_command_that_is_none_is_wrong_usage() -> None:
    assert CliRunner().invoke(cli.main, ["conquer"]).exit_code == 2


def test_a_wrong_setting_is_named_and_nothing_is_done(tmp_path: Path) -> None:
    wrong = {"PALIER_DATA_DIR": str(tmp_path / "v"), "PALIER_BASE_URL": "nonsense"}

    result = CliRunner().invoke(cli.main, ["db", "upgrade"], env=wrong)

    assert "PALIER_BASE_URL" in refused(result)
    assert not (tmp_path / "v").exists()


def test_a_database_that_is_not_migrated_is_refused(bare: Palier) -> None:
    assert refused(bare("programme", "list")) == (
        "The database is not at this version; run `palier db upgrade`."
    )


def test_upgrade_brings_an_empty_database_to_this_version(bare: Palier) -> None:
    bare("db", "upgrade")

    assert "as it should be" in bare("db", "current").output


def test_a_database_of_a_newer_palier_is_refused(
    palier: Palier, engine: Engine
) -> None:
    with at_revision(engine, "future"):
        assert "newer Palier" in refused(palier("programme", "list"))
        assert "newer Palier" in palier("doctor").output


def test_a_created_programme_is_ready_to_give_cards(
    shop: Palier, sessions: Sessions
) -> None:
    assert "Café du Port" in shop("programme", "list").output

    with db.write(sessions) as session:
        make_card(session, programmes.by_slug(session, "cafe"))

    shown = shop("programme", "show", "cafe").output
    assert "/join/cafe" in shown
    assert "version 1" in shown


def test_a_programme_that_is_not_there_is_named(palier: Palier) -> None:
    assert refused(palier("programme", "show", "x")) == "There is no such programme."


def test_a_person_is_let_in_with_the_typed_password(
    shop: Palier, sessions: Sessions
) -> None:
    words = ("--email", "a@b.example", "--role", "owner", "--programme", "cafe")

    result = shop("user", "create", *words, typed=f"{PASSWORD}\n")

    assert result.exit_code == 0
    assert PASSWORD not in result.output
    with db.read(sessions) as session:
        account = store.by_email(session, "a@b.example")
        assert account is not None
        assert [*team.roles(session, account.id).values()] == [Role.OWNER]


@pytest.mark.parametrize("how", ["asked for", "nothing typed"])
def test_a_person_is_invited_by_a_link_that_works(
    shop: Palier, data: Path, database_url: str, how: str
) -> None:
    words = ("--email", "a@b.example", "--role", "owner", "--programme", "cafe")
    more = ("--invite",) if how == "asked for" else ()

    told = shop("user", "create", *words, *more, typed="")

    assert told.exit_code == 0
    assert invited_by(told, data, database_url) == "a@b.example"


def test_who_was_invited_can_be_invited_again(
    shop: Palier, data: Path, database_url: str
) -> None:
    words = ("--email", "a@b.example", "--role", "owner", "--programme", "cafe")
    shop("user", "create", *words, typed=f"{PASSWORD}\n")

    told = shop("user", "create", *words, "--invite")

    assert invited_by(told, data, database_url) == "a@b.example"


def test_who_has_an_account_only_gets_the_role(shop: Palier) -> None:
    words = ("--email", "a@b.example", "--programme", "cafe")
    shop("user", "create", *words, "--role", "staff", typed=f"{PASSWORD}\n")

    told = shop("user", "create", *words, "--role", "owner", typed="")

    assert "/welcome/" not in told.output
    assert "/login" in told.output


def test_a_weak_password_is_refused(shop: Palier, sessions: Sessions) -> None:
    words = ("--email", "a@b.example", "--role", "owner", "--programme", "cafe")

    assert "12 characters" in refused(shop("user", "create", *words, typed="short\n"))

    with db.read(sessions) as session:
        assert store.by_email(session, "a@b.example") is None


def test_an_api_key_is_shown_once(shop: Palier) -> None:
    words = ("--programme", "cafe", "--name", "till")

    key = shop("api-key", "create", *words, "--scope", "read,earn").stdout.strip()

    listed = shop("api-key", "list", "--programme", "cafe").output
    assert key.startswith("palier_")
    assert key not in listed
    assert "read,earn" in listed


def test_a_revoked_api_key_is_listed_as_such(shop: Palier) -> None:
    words = ("--programme", "cafe", "--name", "till")
    shop("api-key", "create", *words, "--scope", "read")

    shop("api-key", "revoke", *words)

    assert "revoked" in shop("api-key", "list", "--programme", "cafe").output


def test_development_certificates_pass_their_own_check(
    palier: Palier, data: Path
) -> None:
    palier("certs", "dev")

    told = palier("certs", "check")

    assert told.exit_code == 0
    assert authority.PASS_TYPE_IDENTIFIER in told.output
    assert stat.S_IMODE((data / "certs" / "pass.key").stat().st_mode) == 0o600


def test_development_certificates_never_replace_apples(
    palier: Palier, data: Path
) -> None:
    (data / "certs").mkdir(parents=True, mode=0o700)
    data.chmod(0o700)
    (data / "certs" / "pass.pem").write_text("from Apple")

    assert "from Apple" in refused(palier("certs", "dev"))
    assert (data / "certs" / "pass.pem").read_text() == "from Apple"


def test_missing_certificates_are_explained(palier: Palier) -> None:
    assert "palier certs" in refused(palier("certs", "check"))


def test_a_request_is_made_for_apples_portal(palier: Palier, data: Path) -> None:
    palier("certs", "csr")

    written = (data / "certs" / "request.csr").read_text()
    assert written.startswith("-----BEGIN CERTIFICATE REQUEST-----")


def test_a_certificate_comes_back_in_under_its_own_name(
    palier: Palier, data: Path, tmp_path: Path
) -> None:
    palier("certs", "dev")
    parts = [(data / "certs" / name).read_bytes() for name in ("pass.pem", "pass.key")]
    file = tmp_path / "both.pem"
    file.write_bytes(b"".join(parts))

    told = palier("certs", "import", str(file))

    assert told.exit_code == 0
    assert authority.TEAM_IDENTIFIER in told.output


def test_another_intermediate_than_apples_is_refused(
    palier: Palier, data: Path
) -> None:
    palier("certs", "dev")

    wwdr = data / "certs" / "wwdr.pem"

    assert "fingerprint" in refused(palier("certs", "wwdr", str(wwdr)))


def test_a_built_pass_is_judged_good(
    shop: Palier, data: Path, database_url: str, tmp_path: Path
) -> None:
    shop("certs", "dev")
    settings = Settings.model_validate({"data_dir": data, "database_url": database_url})
    made = services.build(settings)
    with made.write() as session:
        card = make_card(session, programmes.by_slug(session, "cafe"), at=clock.now())
    made.sessions.engine.dispose()
    file = tmp_path / "card.pkpass"

    assert shop("pass", "build", card.public_id, "-o", str(file)).exit_code == 0
    assert shop("pass", "validate", str(file)).exit_code == 0


def test_a_pass_of_no_card_is_not_built(palier: Palier, tmp_path: Path) -> None:
    words = ("pass", "build", "nothing", "-o", str(tmp_path / "card.pkpass"))

    assert refused(palier(*words)) == "There is no such card."


def test_a_broken_pass_is_judged_bad(palier: Palier, tmp_path: Path) -> None:
    file = tmp_path / "card.pkpass"
    file.write_bytes(b"PK not really")

    assert "A phone refuses this pass" in refused(palier("pass", "validate", str(file)))


def test_a_judgement_says_where_it_looked(palier: Palier, tmp_path: Path) -> None:
    file = tmp_path / "card.pkpass"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("pass.json", '{"formatVersion": 2}')

    told = palier("pass", "validate", str(file)).output

    assert "error: formatVersion must be 1. (pass.json: formatVersion)" in told


def test_a_ledger_that_adds_up_is_proved(palier: Palier, sessions: Sessions) -> None:
    earn(sessions)

    assert palier("verify-ledger").exit_code == 0


def test_a_touched_balance_is_named(palier: Palier, sessions: Sessions) -> None:
    card = earn(sessions)
    with db.write(sessions) as session:
        session.execute(text("UPDATE card SET balance = balance + 1"))

    told = palier("verify-ledger")

    refused(told)
    assert f"card {card}: balance is 13, the entries say 12" in told.output


def test_a_touched_audit_log_is_named(palier: Palier, engine: Engine) -> None:
    with db.write(Sessions(engine)) as session:
        audit.record(session, SYSTEM, "a", "b", programme_id=None, at=clock.now())
        audit.seal(session, clock.now(), clock.now())
    assert palier("verify-audit").exit_code == 0
    unlock(engine, "audit_record")
    with engine.begin() as connection:
        connection.execute(text("UPDATE audit_record SET action = 'nothing'"))

    told = palier("verify-audit")

    refused(told)
    assert "are not what was sealed" in told.output


def test_deliver_says_how_much_was_sent(palier: Palier) -> None:
    palier("certs", "dev")

    assert "0 updates were sent." in palier("deliver", "--once").output


def test_deliver_without_once_is_wrong_usage(palier: Palier) -> None:
    assert palier("deliver").exit_code == 2


def test_a_healthy_shop_needs_no_hand(palier: Palier) -> None:
    palier("certs", "dev")

    told = palier("doctor")

    assert told.exit_code == 0, told.output
    assert "Nothing needs a hand." in told.output


def test_the_doctor_misses_the_certificates(palier: Palier) -> None:
    told = palier("doctor")

    refused(told)
    assert "HAND certificates:" in told.output


def test_the_doctor_sees_a_database_without_schema(bare: Palier) -> None:
    told = bare("doctor")

    refused(told)
    assert "run `palier db upgrade`" in told.output


def test_the_doctor_sees_a_key_that_others_can_read(palier: Palier, data: Path) -> None:
    palier("certs", "dev")
    (data / "certs" / "pass.key").chmod(0o644)

    told = palier("doctor")

    refused(told)
    assert "chmod 600" in told.output


def invited_by(told: Result, data: Path, database_url: str) -> str:
    """Return whose link the command printed."""
    found = re.search(r"^http://127\.0\.0\.1:8000/welcome/(\S+)$", told.output, re.M)
    assert found, told.output
    settings = Settings.model_validate({"data_dir": data, "database_url": database_url})
    key = settings.key(invitations.PURPOSE)
    engine = db.open_engine(settings.database)
    with db.read(Sessions(engine)) as session:
        email = invitations.account(session, found[1], key=key).email
    engine.dispose()
    return email


def earn(sessions: Sessions) -> str:
    """Make a card with twelve points and return its id."""
    at = datetime.now(UTC)
    with db.write(sessions) as session:
        programme = make_programme(session, at=at)
        card = make_card(session, programme, at=at)
        purchases.earn(session, programme, card.id, Till(1200), actor=SYSTEM, at=at)
    return card.public_id


@contextlib.contextmanager
def at_revision(engine: Engine, name: str) -> Iterator[None]:
    """Let the database say that it is at another revision."""
    statement = text("UPDATE alembic_version SET version_num = :name")
    found = migrations.newest()
    with engine.begin() as connection:
        connection.execute(statement, {"name": name})
    yield
    with engine.begin() as connection:
        connection.execute(statement, {"name": found})


def unlock(engine: Engine, table: str) -> None:
    """Do what only somebody with the database in their hands can do."""
    if engine.dialect.name == "sqlite":
        statements = [f"DROP TRIGGER {table}_no_update"]
    else:
        statements = [f"ALTER TABLE {table} DISABLE TRIGGER ALL"]
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))
