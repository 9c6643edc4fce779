"""Root keys: asked for when it helps, kept when Google is silent, never a storm."""

import base64
import contextlib
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.makers import NOON
from wallet_google import keys
from wallet_google.errors import UnavailableError
from wallet_google.keys import FRESH, PAUSE, RootKeys
from wallet_google.standin.signing import ROOT_LASTS, CallbackSigner

SECOND = timedelta(seconds=1)


def entry(ends_at: datetime = NOON + ROOT_LASTS, **changes: Any) -> dict[str, Any]:
    der = (
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    usual = {
        "keyValue": base64.b64encode(der).decode(),
        "protocolVersion": "ECv2SigningOnly",
        "keyExpiration": str(int(ends_at.timestamp() * 1000)),
    }
    return usual | changes


def document(*entries: object) -> bytes:
    return json.dumps({"keys": entries}).encode()


@dataclass
class Published:
    """An address: what stands there, and how often it was asked for."""

    document: bytes | None = field(default_factory=lambda: document(entry()))
    asked: int = 0

    def __call__(self, url: str) -> bytes:
        self.asked += 1
        if self.document is None:
            raise UnavailableError("out of order")
        return self.document


@pytest.fixture
def published() -> Published:
    return Published()


@pytest.fixture
def roots(published: Published) -> RootKeys:
    return RootKeys(fetch=published)


class TestDocument:
    def test_only_keys_of_our_protocol_count(self) -> None:
        said = document(entry(), entry(protocolVersion="ECv1"), entry())
        assert len(keys.read(said)) == 2

    def test_the_stand_in_s_document_is_read(self) -> None:
        found = keys.read(CallbackSigner(at=NOON).root_keys_document())
        assert [root.ends_at for root in found] == [NOON + ROOT_LASTS]

    @pytest.mark.parametrize(
        "odd",
        [
            None,
            "key",
            entry(keyValue=None),
            entry(keyValue="AAAA"),
            entry(keyExpiration="soon"),
            entry(keyExpiration=None),
            entry(keyExpiration="9" * 30),
            {"protocolVersion": "ECv2SigningOnly"},
        ],
        ids=range(8),
    )
    def test_a_key_that_cannot_be_read_keeps_no_other_from_us(
        self, odd: object
    ) -> None:
        assert len(keys.read(document(odd, entry()))) == 1

    @pytest.mark.parametrize(
        "said", [b"", b"[]", b"{}", b'{"keys": {}}', b"<html>", b'{"keys": NaN}']
    )
    def test_what_is_no_document_is_refused(self, said: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            keys.read(said)


class TestCurrent:
    def test_nothing_is_asked_before_it_is_needed(
        self, roots: RootKeys, published: Published
    ) -> None:
        assert published.asked == 0
        assert len(roots.current(NOON)) == 1

    def test_keys_are_kept_while_they_are_fresh(
        self, roots: RootKeys, published: Published
    ) -> None:
        for minutes in range(0, 359, 7):
            roots.current(NOON + timedelta(minutes=minutes))
        assert published.asked == 1

    def test_old_keys_are_asked_for_again(
        self, roots: RootKeys, published: Published
    ) -> None:
        before = roots.current(NOON)
        published.document = document(entry())
        assert roots.current(NOON + FRESH) != before
        assert published.asked == 2

    def test_a_key_that_google_lists_no_more_is_gone(
        self, roots: RootKeys, published: Published
    ) -> None:
        first, second = entry(), entry()
        published.document = document(first, second)
        assert len(roots.current(NOON)) == 2
        published.document = document(second)
        assert len(roots.current(NOON + FRESH)) == 1

    def test_a_key_counts_until_its_end(
        self, roots: RootKeys, published: Published
    ) -> None:
        end = NOON + timedelta(hours=1)
        published.document = document(entry(end), entry())
        assert len(roots.current(end - SECOND)) == 2
        assert len(roots.current(end)) == 1

    def test_the_end_of_the_last_one_is_a_reason_to_ask(
        self, roots: RootKeys, published: Published
    ) -> None:
        end = NOON + timedelta(hours=1)
        published.document = document(entry(end))
        roots.current(NOON)
        published.document = document(entry())
        assert len(roots.current(end)) == 1

    @pytest.mark.parametrize(
        "said",
        [
            None,
            b"<html>sorry</html>",
            document(),
            document(entry(NOON)),
            document(entry(protocolVersion="ECv1")),
        ],
        ids=["down", "no document", "no keys", "ended keys", "another protocol"],
    )
    def test_old_keys_stay_when_there_are_no_new_ones(
        self, roots: RootKeys, published: Published, said: bytes | None
    ) -> None:
        before = roots.current(NOON)
        published.document = said
        assert roots.current(NOON + FRESH) == before
        assert published.asked == 2

    def test_without_any_keys_the_way_out_is_to_wait(
        self, roots: RootKeys, published: Published
    ) -> None:
        published.document = None
        with pytest.raises(UnavailableError) as refused:
            roots.current(NOON)
        assert refused.value.retry_after == PAUSE.total_seconds()

    def test_a_silent_google_is_not_asked_at_every_request(
        self, roots: RootKeys, published: Published
    ) -> None:
        published.document = None
        for second in range(119):
            with pytest.raises(UnavailableError):
                roots.current(NOON + second * SECOND)
        assert published.asked == 1
        published.document = document(entry())
        assert roots.current(NOON + PAUSE)

    def test_a_clock_that_was_set_back_does_not_stop_the_questions(
        self, roots: RootKeys, published: Published
    ) -> None:
        roots.current(NOON + timedelta(days=300))
        roots.current(NOON)
        assert published.asked == 2

    def test_a_fetch_that_breaks_is_no_storm_either(self) -> None:
        asked: list[str] = []

        def broken(url: str) -> bytes:
            asked.append(url)
            raise RuntimeError("a mistake of ours")

        roots = RootKeys("https://keys.example.org/", fetch=broken)
        with pytest.raises(RuntimeError):
            roots.current(NOON)
        with pytest.raises(UnavailableError):
            roots.current(NOON)
        assert asked == ["https://keys.example.org/"]


class TestNewer:
    def test_a_rotation_is_seen_at_once(
        self, roots: RootKeys, published: Published
    ) -> None:
        known = roots.current(NOON)
        published.document = document(entry())
        found = roots.newer(known, NOON + PAUSE)
        assert found
        assert found != known

    def test_there_is_nothing_newer_than_the_newest(
        self, roots: RootKeys, published: Published
    ) -> None:
        assert roots.newer(roots.current(NOON), NOON + PAUSE) is None
        assert published.asked == 2

    def test_forgeries_do_not_make_a_storm(
        self, roots: RootKeys, published: Published
    ) -> None:
        known = roots.current(NOON)
        for second in range(600):
            assert roots.newer(known, NOON + second * SECOND) is None
        assert published.asked == 600 / PAUSE.total_seconds()

    def test_what_another_thread_brought_meanwhile_is_taken(
        self, roots: RootKeys, published: Published
    ) -> None:
        known = roots.current(NOON)
        published.document = document(entry())
        assert roots.newer(known, NOON + PAUSE)
        assert roots.newer(known, NOON + PAUSE)
        assert published.asked == 2


class TestThreads:
    def test_many_at_the_start_ask_once_and_all_wait_for_the_keys(self) -> None:
        published = Published()
        many, answered = threading.Barrier(9, timeout=10), threading.Event()

        def slow(url: str) -> bytes:
            assert answered.wait(10)
            return published(url)

        roots = RootKeys(fetch=slow)

        def ask() -> int:
            many.wait()
            return len(roots.current(NOON))

        with ThreadPoolExecutor(8) as pool:
            asking = [pool.submit(ask) for _ in range(8)]
            many.wait()
            # Those that would not wait are through by then.
            done = wait(asking, timeout=0.2).done
            answered.set()
            assert [future.result() for future in asking] == [1] * 8
        assert not done
        assert published.asked == 1

    def test_a_slow_google_holds_one_request_and_no_other(self) -> None:
        first, second = document(entry()), document(entry())
        asked, answered = threading.Event(), threading.Event()
        documents = iter([first, second])

        def slow(url: str) -> bytes:
            found = next(documents)
            if found is second:
                asked.set()
                assert answered.wait(10)
            return found

        roots = RootKeys(fetch=slow)
        known = roots.current(NOON)
        later = NOON + FRESH
        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(roots.current, later)
            assert asked.wait(10)
            # In this thread nobody waits: the old keys are good enough.
            assert roots.current(later) == known
            assert roots.newer(known, later) is None
            assert not held.done()
            answered.set()
            assert held.result(10) != known


class Handler(BaseHTTPRequestHandler):
    """Answers by the path that it is asked for."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/keys")
            self.end_headers()
            return
        body = b"x" * 200_000 if self.path == "/long" else b'{"keys": []}'
        self.send_response(500 if self.path == "/broken" else 200)
        if self.path != "/long":
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.path == "/slow":
            self.trickle(body)
            return
        if self.path == "/cut":
            body = body[:3]
        self.wfile.write(body)

    def trickle(self, body: bytes) -> None:
        """Give a byte now and then, for as long as somebody listens."""
        with contextlib.suppress(OSError):
            for byte in body:
                self.wfile.write(bytes([byte]))
                self.wfile.flush()
                time.sleep(0.1)

    def log_message(self, *said: Any) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


class TestDownload:
    def test_what_stands_there_is_returned(self, address: str) -> None:
        assert keys.download(f"{address}/keys") == b'{"keys": []}'

    @pytest.mark.parametrize("path", ["moved", "broken", "long", "cut"])
    def test_anything_else_is_not_to_be_had(self, address: str, path: str) -> None:
        with pytest.raises(UnavailableError):
            keys.download(f"{address}/{path}")

    def test_an_answer_that_takes_too_long_is_not_waited_for(
        self, address: str
    ) -> None:
        began = time.monotonic()
        with pytest.raises(UnavailableError, match="too long"):
            keys.download(f"{address}/slow", seconds=0.3)
        assert time.monotonic() - began < 1

    def test_nothing_of_the_environment_stands_between(
        self, address: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for name in ("http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:1")
        monkeypatch.delenv("no_proxy", raising=False)
        assert keys.download(f"{address}/keys") == b'{"keys": []}'

    def test_nobody_there(self) -> None:
        with pytest.raises(UnavailableError):
            keys.download("http://127.0.0.1:1/keys")
