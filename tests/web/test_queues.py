"""Where hints travel: a file, or PostgreSQL or Redis for workers elsewhere."""

import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.conftest import lacking
from web import queues
from web.config import ConfigurationError, Settings

REDIS = "redis://127.0.0.1:6379"
REDIS_DATABASE = 9
"""Whoever runs the tests may keep something in database 0."""


def settings_with(folder: Path, queue: str, database: str) -> Settings:
    """Return settings whose queue is at *queue*."""
    made = Settings.model_validate(
        {"data_dir": folder / "var", "queue_url": queue, "database_url": database}
    )
    made.prepare()
    return made


def plain(url: str) -> str:
    """Return a database's address as PALIER_QUEUE_URL has it."""
    return url.replace("postgresql+psycopg://", "postgresql://")


def test_the_queue_is_a_file_that_its_owner_alone_reads(tmp_path: Path) -> None:
    settings = Settings.model_validate({"data_dir": tmp_path / "var"})
    settings.prepare()

    queue = queues.open_queue(settings)
    queue.storage.close()

    mode = (tmp_path / "var" / queues.FILE).stat().st_mode
    assert stat.S_IMODE(mode) == 0o600


@pytest.mark.postgresql
def test_a_hint_travels_through_postgresql(tmp_path: Path, postgresql_url: str) -> None:
    settings = settings_with(tmp_path, plain(postgresql_url), postgresql_url)
    giving, taking = queues.open_queue(settings), queues.open_queue(settings)
    heard: list[str] = []
    hint = giving.task(name="drain")(lambda: None)
    taking.task(name="drain")(lambda: heard.append("heard"))

    giving.enqueue(hint.s())
    taking.execute(taking.dequeue())
    for queue in (giving, taking):
        queue.storage.close()

    assert heard == ["heard"]


@pytest.mark.postgresql
def test_a_hint_of_somebody_else_is_refused(
    tmp_path: Path, postgresql_url: str
) -> None:
    ours = settings_with(tmp_path / "ours", plain(postgresql_url), postgresql_url)
    theirs = settings_with(tmp_path / "theirs", plain(postgresql_url), postgresql_url)
    giving, taking = queues.open_queue(theirs), queues.open_queue(ours)
    giving.enqueue(giving.task(name="drain")(lambda: None).s())

    with pytest.raises(ValueError, match="mismatch"):
        taking.dequeue()

    for queue in (giving, taking):
        queue.storage.close()


@pytest.fixture
def redis_url() -> Iterator[str]:
    """The address of an unused database of a real Redis, emptied afterwards."""
    url = f"{REDIS}/{REDIS_DATABASE}"
    client = redis.Redis.from_url(url, socket_connect_timeout=1)
    try:
        used = client.dbsize()
    except redis.exceptions.RedisError as error:
        lacking("redis", f"no Redis answers on {REDIS} ({type(error).__name__})")
    if used:
        lacking("redis", f"database {REDIS_DATABASE} of {REDIS} is in use")
    yield url
    client.flushdb()
    client.close()


def test_a_hint_travels_through_redis(
    tmp_path: Path, redis_url: str, postgresql_url: str
) -> None:
    settings = settings_with(tmp_path, redis_url, postgresql_url)
    giving, taking = queues.open_queue(settings), queues.open_queue(settings)
    heard: list[str] = []
    hint = giving.task(name="drain")(lambda: None)
    taking.task(name="drain")(lambda: heard.append("heard"))

    giving.enqueue(hint.s())
    assert taking.pending_count() == 1
    taking.execute(taking.dequeue())
    assert taking.dequeue() is None
    for queue in (giving, taking):
        queue.storage.close()

    assert heard == ["heard"]


def test_a_hint_of_somebody_else_in_redis_is_refused(
    tmp_path: Path, redis_url: str, postgresql_url: str
) -> None:
    ours = settings_with(tmp_path / "ours", redis_url, postgresql_url)
    theirs = settings_with(tmp_path / "theirs", redis_url, postgresql_url)
    giving, taking = queues.open_queue(theirs), queues.open_queue(ours)
    giving.enqueue(giving.task(name="drain")(lambda: None).s())

    with pytest.raises(ValueError, match="mismatch"):
        taking.dequeue()

    for queue in (giving, taking):
        queue.storage.close()


@pytest.mark.parametrize("address", ["postgresql", "redis"])
def test_a_queue_that_does_not_answer_is_named(
    tmp_path: Path, postgresql_url: str, address: str
) -> None:
    nowhere = f"{address}://127.0.0.1:1/none"
    settings = settings_with(tmp_path, nowhere, postgresql_url)

    with pytest.raises(ConfigurationError, match="PALIER_QUEUE_URL"):
        queues.open_queue(settings)
