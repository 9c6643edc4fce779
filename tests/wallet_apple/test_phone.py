"""The stand-in phone: as strict as a phone, and a card's way to it and back."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client, TestResponse

from passes import db
from passes.cards import card as cards
from passes.cards.announcement import Announcement
from passes.loyalty import adjustments
from passes.programmes import programme as programmes
from tests.makers import MANAGER
from tests.wallet_apple.counters import (
    Clock,
    Counter,
    RememberedPushes,
    open_counter,
)
from tests.wallet_apple.phones import InProcess, roots_of, served
from wallet_apple import authority, device_log
from wallet_apple.connections import Connections
from wallet_apple.standin.apns import ApnsStandin
from wallet_apple.standin.carrier import Reply
from wallet_apple.standin.pages import Pages
from wallet_apple.standin.pass_on_phone import PassRefusedError
from wallet_apple.standin.phone import Phone
from wallet_apple.standin.shelf import Shelf
from wallet_apple.tables import ApplePass
from wallet_apple.webservice import WebService

BASE_URL = "http://127.0.0.1"


@pytest.fixture
def counter(sqlite_url: str, development: Path) -> Iterator[Counter]:
    engine = db.open_engine(sqlite_url)
    sessions = db.Sessions(engine)
    yield open_counter(sessions, development, RememberedPushes(), base_url=BASE_URL)
    engine.dispose()


@pytest.fixture
def carrier(counter: Counter) -> InProcess:
    return InProcess(counter.client)


@pytest.fixture
def phone(counter: Counter, carrier: InProcess, development: Path) -> Phone:
    return make_phone(counter, carrier, development)


def make_phone(
    counter: Counter, carrier: InProcess, folder: Path, name: str = "phone"
) -> Phone:
    return Phone(
        name,
        roots=roots_of(folder),
        carrier=carrier,
        clock=counter.clock,
        sleep=lambda seconds: None,
    )


def pass_file(counter: Counter) -> bytes:
    with db.read(counter.sessions) as session:
        return counter.wallet.pass_file(session, counter.card_id)


def adjust(counter: Counter, points: int) -> None:
    with counter.changing() as session:
        adjustments.adjust(
            session,
            programmes.by_id(session, counter.programme_id),
            counter.card_id,
            points,
            reason="test",
            actor=MANAGER,
            at=counter.clock(),
        )


class TestAdding:
    def test_it_registers_and_asks_what_changed(
        self, phone: Phone, counter: Counter, carrier: InProcess
    ) -> None:
        phone.add(pass_file(counter))
        methods = [(method, status) for method, _, status in carrier.asked]
        assert methods == [("POST", 201), ("GET", 200), ("GET", 200)]
        assert phone.log == []

    @pytest.mark.parametrize(
        "spoil",
        [
            lambda data: b"",
            lambda data: data[:-200],
            lambda data: without(data, "signature"),
            lambda data: without(data, "icon.png"),
            lambda data: changed(data, "pass.json"),
        ],
        ids=["nothing", "cut", "unsigned", "no icon", "edited"],
    )
    def test_a_pass_that_was_tampered_with_is_refused(
        self, phone: Phone, counter: Counter, spoil: Callable[[bytes], bytes]
    ) -> None:
        with pytest.raises(PassRefusedError):
            phone.add(spoil(pass_file(counter)))
        assert phone.passes == []

    def test_a_pass_of_another_authority_is_refused(
        self, counter: Counter, carrier: InProcess, tmp_path: Path
    ) -> None:
        authority.write(tmp_path / "other", at=counter.clock())
        stranger = make_phone(counter, carrier, tmp_path / "other")
        with pytest.raises(PassRefusedError):
            stranger.add(pass_file(counter))

    def test_it_tries_again_while_the_server_has_trouble(
        self, counter: Counter, development: Path
    ) -> None:
        troubles = [503, 503, None, None, None]
        carrier = InProcess(counter.client, trouble=lambda: troubles.pop(0))
        make_phone(counter, carrier, development).add(pass_file(counter))
        assert len(counter.registrations()) == 1

    def test_without_a_network_it_registers_at_its_next_turn(
        self, phone: Phone, counter: Counter
    ) -> None:
        phone.line.reachable = False
        phone.add(pass_file(counter))
        assert counter.registrations() == []
        phone.line.reachable = True
        phone.pushed()
        assert len(counter.registrations()) == 1


class TestUpdates:
    def test_a_push_brings_the_new_balance_and_one_message(
        self, phone: Phone, counter: Counter
    ) -> None:
        phone.add(pass_file(counter))
        adjust(counter, 30)
        [said] = phone.pushed()
        assert said.text == "Votre nouveau solde de points : 30"
        assert said.title == "Café cafe"
        assert phone.passes[0].shown("fr")["points"] == "30"
        assert phone.log == []

    def test_a_tier_up_is_announced_and_not_the_points(
        self, phone: Phone, counter: Counter
    ) -> None:
        phone.add(pass_file(counter))
        with counter.changing() as session:
            card = cards.lock(session, counter.card_id)
            cards.revise(
                session,
                card,
                counter.clock(),
                announce=Announcement.TIER,
                status_points=100_000,
                tier=2,
            )
        [said] = phone.pushed()
        assert said.text.startswith("Votre niveau est maintenant")

    def test_a_push_without_a_change_fetches_nothing(
        self, phone: Phone, counter: Counter, carrier: InProcess
    ) -> None:
        phone.add(pass_file(counter))
        carrier.asked.clear()
        assert phone.pushed() == []
        assert [status for _, _, status in carrier.asked] == [204]

    def test_pulling_down_asks_for_the_pass_alone(
        self, phone: Phone, counter: Counter, carrier: InProcess
    ) -> None:
        held = phone.add(pass_file(counter))
        carrier.asked.clear()
        phone.refresh(held.serial_number)
        assert [status for _, _, status in carrier.asked] == [304]
        assert phone.log == []

    def test_a_void_card_goes_grey(self, phone: Phone, counter: Counter) -> None:
        phone.add(pass_file(counter))
        with counter.changing() as session:
            cards.void(session, cards.lock(session, counter.card_id), counter.clock())
        phone.pushed()
        assert phone.passes[0].document["voided"] is True

    def test_a_change_that_could_not_be_fetched_is_asked_for_again(
        self, counter: Counter, development: Path
    ) -> None:
        down = [False]
        carrier = InProcess(counter.client, trouble=lambda: 503 if down[0] else None)
        phone = make_phone(counter, carrier, development)
        phone.add(pass_file(counter))
        adjust(counter, 30)
        down[0] = True
        phone.pushed()
        down[0] = False
        phone.pushed()
        assert phone.passes[0].shown("fr")["points"] == "30"

    def test_a_new_token_is_registered(self, phone: Phone, counter: Counter) -> None:
        phone.add(pass_file(counter))
        phone.renew_token()
        assert [one.push_token for one in counter.devices()] == [phone.push_token]

    def test_a_removed_pass_is_unregistered(
        self, phone: Phone, counter: Counter
    ) -> None:
        held = phone.add(pass_file(counter))
        phone.remove(held.serial_number)
        assert phone.passes == []
        assert counter.devices() == []


class TestComplaints:
    """What a phone logs about a server that gets it wrong."""

    @pytest.mark.parametrize(
        ("spoil", "kind"),
        [
            (lambda r: with_json(r, lastUpdated=5), device_log.Kind.TAG_MISSING),
            (lambda r: with_json(r, lastUpdated=None), device_log.Kind.TAG_MISSING),
            (
                lambda r: with_json(r, serialNumbers=["unknown0"]),
                device_log.Kind.NOT_REGISTERED,
            ),
            (
                lambda r: without_header(r, "last-modified"),
                device_log.Kind.LAST_MODIFIED_MISSING,
            ),
            (lambda r: as_status(r, 304), device_log.Kind.UNCHANGED_LISTED),
            (lambda r: as_status(r, 401), device_log.Kind.AUTHENTICATION),
            (
                lambda r: without_header(r, "content-type"),
                device_log.Kind.PASS_INVALID,
            ),
        ],
        ids=["number", "null", "unknown", "undated", "304", "401", "untyped"],
    )
    def test_it_is_sorted_as_what_it_is(
        self,
        counter: Counter,
        development: Path,
        spoil: Callable[[Reply], Reply],
        kind: device_log.Kind,
    ) -> None:
        carrier = Spoiling(counter.client)
        phone = make_phone(counter, carrier, development)
        phone.add(pass_file(counter))
        adjust(counter, 30)
        carrier.spoil = spoil
        phone.pushed()
        assert [device_log.classify(line) for line in phone.log] == [kind]

    def test_an_ignored_if_modified_since_is_told(
        self, counter: Counter, development: Path
    ) -> None:
        carrier = Spoiling(counter.client)
        phone = make_phone(counter, carrier, development)
        held = phone.add(pass_file(counter))
        carrier.forget = "If-Modified-Since"
        phone.refresh(held.serial_number)
        assert [device_log.classify(line) for line in phone.log] == [
            device_log.Kind.MODIFIED_SINCE_IGNORED
        ]


class Spoiling(InProcess):
    """Spoils replies with a body, and drops a header on the way."""

    spoil: Callable[[Reply], Reply] | None = None
    forget: str | None = None

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        sent = {name: value for name, value in headers.items() if name != self.forget}
        reply = super().send(method, url, sent, body)
        return self.spoil(reply) if self.spoil and reply.body else reply


def with_json(reply: Reply, **more: object) -> Reply:
    if reply.headers.get("content-type") != "application/json":
        return reply
    said = json.loads(reply.body) | more
    return Reply(reply.status, reply.headers, json.dumps(said).encode())


def without_header(reply: Reply, name: str) -> Reply:
    if reply.headers.get("content-type") == "application/json":
        return reply
    kept = {key: value for key, value in reply.headers.items() if key != name}
    return Reply(reply.status, kept, reply.body)


def as_status(reply: Reply, status: int) -> Reply:
    if reply.headers.get("content-type") == "application/json":
        return reply
    return Reply(status, reply.headers, b"")


def without(data: bytes, name: str) -> bytes:
    return rewritten(data, lambda held: {k: v for k, v in held.items() if k != name})


def changed(data: bytes, name: str) -> bytes:
    return rewritten(data, lambda held: held | {name: held[name] + b" "})


def rewritten(
    data: bytes, change: Callable[[dict[str, bytes]], dict[str, bytes]]
) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in change(held).items():
            archive.writestr(name, content)
    return file.getvalue()


class TestJourney:
    """Over real HTTP, HTTP/2 and TLS: a change at the till shows on the phone."""

    def test_a_change_is_pushed_asked_for_and_shown(
        self, sessions: db.Sessions, tmp_path: Path
    ) -> None:
        clock = Clock(datetime.now(UTC))
        folder = tmp_path / "certs"
        authority.write(folder, at=clock())
        shelf = Shelf().start()
        with ApnsStandin(
            tmp_path / "apns", authorities(folder), on_push=shelf.on_push
        ) as apple:
            connections = Connections(apple.url, apple.ca_file)
            counter = open_counter(sessions, folder, connections, clock=clock)
            mounted = DispatcherMiddleware(
                NotFound(), {"/apple": WebService(counter.wallet)}
            )
            with served(mounted) as address:
                readdress(counter, address)
                phone = shelf.put(
                    "Anna", Phone("anna", roots=roots_of(folder), clock=clock)
                )
                phone.add(pass_file(counter))
                adjust(counter, 30)
                counter.drain()
                shelf.stop()
            counter.wallet.close()
        assert [said.text for said in phone.messages] == [
            "Votre nouveau solde de points : 30"
        ]
        assert phone.log == []
        with db.read(sessions) as session:
            told = counter.wallet.state_for_operator(session, counter.card_id)
        assert told.devices[0].informed
        assert told.fetched_revision == told.revision == 2


def authorities(folder: Path) -> str:
    return (folder / "root.pem").read_text() + (folder / "wwdr.pem").read_text()


def readdress(counter: Counter, address: str) -> None:
    """Give the pass the address that the test's server came to have."""
    with db.write(counter.sessions) as session:
        apple = session.get_one(ApplePass, counter.card_id)
        apple.web_service_url = f"{address}/apple"


