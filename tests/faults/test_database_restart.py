"""R12: a PostgreSQL that falls over and comes back costs time and no point."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from passes import db, migrations
from passes.db import Sessions
from tests.faults import harness, verdicts
from tests.faults.harness import Server

SEED = 12
SHORT, LONG = 3, 30
TILLS = 4
_BINARIES = "/usr/lib/postgresql/*/bin"


class Cluster:
    """A PostgreSQL of the test's own, run by a user who is not root."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self.port = harness.free_port()
        self._binaries, self._folder = binaries, folder
        self._as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []

    @property
    def url(self) -> str:
        """The address of its maintenance database."""
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres"

    def make(self) -> None:
        """Initialise it, for this machine alone."""
        if self._as:
            shutil.chown(self._folder, "postgres")
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "-N")

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._folder}"
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", self._data, "-o", options, "-l", log, "-w", "start")

    def crash(self) -> None:
        """Stop it without a checkpoint, as a crash does."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        # Its own log goes to a file: a pipe would stay open with the server.
        subprocess.run(  # noqa: S603
            [*self._as, str(self._binaries / program), *arguments],
            cwd=self._folder,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
        )


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """A fresh cluster that runs."""
    found = sorted(Path("/").glob(_BINARIES.removeprefix("/")))
    if not found:
        pytest.skip(f"no PostgreSQL programs in {_BINARIES}")
    folder = Path("/tmp") / f"palier-cluster-{harness.free_port()}"  # noqa: S108
    folder.mkdir(mode=0o700)
    made = Cluster(found[-1], folder)
    made.make()
    made.start()
    yield made
    made.crash()
    shutil.rmtree(folder)


@pytest.mark.faults
@pytest.mark.postgresql
def test_a_database_that_crashes_and_returns_loses_nothing(
    cluster: Cluster,
    tmp_path: Path,
    long_form: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    restarts = LONG if long_form else SHORT
    engine = db.open_engine(cluster.url)
    migrations.upgrade(engine)
    shop = harness.found(Sessions(engine))
    server = Server(tmp_path, cluster.url)
    with server, harness.tills(server, shop, TILLS, SEED) as running:
        for _ in range(restarts):
            time.sleep(1.0)
            cluster.crash()
            time.sleep(0.5)
            cluster.start()
        time.sleep(1.0)
        harness.close(running)
        verdict = verdicts.judge(Sessions(engine), running)
    engine.dispose()

    longest = max(max(till.seconds) for till in running)
    refused = sum(
        many
        for till in running
        for status, many in till.statuses.items()
        if status > 499
    )
    harness.say(
        capsys,
        f"R12 restarts={restarts} {verdict} answers_5xx={refused}"
        f" longest_wait={longest:.1f}s",
    )
    assert verdict.clean, verdict.broken[:3]
    assert all(set(till.statuses) <= {201, 503} for till in running)
