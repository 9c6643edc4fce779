"""A PostgreSQL that makes transactions lose, as it does under load."""

from sqlalchemy import text

from passes import db
from passes.db import Sessions

_TRIGGER = """
CREATE TRIGGER overtaken BEFORE {on} ON {table}
    FOR EACH ROW EXECUTE FUNCTION overtaken()
"""
_LOSE = """
CREATE FUNCTION overtaken() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- A sequence goes on counting, whatever is rolled back.
    IF nextval('overtaken_times') <= {times} THEN
        RAISE EXCEPTION 'overtaken' USING ERRCODE = '{sqlstate}';
    END IF;
    RETURN coalesce(NEW, OLD);
END $$
"""

DEADLOCK = "40P01"
SERIALIZATION = "40001"


def lose(
    sessions: Sessions,
    table: str,
    *,
    times: int = 2,
    on: str = "INSERT",
    sqlstate: str = DEADLOCK,
) -> None:
    """Make the first *times* writes of that kind to *table* lose."""
    made = (
        "CREATE SEQUENCE overtaken_times",
        _LOSE.format(times=times, sqlstate=sqlstate),
        _TRIGGER.format(on=on, table=table),
    )
    with db.write(sessions) as session:
        for statement in made:
            session.execute(text(statement))
