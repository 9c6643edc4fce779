"""R1: whatever is killed, no acknowledged point is lost and none is given twice."""

import random
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine

from passes.db import Sessions
from tests.faults import harness, verdicts
from tests.faults.harness import Server

SEED = 20261124
SHORT, LONG = 6, 200
TILLS = 4


def crash(
    folder: Path, engine: Engine, database_url: str, cycles: int, seed: int
) -> tuple[verdicts.Verdict, list[float]]:
    """Kill the whole server *cycles* times under load; return what the judge says."""
    sessions = Sessions(engine)
    shop = harness.found(sessions)
    server = Server(folder, database_url)
    draw = random.Random(seed)  # noqa: S311
    recovered = []
    with server, harness.tills(server, shop, TILLS, seed) as running:
        for _ in range(cycles):
            time.sleep(draw.uniform(0.15, 0.6))
            server.kill()
            recovered.append(server.start())
        time.sleep(0.5)
        harness.close(running)
        return verdicts.judge(sessions, running), recovered


@pytest.mark.faults
def test_a_killed_server_loses_and_doubles_nothing(
    tmp_path: Path,
    engine: Engine,
    database_url: str,
    long_form: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    kills = LONG if long_form else SHORT
    verdict, recovered = crash(tmp_path, engine, database_url, kills, SEED)

    p95 = harness.percentile(recovered, 0.95)
    harness.say(
        capsys,
        f"R1 {engine.dialect.name} kills={kills} seed={SEED} {verdict}"
        f" recovery_p95={p95:.2f}s",
    )
    assert verdict.clean, verdict.broken[:3]
