"""The log tells what happened, and of nobody."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from passes.people.actor import Role
from tests.web.servers import Server
from web import logs


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged meanwhile."""
    before = structlog.get_config()
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    logs.configure(pretty=False, stream=stream)
    yield stream
    structlog.configure(**before)
    root.handlers[:], root.level = handlers, level


def lines(log: io.StringIO) -> list[dict[str, object]]:
    """Return the lines that were logged."""
    return [json.loads(line) for line in log.getvalue().splitlines()]


@pytest.mark.asvs("v5.0.0-16.2.5")
@pytest.mark.parametrize(
    "text",
    [
        "GET /card/8x7canary6ywz1canary9qk",
        "/card/8x7canary6ywz1canary9qk/pass.pkpass",
        "/welcome/canary.canary.canary",
        "/apple/v1/passes/pass.org.example/canary",
        "/apple/v1/devices/canary/registrations/pass.org.example/canary?x=1",
        "/apple//v1/devices/canary/registrations/pass.org.example",
        "/api/v1/cards/canary00canary00/earn",
        "/api/v1/members/canary00canary00",
        "/login?next=/card/canary",
        "/join/cafe?email=canary%40x.fr",
        "Authorization: Bearer canary",
        "'Authorization': 'ApplePass canary'",
        "authorization=Basic canary",
        "Cookie: __Host-s=canary",
        "Set-Cookie: palier=canary; HttpOnly",
        "Idempotency-Key: canary-canary-1",
        "X-CSRFToken: canary",
        "sent Bearer canary to the API",
        "anna.canary@cafe.example joined",
        "postgresql+psycopg://root:canary@db/palier",
        "redis://:canary@queue/0",
        "L1.CANARY0123456789ABCD.X7",
        "P3itOm65yGnksyb6rdKCANARY_3CBPo_54sSNkVXUDC9OUU98",
    ],
)
def test_no_secret_and_nobody_is_in_a_text(text: str) -> None:
    assert "canary" not in logs.clean(text).lower()


@pytest.mark.parametrize(
    "number", ["06 12 34 56 78", "+33612345678", "+1 (514) 555-0199", "0612345678"]
)
def test_no_telephone_number_is_in_a_text(number: str) -> None:
    assert number not in logs.clean(f"{number} joined")


@pytest.mark.parametrize(
    "text",
    [
        "/staff/",
        "/join/cafe",
        "the lane apple:pass.org.example pauses until 2026-11-24T12:00:00Z",
        "took 12.5 ms, 1500 rows",
        "/static/app-7W63EFAS.js",
        "2026-11-24 12:00:00",
    ],
)
def test_what_tells_nothing_of_anybody_stays(text: str) -> None:
    assert logs.clean(text) == text


@pytest.mark.asvs("v5.0.0-16.4.1")
def test_a_line_break_makes_no_second_line(log: io.StringIO) -> None:
    forged = 'x\r\n{"event": "forged"}\n'

    structlog.get_logger().info(forged, reason=forged)
    logging.getLogger("library").warning(forged)

    assert len(log.getvalue().splitlines()) == 2
    assert [line["event"] for line in lines(log)] == [
        'x\\r\\n{"event": "forged"}\\n',
        'x\\r\\n{"event": "forged"}\\n',
    ]


def test_a_field_that_is_not_on_the_list_is_not_written(log: io.StringIO) -> None:
    structlog.get_logger().info("joined", lane="apple", member_name="canary")

    (line,) = lines(log)
    assert line["lane"] == "apple"
    assert "canary" not in log.getvalue()


@pytest.mark.parametrize("value", ["half \ud83d of it", 2**64])
def test_what_is_no_proper_json_is_written_all_the_same(
    log: io.StringIO, value: object
) -> None:
    structlog.get_logger().info("read", setting=value)

    (line,) = lines(log)
    assert line["setting"] == value


def test_an_exception_is_written_without_people(log: io.StringIO) -> None:
    try:
        int("canary@cafe.example")
    except ValueError as error:
        structlog.get_logger().error("failed", exc_info=error)
        logging.getLogger("library").exception("failed")

    assert "canary" not in log.getvalue()
    assert [("ValueError" in str(line["exception"])) for line in lines(log)] == [
        True
    ] * 2


def test_what_libraries_chat_about_is_not_written(log: io.StringIO) -> None:
    logging.getLogger("library").info("chat")

    assert log.getvalue() == ""


def test_a_request_is_one_line_with_its_id(log: io.StringIO, server: Server) -> None:
    answer = server.browser().get("/healthz")

    (line,) = lines(log)
    assert line["request_id"] == answer.headers["X-Request-Id"]
    assert (line["path"], line["status"], line["surface"]) == ("/healthz", 200, "site")


@pytest.mark.asvs("v5.0.0-14.2.1")
def test_a_day_of_requests_leaves_no_canary_in_the_log(
    log: io.StringIO, server: Server
) -> None:
    server.employ(Role.OWNER)
    browser = server.browser()
    browser.send("/login", email="canary@cafe.example", password="canary-password")
    browser.get("/card/canarycanarycanarycanary01")
    browser.get("/login?next=canary")
    browser.send(
        "/join/cafe", name="Canary", contact="canary@cafe.example", key="c" * 20
    )
    browser.get(
        "/apple/v1/passes/pass.org.example/canary",
        headers={"Authorization": "ApplePass canary"},
    )
    browser.post("/apple/v1/log", json={"logs": ["canary"]})
    browser.get("/api/v1/programme", headers={"Authorization": "Bearer canary"})
    browser.get("/", headers={"User-Agent": "canary\tx", "X-Forwarded-For": "canary"})
    browser.get("/", headers={"Host": "canary"})

    assert len(lines(log)) >= 9
    assert "canary" not in log.getvalue().lower()
