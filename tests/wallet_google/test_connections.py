"""The network at its worst: answers that mislead, that do not come, or have no end."""

import contextlib
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.wallet_google import accounts
from wallet_apple.standin import authority
from wallet_google import connections, errors
from wallet_google.answers import Answer
from wallet_google.client import Client
from wallet_google.connections import Connections
from wallet_google.identity import Identity
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.standin.server import GoogleStandin

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

Part = bytes | float


@contextlib.contextmanager
def answering(*parts: Part) -> Iterator[str]:
    """A server that says *parts* to everybody, pausing where one is a number."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = threading.Event()
        thread = threading.Thread(target=_serve, args=(listener, done, parts))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            done.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def _serve(
    listener: socket.socket, done: threading.Event, parts: tuple[Part, ...]
) -> None:
    while not done.is_set():
        try:
            plug, _ = listener.accept()
        except OSError:
            return
        with plug:
            _say(plug, done, parts)


def _say(plug: socket.socket, done: threading.Event, parts: tuple[Part, ...]) -> None:
    try:
        plug.recv(65536)
        for part in parts:
            if isinstance(part, bytes):
                plug.sendall(part)
            else:
                done.wait(part)
    except OSError:
        # The client was right to go.
        return


@pytest.fixture
def sending(google: GoogleStandin, identity: Identity) -> Iterator[Connections]:
    made = Connections(identity)
    # A token is there already: what follows is about the interface alone.
    made.send("GET", google.url, until=time.monotonic() + 10)
    yield made
    made.close()


def send(made: Connections, url: str, seconds: float = 5.0) -> Answer:
    return made.send("GET", url, until=time.monotonic() + seconds)


def took(work: Callable[[], object]) -> float:
    begin = time.monotonic()
    with pytest.raises(errors.UnavailableError):
        work()
    return time.monotonic() - begin


@pytest.mark.asvs("15.3.2")
def test_a_redirect_is_not_followed(sending: Connections) -> None:
    with answering(OK, b"Content-Length: 2\r\n\r\n{}") as elsewhere:
        moved = f"HTTP/1.1 307 X\r\nLocation: {elsewhere}/\r\nContent-Length: 0\r\n\r\n"
        with answering(moved.encode()) as url:
            assert send(sending, url).status == 307


@pytest.mark.asvs("15.3.2")
def test_a_redirect_for_a_token_is_not_followed(tmp_path: Path) -> None:
    with answering(OK, b"Content-Length: 2\r\n\r\n{}") as elsewhere:
        moved = f"HTTP/1.1 307 X\r\nLocation: {elsewhere}/\r\nContent-Length: 0\r\n\r\n"
        with answering(moved.encode()) as url:
            file = accounts.write(tmp_path, f"{url}/token")
            made = Connections(Identity(file, ISSUER_ID, local=True))
            with pytest.raises(errors.UnavailableError, match="307"):
                send(made, url)
            made.close()


def test_a_huge_answer_is_given_up(sending: Connections) -> None:
    much = connections.MOST_BYTES + 1
    head = b"Content-Length: %d\r\n\r\n" % much
    refused = pytest.raises(errors.UnavailableError, match="ConnectionError")
    with answering(OK, head, b" " * much) as url, refused:
        send(sending, url, 20)


def test_an_answer_that_is_huge_once_unpacked_is_given_up(sending: Connections) -> None:
    packed = gzip.compress(b" " * 2 * connections.MOST_BYTES)
    assert len(packed) < connections.MOST_BYTES / 10
    head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    refused = pytest.raises(errors.UnavailableError, match="ConnectionError")
    with answering(OK, head, packed) as url, refused:
        send(sending, url, 20)


def test_a_packed_answer_is_unpacked(sending: Connections) -> None:
    packed = gzip.compress(b'{"id": "1.x"}')
    head = b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    with answering(OK, head, packed) as url:
        assert send(sending, url).body == b'{"id": "1.x"}'


def test_an_answer_in_chunks_is_read(sending: Connections) -> None:
    chunks = b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
    with answering(OK, chunks) as url:
        assert send(sending, url).body == b"{}"


@pytest.mark.parametrize(
    "rest",
    [
        b"Content-Length: 9\r\n\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}",
        b"Transfer-Encoding: chunked\r\n\r\nnonsense",
        b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    ],
    ids=["short", "chunk", "nonsense", "packing"],
)
def test_an_answer_that_is_not_whole_is_none(sending: Connections, rest: bytes) -> None:
    with answering(OK, rest) as url, pytest.raises(errors.UnavailableError):
        send(sending, url)


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01\x02", b"HTTP/1.1 wrong\r\n\r\n"])
def test_what_is_no_http_is_no_answer(sending: Connections, said: bytes) -> None:
    with answering(said) as url, pytest.raises(errors.UnavailableError):
        send(sending, url)


def test_silence_ends_in_time(sending: Connections) -> None:
    with answering(60.0) as url:
        assert took(lambda: send(sending, url, 0.5)) < 2


def test_a_body_that_drips_ends_in_time(sending: Connections) -> None:
    drops: list[Part] = [b" ", 0.1] * 300
    with answering(OK, b"Content-Length: 9999\r\n\r\n", *drops) as url:
        assert 0.5 < took(lambda: send(sending, url, 0.6)) < 2


def test_a_slow_token_counts_for_the_same_time(
    google: GoogleStandin, identity: Identity
) -> None:
    google.book.latency = 0.4
    made = Connections(identity)
    begin = time.monotonic()
    with pytest.raises(errors.UnavailableError):
        made.send("GET", f"{google.url}/walletobjects/v1/", until=begin + 0.6)
    assert time.monotonic() - begin < 1.5
    made.close()


def test_no_request_leaves_without_time(
    google: GoogleStandin, sending: Connections
) -> None:
    with pytest.raises(errors.UnavailableError, match="Timeout"):
        sending.send("GET", f"{google.url}/walletobjects/v1/x", until=time.monotonic())
    assert not google.book.requests


@pytest.mark.asvs("12.3.2")
def test_a_certificate_that_nobody_vouches_for_is_refused(
    sending: Connections, tmp_path: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(authority.server_files(tmp_path).server)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_greet, args=(tls, listener))
        thread.start()
        with pytest.raises(errors.UnavailableError, match="SSL"):
            send(sending, f"https://127.0.0.1:{listener.getsockname()[1]}/")
        thread.join(10)


def _greet(tls: ssl.SSLContext, listener: socket.socket) -> None:
    plug, _ = listener.accept()
    with plug, contextlib.suppress(ssl.SSLError):
        tls.wrap_socket(plug, server_side=True).close()


def test_a_netrc_does_not_take_the_tokens_place(
    google: GoogleStandin,
    client: Client,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    client.issuer()
    assert google.book.requests[-1].headers["authorization"] == "Bearer"


def test_each_thread_has_connections_of_its_own(
    google: GoogleStandin, client: Client
) -> None:
    done: list[str] = []

    def ask() -> None:
        done.extend(client.issuer()["name"] for _ in range(3))
        client.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(done) == 12
    # One for all, or one for each that came before there was one.
    assert google.book.tokens <= 4
