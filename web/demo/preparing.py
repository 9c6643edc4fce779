"""What the demo needs before it serves: certificates, database, shop, sign-ins."""

import shutil

from sqlalchemy import select

from passes import migrations
from passes.programmes.programme import Programme
from web import development, services
from web.config import ConfigurationError, Settings
from web.demo import shop, sign_ins
from web.demo.sign_ins import SignIns
from web.queues import FILE as QUEUE


def prepare(settings: Settings) -> SignIns:
    """Make what is missing, and return the sign-ins to print.

    Raises:
        ConfigurationError: the base URL is not this machine's own.
    """
    if not settings.local or settings.trusted_proxy_hops:
        raise ConfigurationError(
            ["The demo is for this machine alone: leave PALIER_BASE_URL out."]
        )
    development.ensure_certificates(settings)
    made = services.build(settings)
    try:
        migrations.upgrade(made.sessions.engine)
        with made.read() as session:
            founded = shop.exists(session)
        if not founded:
            shop.build(made)
        return sign_ins.given(made)
    finally:
        made.sessions.engine.dispose()


def reset(settings: Settings) -> None:
    """Remove the demo's database, queue and pictures.

    Raises:
        ConfigurationError: there is another programme in it, or it is no file.
    """
    if not settings.sqlite or settings.database_url is not None:
        raise ConfigurationError(
            ["Only the data directory's own database is reset; empty yours by hand."]
        )
    folder = settings.data_dir
    if (folder / "palier.db").exists():
        _refuse_others(settings)
    for pattern in ("palier.db*", f"{QUEUE}*", sign_ins.FILE):
        for path in folder.glob(pattern):
            path.unlink()
    shutil.rmtree(settings.media_dir, ignore_errors=True)


def _refuse_others(settings: Settings) -> None:
    made = services.build(settings)
    try:
        if migrations.current(made.sessions.engine) is None:
            return
        with made.read() as session:
            slugs = set(session.scalars(select(Programme.slug)))
    finally:
        made.sessions.engine.dispose()
    if others := sorted(slugs - {shop.SLUG}):
        raise ConfigurationError(
            [f"The database holds {', '.join(others)} too; nothing was removed."]
        )
