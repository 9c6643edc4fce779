"""The stand-in refuses what Apple's documents say that Apple refuses."""

import io
import json
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pycurl
import pytest
from cryptography import x509
from h2 import events
from h2.connection import H2Connection

from tests.wallet_apple.throwaway import PASS_TYPE, Issued, issue
from wallet_apple.standin import authority
from wallet_apple.standin.apns import ApnsStandin
from wallet_apple.standin.apns_book import Trick
from wallet_apple.standin.apns_rules import Reply

TOKEN = "0a" * 32
PATH = f"/3/device/{TOKEN}"


class Said(NamedTuple):
    status: int
    reason: str
    timestamp: object
    headers: str


Ask = Callable[..., Said]


@pytest.fixture(scope="module")
def issued() -> Issued:
    return issue()


@pytest.fixture
def apple(tmp_path: Path, issued: Issued) -> Iterator[ApnsStandin]:
    with ApnsStandin(tmp_path, issued.authority) as standin:
        yield standin


@pytest.fixture
def ask(apple: ApnsStandin, issued: Issued, tmp_path: Path) -> Ask:
    """Send one request, a right one unless told otherwise."""

    def send(
        path: str = PATH,
        *,
        method: str = "POST",
        headers: list[str] | None = None,
        body: bytes = b"{}",
        issued: Issued | None = issued,
        version: int = pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
    ) -> Said:
        got, seen = io.BytesIO(), io.BytesIO()
        curl = pycurl.Curl()
        curl.setopt(pycurl.URL, apple.url + path)
        curl.setopt(pycurl.HTTP_VERSION, version)
        curl.setopt(pycurl.CAINFO, str(apple.ca_file))
        if issued:
            curl.setopt(pycurl.SSLCERT_BLOB, issued.identity.certificate)
            curl.setopt(pycurl.SSLKEY_BLOB, issued.identity.key)
        curl.setopt(pycurl.COPYPOSTFIELDS, body)
        curl.setopt(pycurl.CUSTOMREQUEST, method)
        curl.setopt(pycurl.HTTPHEADER, headers or [f"apns-topic: {PASS_TYPE}"])
        curl.setopt(pycurl.WRITEDATA, got)
        curl.setopt(pycurl.HEADERFUNCTION, seen.write)
        curl.setopt(pycurl.PROXY, "")
        curl.setopt(pycurl.TIMEOUT_MS, 2000)
        try:
            curl.perform()
            status = curl.getinfo(pycurl.RESPONSE_CODE)
        finally:
            curl.close()
        said = json.loads(got.getvalue() or b"{}")
        return Said(
            status,
            said.get("reason", ""),
            said.get("timestamp"),
            seen.getvalue().decode(),
        )

    return send


def test_a_right_push_is_accepted_with_an_id_and_without_a_body(
    apple: ApnsStandin, ask: Ask
) -> None:
    said = ask()

    assert (said.status, said.reason) == (200, "")
    assert "apns-id: " in said.headers
    assert [push.token for push in apple.book.pushes] == [TOKEN]
    assert apple.book.accepted == 1


def test_a_push_keeps_the_name_it_came_with(ask: Ask) -> None:
    name = "eabeae54-14a8-11e5-b60b-1697f925ec7b"

    assert f"apns-id: {name}" in ask(headers=[f"apns-id: {name}"]).headers


def with_header(line: str) -> dict[str, object]:
    return {"headers": [f"apns-topic: {PASS_TYPE}", line]}


