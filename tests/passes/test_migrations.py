"""The schema is what the models say, on both engines."""

import importlib
import pkgutil

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

import passes
from passes import db, migrations
from passes.db import Base

REVISIONS = [
    revision.revision
    for revision in ScriptDirectory.from_config(migrations._config()).walk_revisions()
]


def _every_table() -> None:
    for package in (passes,):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in module.name:
                importlib.import_module(module.name)
    for name in (
        "wallet_apple.tables",
        "wallet_google.tables",
        "web.tables",
        "web.accounts.account",
    ):
        importlib.import_module(name)


def test_a_migrated_database_is_as_the_models_say(engine: Engine) -> None:
    _every_table()

    assert migrations.current(engine) == migrations.newest()
    assert migrations.differences(engine, Base.metadata) == []


def test_migrating_again_changes_nothing(engine: Engine) -> None:
    migrations.upgrade(engine)

    assert migrations.current(engine) == migrations.newest()


def test_sqlite_tables_are_strict(engine: Engine) -> None:
    if engine.dialect.name != "sqlite":
        return
    with engine.connect() as connection:
        loose = connection.execute(
            text(
                "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0"
                " AND name NOT LIKE 'sqlite%' AND name <> 'alembic_version'"
            )
        ).all()
    assert loose == []


@pytest.mark.parametrize("revision", REVISIONS)
def test_a_database_of_any_version_is_brought_to_the_newest(
    blank_database_url: str, revision: str
) -> None:
    _every_table()
    engine = db.open_engine(blank_database_url)
    config = migrations._config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    assert migrations.current(engine) == revision

    migrations.upgrade(engine)

    assert migrations.differences(engine, Base.metadata) == []
    engine.dispose()