class TestPages:
    @pytest.fixture
    def client(self, phone: Phone, counter: Counter) -> Client:
        phone.add(pass_file(counter))
        shelf = Shelf()
        shelf.put("Anna", phone)
        return Client(Pages(shelf))

    def test_the_phone_is_told_as_it_is(self, client: Client, phone: Phone) -> None:
        said = json.loads(here(client, "/Anna").data)
        [one] = said["passes"]
        assert one["serial_number"] == phone.passes[0].serial_number
        assert "authenticationToken" not in one["document"]
        assert one["strings"]["fr"]
        picture = here(client, one["images"]["icon.png"])
        assert picture.content_type == "image/png"

    def test_a_pass_is_added_and_removed(
        self, client: Client, phone: Phone, counter: Counter
    ) -> None:
        serial = phone.passes[0].serial_number
        assert here(client, f"/Anna/{serial}", "DELETE").status_code == 204
        added = here(client, "/Anna/passes", "POST", data=pass_file(counter))
        assert added.status_code == 201
        assert here(client, "/Anna/passes", "POST", data=b"x").status_code == 422

    @pytest.mark.parametrize("address", ["192.0.2.1", "", "2001:db8::1"])
    def test_other_machines_are_refused(self, client: Client, address: str) -> None:
        environ = {"REMOTE_ADDR": address}
        assert client.get("/Anna", environ_overrides=environ).status_code == 403

    def test_other_sites_are_refused(self, client: Client) -> None:
        answer = here(
            client, "/Anna/passes", "POST", headers={"Sec-Fetch-Site": "cross-site"}
        )
        assert answer.status_code == 403


def here(client: Client, path: str, method: str = "GET", **more: Any) -> TestResponse:
    return client.open(
        path, method=method, environ_overrides={"REMOTE_ADDR": "127.0.0.1"}, **more
    )