REFUSED: list[tuple[dict[str, object], int, str]] = [
    ({"method": "GET"}, 405, "MethodNotAllowed"),
    ({"method": "PUT"}, 405, "MethodNotAllowed"),
    ({"path": "/"}, 404, "BadPath"),
    ({"path": f"/2/device/{TOKEN}"}, 404, "BadPath"),
    ({"path": "/3/device/"}, 400, "MissingDeviceToken"),
    ({"path": "/3/device/xyz"}, 400, "BadDeviceToken"),
    ({"path": "/3/device/abc"}, 400, "BadDeviceToken"),
    ({"path": f"{PATH}/"}, 400, "BadDeviceToken"),
    ({"path": f"{PATH}?x=1"}, 400, "BadDeviceToken"),
    ({"headers": ["apns-topic: pass.of.another"]}, 400, "TopicDisallowed"),
    ({"headers": ["apns-topic: no topic!"]}, 400, "BadTopic"),
    (with_header(f"apns-topic: {PASS_TYPE}"), 400, "DuplicateHeaders"),
    (with_header("apns-push-type: loud"), 400, "InvalidPushType"),
    (with_header("apns-priority: 7"), 400, "BadPriority"),
    (
        {"headers": ["apns-push-type: background", "apns-priority: 10"]},
        400,
        "BadPriority",
    ),
    (with_header("apns-expiration: tomorrow"), 400, "BadExpirationDate"),
    (with_header("apns-id: 12"), 400, "BadMessageId"),
    (with_header("apns-collapse-id: " + "x" * 65), 400, "BadCollapseId"),
    ({"body": b""}, 400, "PayloadEmpty"),
    ({"body": b"{"}, 400, "PayloadEmpty"),
    ({"body": b"[]"}, 400, "PayloadEmpty"),
    ({"body": b"[" * 4000}, 400, "PayloadEmpty"),
    ({"body": b'{"a": "' + b"x" * 4090 + b'"}'}, 413, "PayloadTooLarge"),
    ({"body": b"x" * 300_000}, 413, "PayloadTooLarge"),
]


@pytest.mark.parametrize(("request_", "status", "reason"), REFUSED)
def test_what_breaks_a_rule_is_refused_in_apples_words(
    apple: ApnsStandin, ask: Ask, request_: dict[str, object], status: int, reason: str
) -> None:
    said = ask(**request_)

    assert (said.status, said.reason, said.timestamp) == (status, reason, None)
    assert apple.book.accepted == 0


@pytest.mark.parametrize(
    "request_",
    [
        {"headers": ["apns-push-type: background", "apns-priority: 5"]},
        {"headers": ["apns-push-type: alert", "apns-priority: 10"]},
        with_header("apns-expiration: 1795000000"),
        with_header("apns-id: eabeae54-14a8-11e5-b60b-1697f925ec7b"),
        {"body": b'{"aps": {}}'},
        {"body": b'{"a": "' + b"x" * 4087 + b'"}'},
        {"path": "/3/device/" + "AB" * 40},
    ],
)
def test_what_keeps_the_rules_is_accepted(
    ask: Ask, request_: dict[str, object]
) -> None:
    assert ask(**request_).status == 200


def test_a_certificate_without_a_pass_type_is_refused(tmp_path: Path, ask: Ask) -> None:
    nameless = issue(None)
    with ApnsStandin(tmp_path / "other", nameless.authority) as other:
        # The second stand-in trusts the authority of the nameless certificate.
        context = ssl.create_default_context(cafile=str(other.ca_file))
        pem = tmp_path / "nameless.pem"
        pem.write_bytes(nameless.identity.certificate + nameless.identity.key)
        context.load_cert_chain(pem)
        assert speak(other, context, PATH) == (403, "BadCertificate")


def speak(standin: ApnsStandin, context: ssl.SSLContext, path: str) -> tuple[int, str]:
    """Send one push with nothing but h2 and a socket."""
    status, body = 0, b""
    with client(standin, context) as (connection, plug):
        push(connection, 1, path)
        while True:
            plug.sendall(connection.data_to_send())
            for event in connection.receive_data(hear(plug)):
                if isinstance(event, events.ResponseReceived):
                    status = int(dict(event.headers or [])[b":status"])
                elif isinstance(event, events.DataReceived):
                    body += event.data or b""
                elif isinstance(event, events.StreamEnded):
                    return status, json.loads(body)["reason"] if body else ""


def hear(plug: ssl.SSLSocket) -> bytes:
    """What came; an error when the other side has ended."""
    if data := plug.recv(65_536):
        return data
    raise ConnectionError


class client:  # noqa: N801 - used like a function
    """A bare connection: the HTTP/2 state and the socket."""

    def __init__(self, standin: ApnsStandin, context: ssl.SSLContext) -> None:
        context.set_alpn_protocols(["h2"])
        raw = socket.create_connection(("127.0.0.1", standin.port), timeout=3)
        self._plug = context.wrap_socket(raw, server_hostname="127.0.0.1")

    def __enter__(self) -> tuple[H2Connection, ssl.SSLSocket]:
        connection = H2Connection()
        connection.initiate_connection()
        return connection, self._plug

    def __exit__(self, *_: object) -> None:
        self._plug.close()


