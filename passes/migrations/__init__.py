"""The schema, as Alembic revisions for both engines.

The tables of every package are here, in the order in which they came to be; which
ones belong together is for the caller to say, who hands the metadata in.
"""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData

_HERE = Path(__file__).parent


def upgrade(engine: Engine) -> None:
    """Bring the database to the newest revision; nothing when it is there."""
    config = _config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current(engine: Engine) -> str | None:
    """Return the revision the database is at, or None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str | None:
    """Return the revision that this Palier needs."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def problem(engine: Engine) -> str | None:
    """Say in a sentence why this Palier cannot use the database, or None."""
    found = current(engine)
    if found == newest():
        return None
    if found is None or found in _known():
        return "The database is not at this version; run `palier db upgrade`."
    return "The database is of a newer Palier; install that version or a later one."


def _known() -> set[str]:
    script = ScriptDirectory.from_config(_config())
    return {revision.revision for revision in script.walk_revisions()}


def differences(engine: Engine, metadata: MetaData) -> list[object]:
    """Return where the database and *metadata* differ; nothing is a good answer."""
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        return list(compare_metadata(context, metadata))


def _config() -> Config:
    config = Config()
    # Alembic reads percent signs as its own.
    config.set_main_option("script_location", str(_HERE).replace("%", "%%"))
    return config
