"""Saving and removing: what is held, and the callbacks that tell the issuer."""

import json
import threading
from collections.abc import Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import requests
from google.auth import jwt

from tests.makers import NOON
from tests.wallet_google import accounts, shop
from tests.wallet_google.shop import CLASS_ID, OBJECT_ID
from wallet_google.client import Client
from wallet_google.standin import courier
from wallet_google.standin.courier import Courier, Parcel
from wallet_google.standin.resources import CLASS, OBJECT
from wallet_google.standin.server import GoogleStandin


class Receiver(HTTPServer):
    """An issuer's service: answers as it is told, then well."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.answers: list[int] = []
        self.taken: list[dict[str, Any]] = []
        self.came = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/google/callback"


class _Taking(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.answers.pop(0) if self.server.answers else HTTPStatus.OK
        if status == HTTPStatus.OK:
            self.server.taken.append(json.loads(body))
            self.server.came.set()
        self.send_response(status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    thread = threading.Thread(target=made.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield made
    made.shutdown()
    thread.join(10)
    made.server_close()


@pytest.fixture
def google(tmp_path: Path) -> Iterator[GoogleStandin]:
    quick = Courier(sleep=lambda seconds: None)
    made = GoogleStandin(tmp_path, key=accounts.key("usual"), courier=quick)
    with made as started:
        yield started


@pytest.fixture
def stored(client: Client, receiver: Receiver) -> Client:
    options = {"callbackOptions": {"url": receiver.url}}
    client.put("loyaltyClass", shop.loyalty_class(**options))
    client.put("loyaltyObject", shop.loyalty_object())
    return client


def said(receiver: Receiver) -> list[tuple[str, str, str]]:
    messages = [json.loads(one["signedMessage"]) for one in receiver.taken]
    return [(one["eventType"], one["objectId"], one["classId"]) for one in messages]


def test_the_issuer_hears_of_a_save_and_of_a_removal(
    stored: Client, google: GoogleStandin, receiver: Receiver
) -> None:
    google.counter.save(OBJECT_ID)
    google.counter.remove(OBJECT_ID)
    google.courier.stop()
    assert said(receiver) == [
        ("save", OBJECT_ID, CLASS_ID),
        ("del", OBJECT_ID, CLASS_ID),
    ]
    assert receiver.taken[0]["protocolVersion"] == "ECv2SigningOnly"


def test_saving_twice_is_saving_once(
    stored: Client, google: GoogleStandin, receiver: Receiver
) -> None:
    for _ in range(3):
        google.counter.save(OBJECT_ID)
    google.courier.stop()
    assert len(said(receiver)) == 1


def test_what_is_not_held_is_not_removed(
    stored: Client, google: GoogleStandin, receiver: Receiver
) -> None:
    google.counter.remove(OBJECT_ID)
    google.courier.stop()
    assert said(receiver) == []


def test_google_says_whether_somebody_holds_the_card(
    stored: Client, google: GoogleStandin
) -> None:
    assert stored.get("loyaltyObject", OBJECT_ID)["hasUsers"] is False
    google.counter.save(OBJECT_ID)
    assert stored.get("loyaltyObject", OBJECT_ID)["hasUsers"] is True


def test_our_own_changes_call_nobody_back(
    stored: Client, google: GoogleStandin, receiver: Receiver
) -> None:
    stored.put("loyaltyObject", shop.loyalty_object(7))
    google.courier.stop()
    assert receiver.taken == []


@pytest.mark.parametrize("status", [500, 503, 400])
def test_a_callback_that_nobody_took_comes_again(
    stored: Client, google: GoogleStandin, receiver: Receiver, status: int
) -> None:
    receiver.answers = [status, status]
    google.counter.save(OBJECT_ID)
    google.courier.stop()
    assert len(said(receiver)) == 1


def test_a_callback_is_given_up_in_the_end(caplog: pytest.LogCaptureFixture) -> None:
    slept: list[float] = []
    gone = Courier(sleep=slept.append).start()
    gone.take(Parcel("http://127.0.0.1:9/callback", b"{}"))
    gone.stop()
    assert slept == list(courier.WAITS)
    assert "Nobody took" in caplog.text


@pytest.mark.parametrize(
    "url", ["https://shop.example/callback", "http://10.0.0.1/", "ftp://127.0.0.1/"]
)
def test_other_machines_are_never_called(url: str) -> None:
    careful = Courier(sleep=lambda seconds: None).start()
    careful.take(Parcel(url, b"{}"))
    careful.stop()
    assert careful.delivered == []


def test_the_root_keys_are_published(google: GoogleStandin) -> None:
    keys = requests.get(google.keys_url, timeout=10).json()["keys"]
    assert "ECv2SigningOnly" in {one["protocolVersion"] for one in keys}


def test_what_a_link_brings_anew_is_stored_and_what_is_known_stays(
    google: GoogleStandin, client: Client
) -> None:
    def link(points: int) -> str:
        payload = {
            "loyaltyClasses": [shop.loyalty_class()],
            "loyaltyObjects": [shop.loyalty_object(points)],
        }
        claims = {
            "iss": client.identity.loaded().email,
            "aud": "google",
            "typ": "savetowallet",
            "iat": int(NOON.timestamp()),
            "payload": payload,
        }
        signer = client.identity.loaded().credentials.signer
        return str(jwt.encode(signer, claims), "ascii")

    for points in (1, 2):
        (card,) = google.counter.cards(link(points))
        assert card.body["loyaltyPoints"]["balance"] == {"int": 1}
    assert google.resources.get(CLASS, CLASS_ID)["id"] == CLASS_ID
    assert google.resources.get(OBJECT, OBJECT_ID)["hasUsers"] is False
