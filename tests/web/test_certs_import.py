"""A certificate that would end the updates of every pass is not taken by mistake."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from passes import db
from passes.db import Sessions
from wallet_apple import authority, certificates
from wallet_apple.tables import Device
from web import cli

OLD = "pass.example.old"


@pytest.fixture
def palier(tmp_path: Path, database_url: str) -> Callable[..., Result]:
    """The command, with development certificates in its data directory."""
    data = tmp_path / "var"
    data.mkdir(mode=0o700)
    environment = {
        "PALIER_DATA_DIR": str(data),
        "PALIER_DATABASE_URL": database_url,
    }
    authority.write(data / "certs", at=datetime.now(UTC))

    def run(*words: str) -> Result:
        return CliRunner().invoke(
            cli.main, words, env=environment, catch_exceptions=False
        )

    return run


@pytest.fixture
def file(tmp_path: Path, palier: Callable[..., Result]) -> Path:
    """The development certificate with its key, to be imported."""
    folder = tmp_path / "var" / "certs"
    made = tmp_path / "both.pem"
    parts = (certificates.CERTIFICATE_FILE, certificates.KEY_FILE)
    made.write_bytes(b"".join((folder / name).read_bytes() for name in parts))
    return made


@pytest.fixture
def registered(sessions: Sessions) -> None:
    """A phone with a pass of another pass type than the certificate's."""
    with db.write(sessions) as session:
        session.add(
            Device(
                library_identifier="phone",
                pass_type=OLD,
                push_token="ab" * 32,
                kind="apns",
                registered_at=datetime.now(UTC),
            )
        )


@pytest.mark.usefixtures("registered")
def test_another_pass_type_than_the_phones_have_is_refused(
    palier: Callable[..., Result], file: Path
) -> None:
    told = palier("certs", "import", str(file))

    assert told.exit_code == 1
    assert OLD in told.output
    assert "--replace-pass-type" in told.output


@pytest.mark.usefixtures("registered")
def test_it_is_taken_when_that_is_said(
    palier: Callable[..., Result], file: Path
) -> None:
    assert palier("certs", "import", str(file), "--replace-pass-type").exit_code == 0


def test_without_a_pass_in_the_field_any_is_taken(
    palier: Callable[..., Result], file: Path
) -> None:
    assert palier("certs", "import", str(file)).exit_code == 0
