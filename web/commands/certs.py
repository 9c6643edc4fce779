"""``palier certs``: what Apple's signature needs."""

import io
from pathlib import Path
from urllib.parse import urlsplit

import click
import pycurl

from passes import clock, db
from passes.programmes.media import MediaFiles
from wallet_apple import enrolment, reach
from wallet_apple.certificates import Facts
from wallet_apple.errors import CertificateError, PassphraseError
from wallet_apple.identity import Identity
from web import development, doctor, services
from web.commands import running
from web.config import ConfigurationError, Settings

_SECONDS = 20


@click.group(cls=running.Group)
def certs() -> None:
    """Look after Apple's certificates."""


@certs.command()
def dev() -> None:
    """Make a throw-away authority and what it signs, for development.

    No iPhone accepts it; the stand-ins do.
    """
    settings = running.settings()
    development.write_certificates(settings)
    click.echo(f"Development certificates are in {settings.certs_dir}.")


@certs.command()
@click.option("--email", help="Apple does not read it.")
@click.option("--name", default="Palier", show_default=True)
def csr(email: str | None, name: str) -> None:
    """Make a key and the request to upload on Apple's portal."""
    settings = running.settings()
    host = urlsplit(settings.base_url).hostname or "localhost"
    path = enrolment.request(
        settings.certs_dir, email=email or f"palier@{host}", name=name
    )
    click.echo(
        f"Upload {path} on Apple's portal: Certificates, Pass Type ID Certificate."
    )
    click.echo("Then: palier certs import pass.cer")


@certs.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--replace-pass-type",
    is_flag=True,
    help="Take another pass type too: the passes that people hold stay as they are.",
)
def import_(file: Path, *, replace_pass_type: bool) -> None:
    """Take in what Apple or a Mac gave: .cer, PEM or .p12.

    A password is asked for when the file has one.
    """
    settings = running.settings()
    data = file.read_bytes()
    pass_type = None if replace_pass_type else _in_use(settings)
    try:
        facts = _store(settings, data, None, pass_type)
    except PassphraseError:
        typed = click.prompt("Password of the file", hide_input=True)
        facts = _store(settings, data, typed, pass_type)
    for line in _described(facts):
        click.echo(line)


@certs.command()
def check() -> None:
    """Say what is wrong with the certificates, or how long they last."""
    facts = doctor.credentials(running.settings(), clock.now()).facts
    for line in _described(facts):
        click.echo(line)
    if facts.days_left(clock.now()) < doctor.RENEW_DAYS:
        click.echo("Renew it now: palier certs csr")


@certs.command()
@click.argument(
    "file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
def wwdr(file: Path | None) -> None:
    """Take in Apple's intermediate G4, from FILE or from Apple.

    Its fingerprint is compared with the one that Apple publishes.
    """
    settings = running.settings()
    data = file.read_bytes() if file else _fetch(enrolment.G4_URL)
    found = enrolment.store_intermediate(settings.certs_dir, data)
    click.echo(
        f"Apple's intermediate G4, valid until {found.not_valid_after_utc:%Y-%m-%d}."
    )


def _in_use(settings: Settings) -> str | None:
    """Return the pass type that people's passes have, None before the first."""
    files = services.apple_files(settings)
    signing = Identity(files, MediaFiles(settings.media_dir).load).pass_type
    try:
        with running.database(settings) as sessions, db.read(sessions) as session:
            return reach.pass_type_in_use(session, signing)
    except ConfigurationError:
        # Certificates may come before the database.
        return None


def _store(
    settings: Settings, data: bytes, passphrase: str | None, pass_type: str | None
) -> Facts:
    return enrolment.store(
        settings.certs_dir,
        data,
        passphrase=passphrase,
        trust=doctor.trust(settings),
        pass_type=pass_type,
        at=clock.now(),
    )


def _described(facts: Facts) -> list[str]:
    days = facts.days_left(clock.now())
    return [
        f"pass type:    {facts.pass_type_identifier}",
        f"team:         {facts.team_identifier}",
        f"organisation: {facts.organisation}",
        f"valid until:  {facts.not_after:%Y-%m-%d} ({days} days left)",
    ]


def _fetch(url: str) -> bytes:
    """Get a file from Apple; its fingerprint is checked by whoever uses it."""
    body = io.BytesIO()
    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.TIMEOUT, _SECONDS)
    curl.setopt(pycurl.FAILONERROR, 1)
    curl.setopt(pycurl.WRITEDATA, body)
    try:
        curl.perform()
    except pycurl.error as error:
        raise CertificateError(
            f"Apple's certificate cannot be fetched: {curl.errstr()}.",
            remedy=f"Get {url} elsewhere and run `palier certs wwdr FILE`.",
        ) from error
    finally:
        curl.close()
    return body.getvalue()
