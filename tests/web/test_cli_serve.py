"""The server and the worker as processes: they start, answer, and end when told."""

import http.client
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from tests.faults.harness import Server
from web import doctor
from web.config import Settings


@contextmanager
def running(server: Server, *words: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command *words* with the server's settings."""
    process = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "web.cli", *words],
        cwd=server.folder,
        env=server.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        with process:
            yield process
            process.kill()
    finally:
        process.kill()


def test_serve_answers_and_ends_when_told(tmp_path: Path, database_url: str) -> None:
    server = Server(tmp_path, database_url)
    with server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
        connection.request("GET", "/readyz")
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        server.terminate()

        assert server.ended() == 0
    assert (answer.status, body) == (200, b'{"missing":[],"ready":true}\n')


def test_serve_refuses_a_database_without_schema(
    tmp_path: Path, blank_database_url: str
) -> None:
    server = Server(tmp_path, blank_database_url)

    with running(server, "serve", "--port", str(server.port)) as process:
        told, _ = process.communicate(timeout=60)

    assert process.returncode == 1
    assert told.decode().strip() == (
        "Error: The database is not at this version; run `palier db upgrade`."
    )


def test_the_worker_alone_works_until_it_is_told_to_end(
    tmp_path: Path, database_url: str
) -> None:
    server = Server(tmp_path, database_url)
    settings = Settings.model_validate(
        {"data_dir": tmp_path / "data", "database_url": database_url}
    )

    with running(server, "worker") as process:
        # Its pulse shows that it runs: the doctor counts on it.
        until = time.monotonic() + 60
        while "A background worker runs." not in examined(settings):
            assert time.monotonic() < until
            time.sleep(0.2)
        process.send_signal(signal.SIGTERM)

        assert process.wait(30) == 0


def examined(settings: Settings) -> list[str]:
    """Return what the doctor says."""
    return [found.sentence for found in doctor.examine(settings, at=datetime.now(UTC))]
