"""A code that changes, from Google Wallet to the till and the API."""

import base64
import re
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image, ImageDraw
from sqlalchemy import select
from werkzeug.test import TestResponse

from passes import clock as clocks
from passes.cards.card import Card
from passes.people.actor import Role
from passes.programmes import design
from passes.programmes import programme as programmes
from tests.makers import make_card
from tests.web import googles, servers
from tests.web.api.callers import Caller, make_key
from tests.web.clocks import HeldClock
from tests.web.servers import Browser
from wallet_google import rotating
from wallet_google.standin.resources import OBJECT
from wallet_google.standin.server import GoogleStandin
from wallet_google.tables import GoogleObject
from web.api.app import create_api
from web.api.keys import Scope
from web.services import Services

USED = "Ce code a déjà servi"
OUT_OF_DATE = "Ce code n’est plus valable"


@dataclass(frozen=True, slots=True)
class Shop:
    """A till and a till's program, before a card in what plays Google Wallet."""

    services: Services
    google: GoogleStandin
    clock: HeldClock
    staff: Browser
    caller: Caller
    card: Card

    def phone(self) -> str:
        """Return the page of the card in the wallet."""
        assert self.services.google is not None
        url = self.services.google.save_url(self.card.id, self.clock())
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
            return str(answer.read().decode())

    def code(self) -> str:
        """Return what a scanner reads off the phone now."""
        return scanned(self.phone())

    def find(self, code: str) -> TestResponse:
        """Scan a code at the till."""
        return self.staff.send("/staff/", "/staff/find", code=code)

    def look_up(self, code: str) -> TestResponse:
        """Let the till's program look a code up."""
        return self.caller.post("/cards/lookup", {"code": code})

    def row(self) -> GoogleObject:
        """Return what is kept of the card in the wallet."""
        with self.services.read() as session:
            return session.scalars(select(GoogleObject)).one()


def scanned(page: str) -> str:
    """Return what the QR code on a page says."""
    size = re.search(r'viewBox="0 0 (\d+) \d+"', page)
    assert size
    drawn = Image.new("L", (int(size[1]), int(size[1])), 255)
    pen = ImageDraw.Draw(drawn)
    for x, y, length in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", page):
        pen.line((int(x), int(y), int(x) + int(length) - 1, int(y)), fill=0)
    large = drawn.resize((drawn.width * 6, drawn.height * 6), Image.Resampling.NEAREST)
    (found,) = zxingcpp.read_barcodes(large)
    return found.text


@pytest.fixture
def shop(database_url: str, tmp_path: Path, certificates: Path) -> Iterator[Shop]:
    """A shop whose owner wants the code to change."""
    clock = HeldClock()
    # Whoever gives tokens is told the real time.
    clock.at = clocks.now()
    settings = servers.settings_in(tmp_path, database_url, certificates)
    with (
        googles.standin(tmp_path / "google", clock) as google,
        servers.serving(googles.pointed(settings, google), clock) as server,
    ):
        worker = server.sign_in(Role.STAFF)
        with server.services.write() as session:
            programme = programmes.by_id(session, worker.programme_id)
            look = replace(design.live(session, programme), rotating_code=True)
            design.publish(session, programme, look, by="account:1", at=clock())
            card = make_card(session, programme, at=clock())
            token = make_key(session, programme, *Scope)
        caller = Caller(create_api(server.services), token)
        yield Shop(server.services, google, clock, worker.browser, caller, card)


def test_the_till_scans_what_the_wallet_shows(shop: Shop) -> None:
    code = shop.code()
    assert rotating.parted(code) is not None

    answer = shop.find(code)

    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert answer.location.endswith(f"/staff/cards/{shop.card.public_id}")


def test_a_code_serves_once_wherever_it_is_scanned(shop: Shop) -> None:
    code = shop.code()
    shop.find(code)

    again, elsewhere = shop.find(code), shop.look_up(code)

    assert again.status_code == HTTPStatus.NOT_FOUND
    assert USED in again.text
    assert elsewhere.status_code == HTTPStatus.CONFLICT
    assert elsewhere.get_json()["code"] == "code_used"

    shop.clock.move(seconds=30)
    assert shop.look_up(shop.code()).get_json()["id"] == shop.card.public_id


def test_of_tills_that_ask_at_once_one_is_answered(shop: Shop) -> None:
    code = shop.code()

    with ThreadPoolExecutor(4) as tills:
        answers = list(tills.map(shop.look_up, [code] * 4))

    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]


def test_a_photo_is_out_of_date(shop: Shop) -> None:
    code = shop.code()
    shop.clock.move(minutes=2)

    till, program = shop.find(code), shop.look_up(code)

    assert OUT_OF_DATE in till.text
    assert program.get_json()["code"] == "code_expired"


def test_whoever_tries_values_is_stopped_and_who_repeats_one_is_not(
    shop: Shop,
) -> None:
    code = shop.code()
    repeated = [shop.look_up(code).status_code for _ in range(25)]
    assert repeated == [200] + [409] * 24

    shop.clock.move(minutes=2)
    tried = [
        shop.look_up(f"{shop.card.code}.{number:08}").status_code
        for number in range(21)
    ]
    assert tried == [409] * 20 + [429]


def test_the_plain_code_is_as_good_as_ever_and_uses_nothing_up(shop: Shop) -> None:
    shop.code()

    for code in (shop.card.code, shop.card.short_code) * 2:
        assert shop.find(code).status_code == HTTPStatus.SEE_OTHER
        assert shop.look_up(code).status_code == HTTPStatus.OK
    assert shop.row().last_step is None


def test_a_server_without_google_knows_no_such_code(shop: Shop) -> None:
    services = replace(shop.services, google=None)
    without = Caller(create_api(services), shop.caller.token)

    answer = without.post("/cards/lookup", {"code": shop.code()})

    assert answer.get_json()["code"] == "not_found"


def test_nobody_but_google_is_told_the_secret(
    shop: Shop, capsys: pytest.CaptureFixture[str]
) -> None:
    path = f"/card/{shop.card.page_token}"
    code = shop.code()
    seed = shop.row().seed
    way = shop.staff.get(f"{path}/google")
    jwt = way.location.rpartition("/")[2]
    told = [
        shop.phone(),
        way.location,
        *(_decoded(part) for part in jwt.split(".")[:2]),
        shop.find(code).text,
        *(shop.staff.get(page).text for page in (path, "/staff/")),
        shop.staff.get(f"/staff/cards/{shop.card.public_id}").text,
        shop.look_up(code).text,
        shop.look_up("L1.0.00000000").text,
        *(
            shop.caller.get(page).text
            for page in (f"/cards/{shop.card.public_id}", "/openapi.json")
        ),
        capsys.readouterr().err,
    ]

    held = shop.google.resources.get(OBJECT, shop.row().object_id)
    parameters = held["rotatingBarcode"]["totpDetails"]["parameters"]
    assert parameters[0]["key"] == seed.hex().upper()
    assert all(told)
    secrets = (seed.hex(), base64.b64encode(seed).decode().lower(), repr(seed).lower())
    assert [one for one in told if any(said in one.lower() for said in secrets)] == []


def _decoded(part: str) -> str:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
