"""``palier demo``: a café to try, with a phone in the browser."""

import sys
from importlib.util import find_spec

import click

from web import serving
from web.commands import running
from web.config import Settings
from web.demo import preparing
from web.demo.shop import NAME, SLUG
from web.demo.sign_ins import SignIns


@running.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True)
@click.option("--reset", is_flag=True, help="Begin anew.")
@click.option("--prepare", is_flag=True, help="Make everything ready, and end.")
def demo(host: str, port: int, reset: bool, prepare: bool) -> None:
    """Serve a demo café with members and history, and a phone to try.

    Apple's push service, Google Wallet and the phone are stand-ins on this machine.
    Ctrl-C ends all of it.
    """
    if find_spec("h2") is None or find_spec("jsonschema") is None:
        raise click.ClickException(
            "The stand-ins need more packages: pip install 'palier[demo]'."
        )
    settings = running.settings(port=port)
    if reset:
        preparing.reset(settings)
    click.echo(f"Preparing {NAME} …")
    for line in _welcome(settings, preparing.prepare(settings)):
        click.echo(line)
    if not prepare:
        serving.serve(
            settings,
            host=host,
            port=port,
            pretty=sys.stderr.isatty(),
            application="web.demo.wsgi:application",
        )


def _welcome(settings: Settings, sign_ins: SignIns) -> list[str]:
    base = settings.base_url
    people = [f"  {email:<28} {word}" for email, word in sign_ins.passwords.items()]
    return [
        "",
        f"The phone      {base}/demo/",
        f"Join           {base}/join/{SLUG}",
        f"Till           {base}/staff/",
        f"Studio         {base}/studio/",
        f"API            {base}/api/v1/openapi.json",
        "",
        "Sign in with",
        *people,
        "",
        f"API key  {sign_ins.api_key}",
        "",
        "Ctrl-C ends it.",
    ]
