"""The queue of hints, behind huey: a SQLite file, Redis or PostgreSQL.

A hint is signed with a key of ours: huey unpickles what it takes from the queue, and
a queue may stand on another machine.
"""

from pathlib import Path
from urllib.parse import urlsplit

import huey
import huey.exceptions
from huey.serializer import SignedSerializer

from web.config import ConfigurationError, Settings

FILE = "queue.db"
"""The queue's file in the data directory, when no PALIER_QUEUE_URL is set."""

NAME = "palier"
# A hint is worth no more than this wait of the request that gives it.
_TIMEOUT = 2
# How long a consumer of a blocking queue listens before it looks around.
_LISTEN = 1


def open_queue(settings: Settings) -> huey.Huey:
    """Return the queue that the settings name.

    Raises:
        ConfigurationError: it cannot be reached, or a package is missing.
    """
    url = settings.queue_url.get_secret_value() if settings.queue_url else ""
    serializer = SignedSerializer(settings.key("queue"), salt=NAME)
    try:
        return _open(settings, url, serializer)
    except huey.exceptions.ConfigurationError as error:
        raise ConfigurationError(
            [f"PALIER_QUEUE_URL: {error} (or `pip install palier[redis]`)."]
        ) from error
    except Exception as error:
        raise ConfigurationError(
            [f"PALIER_QUEUE_URL: the queue does not answer ({type(error).__name__})."]
        ) from error


def _open(settings: Settings, url: str, serializer: SignedSerializer) -> huey.Huey:
    common = {"results": False, "serializer": serializer}
    scheme = urlsplit(url).scheme
    if scheme in {"redis", "rediss"}:
        return _open_redis(url, common)
    if scheme == "postgresql":
        return huey.PostgresHuey(
            NAME,
            dsn=url,
            connect_timeout=_TIMEOUT,
            read_timeout=_LISTEN,
            table_prefix="palier_queue",
            **common,
        )
    path = settings.data_dir / FILE
    if scheme == "sqlite":
        path = Path(url.removeprefix("sqlite:///"))
    path.touch(mode=0o600)
    # A hint may be lost, so that it need not wait for the disk.
    return huey.SqliteHuey(
        NAME, filename=str(path), fsync=False, cache_mb=1, timeout=_TIMEOUT, **common
    )


def _open_redis(url: str, common: dict[str, object]) -> huey.Huey:
    timeout = f"socket_connect_timeout={_TIMEOUT}"
    made = huey.RedisHuey(
        NAME,
        url=f"{url}{'&' if '?' in url else '?'}{timeout}",
        read_timeout=_LISTEN,
        **common,
    )
    # Redis is not asked before the first use: an address that is wrong shows here.
    made.storage.queue_size()
    return made