def push(connection: H2Connection, stream: int, path: str = PATH) -> None:
    connection.send_headers(
        stream,
        [
            (":method", "POST"),
            (":scheme", "https"),
            (":authority", "localhost"),
            (":path", path),
            ("apns-topic", PASS_TYPE),
        ],
    )
    connection.send_data(stream, b"{}", end_stream=True)


@pytest.fixture
def context(apple: ApnsStandin, issued: Issued, tmp_path: Path) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(apple.ca_file))
    pem = tmp_path / "client.pem"
    pem.write_bytes(issued.identity.certificate + issued.identity.key)
    made.load_cert_chain(pem)
    return made


@pytest.mark.parametrize(
    "stranger",
    [
        None,
        issue(),
        issue(begin=datetime.now(UTC) - timedelta(days=60)),
        issue(begin=datetime.now(UTC) + timedelta(days=1)),
    ],
    ids=["none", "strange", "expired", "early"],
)
def test_without_a_good_certificate_nobody_is_heard(
    apple: ApnsStandin, ask: Ask, stranger: Issued | None
) -> None:
    with pytest.raises(pycurl.error):
        ask(issued=stranger)
    assert not apple.book.pushes


def test_an_expired_certificate_of_a_known_authority_is_not_heard(
    tmp_path: Path,
) -> None:
    expired = issue(begin=datetime.now(UTC) - timedelta(days=60))
    pem = tmp_path / "expired.pem"
    pem.write_bytes(expired.identity.certificate + expired.identity.key)
    with ApnsStandin(tmp_path, expired.authority) as apple:
        context = ssl.create_default_context(cafile=str(apple.ca_file))
        context.load_cert_chain(pem)
        with pytest.raises(OSError):  # noqa: PT011 - in whatever way it ends
            speak(apple, context, PATH)
        assert not apple.book.pushes


def test_it_speaks_http_2_only(apple: ApnsStandin, ask: Ask) -> None:
    with pytest.raises(pycurl.error):
        ask(version=pycurl.CURL_HTTP_VERSION_1_1)
    assert not apple.book.pushes


def test_answers_are_given_in_their_order_and_then_end(
    apple: ApnsStandin, ask: Ask
) -> None:
    apple.book.answers[TOKEN] = [
        Reply(429, "TooManyRequests"),
        Reply(410, "Unregistered", 1_795_000_000_123),
    ]

    said = [ask() for _ in range(3)]

    assert [(one.status, one.reason, one.timestamp) for one in said] == [
        (429, "TooManyRequests", None),
        (410, "Unregistered", 1_795_000_000_123),
        (200, "", None),
    ]
    assert apple.book.reasons == {"TooManyRequests": 1, "Unregistered": 1}


def test_a_phone_hears_of_accepted_pushes_alone(apple: ApnsStandin, ask: Ask) -> None:
    heard: list[str] = []
    apple.book.on_push = heard.append
    ask()
    ask(body=b"")
    apple.book.answers[TOKEN] = Reply(410, "Unregistered", 1)
    ask()

    assert heard == [TOKEN]


def test_a_phone_that_fails_does_not_hurt_the_service(
    apple: ApnsStandin, ask: Ask
) -> None:
    def fail(_: str) -> None:
        raise RuntimeError

    apple.book.on_push = fail

    assert ask().status == 200


def test_latency_is_added(apple: ApnsStandin, ask: Ask) -> None:
    apple.book.latency = 0.2

    started = time.monotonic()
    ask()

    assert time.monotonic() - started >= 0.2


@pytest.mark.parametrize("trick", [Trick.RESET, Trick.CUT, Trick.SILENCE])
def test_a_trick_leaves_the_client_without_an_answer(
    apple: ApnsStandin, ask: Ask, trick: Trick
) -> None:
    apple.book.answers[TOKEN] = trick

    with pytest.raises(pycurl.error):
        ask()


