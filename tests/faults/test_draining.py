"""R13: SIGTERM answers what is under way, and ends soon."""

import http.client
import json
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from passes.db import Sessions
from tests.faults import harness
from tests.faults.harness import Server, Shop

REQUESTS = 5


def earn(server: Server, shop: Shop, number: int, statuses: list[int]) -> None:
    """Post one purchase and note the status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {
        "Authorization": f"Bearer {shop.key}",
        "Idempotency-Key": f"slow-{number}",
        "Content-Type": "application/json",
    }
    body = json.dumps({"amount": "5.00"})
    path = f"/api/v1/cards/{shop.cards[number]}/earn"
    try:
        connection.request("POST", path, body, headers)
        statuses.append(connection.getresponse().status)
    except (OSError, http.client.HTTPException):
        statuses.append(0)
    finally:
        connection.close()


def hold(engine: Engine) -> str:
    """Return what makes every writer of this engine wait."""
    if engine.dialect.name == "sqlite":
        return "UPDATE card SET id = id WHERE id = 0"
    return "SELECT id FROM card FOR UPDATE"


@pytest.mark.faults
def test_requests_under_way_are_answered_when_the_server_is_told_to_end(
    tmp_path: Path,
    engine: Engine,
    database_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shop = harness.found(Sessions(engine))
    statuses: list[int] = []
    with Server(tmp_path, database_url) as server:
        with engine.begin() as slow:
            slow.execute(text(hold(engine)))
            asking = [
                threading.Thread(target=earn, args=(server, shop, number, statuses))
                for number in range(REQUESTS)
            ]
            for thread in asking:
                thread.start()
            time.sleep(1.0)
            told = time.monotonic()
            server.terminate()
            time.sleep(1.0)
            under_way = len(statuses)
        for thread in asking:
            thread.join()
        status = server.ended()
        took = time.monotonic() - told

    harness.say(
        capsys,
        f"R13 {engine.dialect.name} answered={statuses} exit={status}"
        f" after={took:.1f}s",
    )
    assert under_way == 0
    assert statuses == [201] * REQUESTS
    assert status == 0
    assert took < 30