def test_a_stream_too_many_ends_the_connection(
    apple: ApnsStandin, context: ssl.SSLContext
) -> None:
    apple.book.streams = 2
    apple.book.latency = 5
    with client(apple, context) as (connection, plug):
        plug.sendall(connection.data_to_send())
        while connection.remote_settings.max_concurrent_streams != 2:
            connection.receive_data(hear(plug))
        # A client that knows the limit and does not care.
        connection.remote_settings.max_concurrent_streams = 100
        connection.remote_settings.acknowledge()
        for stream in (1, 3, 5):
            push(connection, stream)
        plug.sendall(connection.data_to_send())
        seen = []
        while data := plug.recv(65_536):
            seen += connection.receive_data(data)

    assert any(isinstance(event, events.ConnectionTerminated) for event in seen)
    assert len(apple.book.violations) == 1


def test_a_farewell_tells_the_last_push_that_will_be_answered(
    apple: ApnsStandin, context: ssl.SSLContext
) -> None:
    apple.book.goaway_after = 2
    apple.book.latency = 0.1
    with client(apple, context) as (connection, plug):
        for stream in (1, 3, 5):
            push(connection, stream)
        plug.sendall(connection.data_to_send())
        seen: list[bytes] = []
        while data := plug.recv(65_536):
            seen.append(data)

    wire = b"".join(seen)
    farewell = (3).to_bytes(4, "big") + bytes(4) + b'{"reason": "Shutdown"}'
    assert farewell in wire
    assert len(apple.book.pushes) == 2


@pytest.mark.parametrize("garbage", [b"GET / HTTP/1.1\r\n\r\n", b"\x00" * 64])
def test_garbage_ends_the_connection_and_nothing_else(
    apple: ApnsStandin, context: ssl.SSLContext, ask: Ask, garbage: bytes
) -> None:
    with client(apple, context) as (_, plug):
        plug.sendall(garbage)
        while plug.recv(65_536):
            pass

    assert apple.book.violations
    assert ask().status == 200


def test_it_serves_loopback_only(tmp_path: Path, issued: Issued) -> None:
    with pytest.raises(ValueError, match="loopback"):
        ApnsStandin(tmp_path, issued.authority, host="0.0.0.0")  # noqa: S104


def test_a_port_in_use_is_said_at_the_start(
    apple: ApnsStandin, tmp_path: Path, issued: Issued
) -> None:
    second = ApnsStandin(tmp_path, issued.authority, port=apple.port)

    with pytest.raises(OSError, match="in use"):
        second.start()


def test_it_can_be_started_again_on_the_same_port(apple: ApnsStandin, ask: Ask) -> None:
    port = apple.port
    apple.stop()
    apple.start()

    assert apple.port == port
    assert ask().status == 200


def test_stopping_twice_does_nothing(apple: ApnsStandin) -> None:
    apple.stop()
    apple.stop()


def test_an_outage_refuses_and_ends(apple: ApnsStandin, ask: Ask) -> None:
    apple.refuse()
    with pytest.raises(pycurl.error, match="connect"):
        ask()
    apple.restore()

    assert ask().status == 200


def test_a_black_hole_swallows_and_ends(apple: ApnsStandin, ask: Ask) -> None:
    apple.blackhole()
    with pytest.raises(pycurl.error, match="timed out"):
        ask()
    apple.restore()

    assert ask().status == 200


def test_keys_are_the_owners_alone(tmp_path: Path) -> None:
    files = authority.server_files(tmp_path)

    for path in (files.authority, files.server):
        assert path.stat().st_mode & 0o777 == 0o600
    assert b"PRIVATE KEY" not in files.authority.read_bytes()


def test_a_certificate_is_kept_until_it_nears_its_end(tmp_path: Path) -> None:
    now = datetime.now(UTC)
    first = authority.server_files(tmp_path, now).server.read_bytes()

    later = authority.server_files(tmp_path, now + timedelta(days=300))
    assert later.server.read_bytes() == first
    at_the_end = authority.server_files(tmp_path, now + timedelta(days=350))
    assert at_the_end.server.read_bytes() != first


@pytest.mark.parametrize("damage", [b"", b"nonsense"])
def test_damaged_files_are_made_anew(tmp_path: Path, damage: bytes) -> None:
    files = authority.server_files(tmp_path)
    files.server.write_bytes(damage)

    again = authority.server_files(tmp_path)
    made = x509.load_pem_x509_certificate(again.server.read_bytes())
    assert made.not_valid_after_utc > datetime.now(UTC)
