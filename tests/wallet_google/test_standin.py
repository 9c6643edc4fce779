"""The stand-in for Google Wallet, taken at Google's word rather than at ours."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from google.auth import crypt, jwt

from tests.makers import NOON
from tests.wallet_google import accounts, shop
from tests.wallet_google.shop import CLASS_ID, OBJECT_ID
from wallet_google.identity import SCOPE
from wallet_google.service_account import TOKEN_URL
from wallet_google.standin import replies
from wallet_google.standin.accounts import EMAIL, ISSUER_ID
from wallet_google.standin.book import Trick
from wallet_google.standin.server import GoogleStandin

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
FOREIGN = "3388000000000000777"


class Held:
    """A clock that stands still until it is moved on."""

    def __init__(self) -> None:
        self.at = NOON

    def __call__(self) -> datetime:
        return self.at

    def on(self, **time: float) -> None:
        self.at += timedelta(**time)


class Caller:
    """Somebody with a token who asks the interface in plain HTTP."""

    def __init__(self, google: GoogleStandin) -> None:
        self._root = f"{google.url}/walletobjects/v1/"
        self._url = google.url
        self.clock: Held = google.counter.clock  # type: ignore[assignment]
        self.session = requests.Session()
        self.renew()

    def renew(self) -> None:
        token = self.token(claims()).json()["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def token(self, claimed: dict[str, Any], name: str = "usual") -> requests.Response:
        signed = jwt.encode(crypt.RSASigner(accounts.key(name)), claimed).decode()
        form = {"grant_type": GRANT, "assertion": signed}
        return requests.post(f"{self._url}/token", form, timeout=10)

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        # Quicker than 20 in a second is another test's concern.
        self.clock.on(seconds=0.1)
        return self.session.request(method, self._root + path, json=body, timeout=10)

    def error(self, method: str, path: str, body: Any = None) -> tuple[int, str, str]:
        answer = self.ask(method, path, body)
        error = answer.json()["error"]
        (one,) = error["errors"]
        assert error["code"] == answer.status_code
        assert error["message"] == one["message"]
        return answer.status_code, one["reason"], one["message"]


def claims(**other: Any) -> dict[str, Any]:
    now = int(datetime.now().astimezone().timestamp())
    usual = {"iss": EMAIL, "aud": TOKEN_URL, "scope": SCOPE}
    return {**usual, "iat": now, "exp": now + 3600, **other}


@pytest.fixture
def google(tmp_path: Path) -> Iterator[GoogleStandin]:
    made = GoogleStandin(tmp_path, key=accounts.key("usual"), clock=Held())
    with made as started:
        yield started


@pytest.fixture
def caller(google: GoogleStandin) -> Iterator[Caller]:
    made = Caller(google)
    yield made
    made.session.close()


@pytest.fixture
def stored(caller: Caller) -> Caller:
    assert caller.ask("POST", "loyaltyClass", shop.loyalty_class()).ok
    assert caller.ask("POST", "loyaltyObject", shop.loyalty_object()).ok
    return caller


def test_it_serves_this_machine_only(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="loopback"):
        GoogleStandin(tmp_path, host="0.0.0.0")  # noqa: S104


def test_a_name_that_somebody_else_chose_is_refused(google: GoogleStandin) -> None:
    headers = {"Host": "shop.example"}
    assert requests.get(google.url, headers=headers, timeout=10).status_code == 403


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ({}, "other"),
        ({"iss": "stranger@stand-in.iam.gserviceaccount.com"}, "usual"),
        ({"aud": "https://elsewhere.example/token"}, "usual"),
        ({"scope": "https://www.googleapis.com/auth/drive"}, "usual"),
        ({"exp": 1}, "usual"),
        ({"iat": "soon"}, "usual"),
    ],
)
def test_an_assertion_that_is_not_right_gives_no_token(
    caller: Caller, other: dict[str, Any], name: str
) -> None:
    answer = caller.token(claims(**other), name)
    assert answer.status_code == 400
    assert answer.json()["error"] in {"invalid_grant", "invalid_scope"}


def test_a_token_ends_after_an_hour(caller: Caller) -> None:
    assert caller.ask("GET", f"issuer/{ISSUER_ID}").ok
    caller.clock.on(hours=1)
    assert caller.ask("GET", f"issuer/{ISSUER_ID}").status_code == 401
    caller.renew()
    assert caller.ask("GET", f"issuer/{ISSUER_ID}").ok


@pytest.mark.parametrize("given", [None, "Bearer", "Bearer x", "Basic eDp5", "x"])
def test_who_brings_no_token_is_refused(caller: Caller, given: str | None) -> None:
    caller.session.headers["Authorization"] = given  # type: ignore[assignment]
    assert caller.error("GET", f"issuer/{ISSUER_ID}")[:2] == (401, "authError")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", f"loyaltyClass/{FOREIGN}.x", None),
        ("GET", f"loyaltyClass?issuerId={FOREIGN}", None),
        ("GET", f"loyaltyObject?classId={FOREIGN}.x", None),
        ("POST", "loyaltyClass", shop.loyalty_class(id=f"{FOREIGN}.x")),
        ("PATCH", f"loyaltyObject/{FOREIGN}.x", {}),
        ("PUT", f"loyaltyObject/{FOREIGN}.x", {}),
        ("POST", f"loyaltyObject/{FOREIGN}.x/addMessage", {}),
    ],
)
def test_a_foreign_issuer_is_denied(
    caller: Caller, method: str, path: str, body: Any
) -> None:
    assert caller.error(method, path, body)[:2] == (403, "permissionDenied")


@pytest.mark.parametrize(
    ("issuer_id", "wanted"),
    [("x", (400, "invalidResource")), (FOREIGN, (404, "issuerNotFound"))],
)
def test_an_issuer_that_is_none_is_said_to_be(
    caller: Caller, issuer_id: str, wanted: tuple[int, str]
) -> None:
    assert caller.error("GET", f"issuer/{issuer_id}")[:2] == wanted


def test_an_issuer_that_did_not_invite_the_account_denies_it(
    caller: Caller, google: GoogleStandin
) -> None:
    google.office.users[FOREIGN] = {"somebody@else.example"}
    assert caller.error("GET", f"issuer/{FOREIGN}")[:2] == (403, "permissionDenied")


@pytest.mark.parametrize("resource_id", ["cafe", "cafe.x", ".x", f"{ISSUER_ID}.a+b"])
def test_what_is_no_id_is_refused(caller: Caller, resource_id: str) -> None:
    status, reason, message = caller.error("GET", f"loyaltyClass/{resource_id}")
    assert (status, reason) == (400, "invalidResource")
    assert "Invalid resource ID" in message


def test_absent_things_are_named_by_their_kind(caller: Caller) -> None:
    told = caller.error("GET", f"loyaltyClass/{CLASS_ID}")
    assert told == (404, "classNotFound", f"Class {CLASS_ID} not found.")
    told = caller.error("PATCH", f"loyaltyObject/{OBJECT_ID}", {"accountName": "x"})
    assert told == (404, "resourceNotFound", f"Object {OBJECT_ID} not found.")


def test_an_id_is_given_once(stored: Caller) -> None:
    told = stored.error("POST", "loyaltyObject", shop.loyalty_object())
    assert told[:2] == (409, "existingResource")


@pytest.mark.parametrize("body", [None, [], "x", 7])
def test_what_is_no_object_is_refused(stored: Caller, body: Any) -> None:
    told = stored.error("PATCH", f"loyaltyObject/{OBJECT_ID}", body)
    assert told[:2] == (400, "invalidResource")


def test_what_google_would_drop_without_a_word_is_refused(stored: Caller) -> None:
    told = stored.error("PATCH", f"loyaltyObject/{OBJECT_ID}", {"acountName": "x"})
    assert told[:2] == (400, "invalidResource")
    assert "acountName" in told[2]


def test_what_is_wrong_only_together_is_refused(stored: Caller) -> None:
    # Another kind of balance stands beside the former, as a PATCH merges.
    change = {"loyaltyPoints": {"balance": {"string": "120"}}}
    told = stored.error("PATCH", f"loyaltyObject/{OBJECT_ID}", change)
    assert told[:2] == (400, "invalidResource")
    assert "balance" in told[2]


def test_a_patch_merges_objects_and_replaces_lists(stored: Caller) -> None:
    path = f"loyaltyObject/{OBJECT_ID}"
    modules = [{"id": name, "header": name, "body": name} for name in ("a", "b")]
    stored.ask("PATCH", path, {"textModulesData": modules})
    balance = {"loyaltyPoints": {"balance": {"int": 7}}}
    answer = stored.ask("PATCH", path, {"textModulesData": modules[1:], **balance})
    shown = answer.json()
    assert shown["textModulesData"] == modules[1:]
    assert shown["loyaltyPoints"] == {"label": "Points", "balance": {"int": 7}}


def test_an_update_wipes(stored: Caller) -> None:
    bare = {"id": OBJECT_ID, "classId": CLASS_ID, "state": "INACTIVE"}
    shown = stored.ask("PUT", f"loyaltyObject/{OBJECT_ID}", bare).json()
    assert set(shown) == {*bare, "classReference", "hasUsers"}


def test_an_address_and_a_body_name_the_same(stored: Caller) -> None:
    body = {"id": f"{OBJECT_ID}x"}
    told = stored.error("PATCH", f"loyaltyObject/{OBJECT_ID}", body)
    assert told[:2] == (400, "invalidResource")


def test_a_class_is_approved_at_once(stored: Caller) -> None:
    shown = stored.ask("GET", f"loyaltyClass/{CLASS_ID}").json()
    assert shown["reviewStatus"] == "APPROVED"


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
@pytest.mark.parametrize("status", ["APPROVED", "REJECTED", "DRAFT", None])
def test_a_class_asks_for_review_with_every_change(
    stored: Caller, method: str, status: str | None
) -> None:
    body = shop.loyalty_class(reviewStatus=status)
    if status is None:
        del body["reviewStatus"]
    told = stored.error(method, f"loyaltyClass/{CLASS_ID}", body)
    assert told[0] == 400
    assert "reviewStatus" in told[2]


def test_a_draft_takes_no_objects(caller: Caller) -> None:
    caller.ask("POST", "loyaltyClass", shop.loyalty_class(reviewStatus="DRAFT"))
    told = caller.error("POST", "loyaltyObject", shop.loyalty_object())
    assert "draft" in told[2]
    caller.ask("PATCH", f"loyaltyClass/{CLASS_ID}", {"reviewStatus": "UNDER_REVIEW"})
    assert caller.ask("POST", "loyaltyObject", shop.loyalty_object()).ok


def test_an_object_needs_its_class(caller: Caller) -> None:
    told = caller.error("POST", "loyaltyObject", shop.loyalty_object())
    assert told[:2] == (400, "invalidResource")
    assert CLASS_ID in told[2]


def test_an_eleventh_message_is_refused(stored: Caller) -> None:
    path = f"loyaltyObject/{OBJECT_ID}/addMessage"
    for number in range(10):
        assert stored.ask("POST", path, {"message": shop.message(number)}).ok
    told = stored.error("POST", path, {"message": shop.message(10)})
    assert told[:2] == (400, "invalidResource")


@pytest.mark.parametrize("body", [{}, {"message": 7}, {"message": {"boddy": "x"}}])
def test_a_message_that_is_none_is_refused(stored: Caller, body: Any) -> None:
    told = stored.error("POST", f"loyaltyObject/{OBJECT_ID}/addMessage", body)
    assert told[:2] == (400, "invalidResource")


def test_a_list_without_a_limit_gives_everything(stored: Caller) -> None:
    for number in range(250):
        body = shop.loyalty_object(id=f"{OBJECT_ID}{number}")
        assert stored.ask("POST", "loyaltyObject", body).ok
    said = stored.ask("GET", f"loyaltyObject?classId={CLASS_ID}").json()
    assert len(said["resources"]) == 251
    assert "nextPageToken" not in said["pagination"]


def test_twenty_requests_in_a_second_are_enough(stored: Caller) -> None:
    stored.clock.on(seconds=1)
    root = f"loyaltyObject/{OBJECT_ID}"
    url = stored._root + root
    answers = [stored.session.get(url, timeout=10).status_code for _ in range(21)]
    assert answers == [200] * 20 + [429]
    stored.clock.on(seconds=1)
    assert stored.session.get(url, timeout=10).ok


def points(caller: Caller, number: int, **more: Any) -> None:
    body = {"loyaltyPoints": {"balance": {"int": number}}, **more}
    assert caller.ask("PATCH", f"loyaltyObject/{OBJECT_ID}", body).ok


def test_a_change_is_told_only_when_that_is_asked_each_time(
    stored: Caller, google: GoogleStandin
) -> None:
    google.counter.save(OBJECT_ID)
    points(stored, 1, notifyPreference="NOTIFY_ON_UPDATE")
    points(stored, 2)
    told = [(one.kind, one.text) for one in google.wallets.notifications]
    assert told == [("update", "Points 1")]


def test_what_google_does_not_tell_is_not_told(
    stored: Caller, google: GoogleStandin
) -> None:
    google.counter.save(OBJECT_ID)
    body = {"accountName": "Anna", "notifyPreference": "NOTIFY_ON_UPDATE"}
    stored.ask("PATCH", f"loyaltyObject/{OBJECT_ID}", body)
    assert not google.wallets.notifications


def test_nobody_is_told_of_a_card_that_nobody_has(
    stored: Caller, google: GoogleStandin
) -> None:
    points(stored, 1, notifyPreference="NOTIFY_ON_UPDATE")
    assert not google.wallets.notifications


def test_a_fourth_change_in_a_day_is_stored_and_not_told(
    stored: Caller, google: GoogleStandin
) -> None:
    google.counter.save(OBJECT_ID)
    for number in range(1, 5):
        points(stored, number, notifyPreference="NOTIFY_ON_UPDATE")
    shown = [one.shown for one in google.wallets.notifications]
    assert shown == [True, True, True, False]
    stored.clock.on(hours=24)
    stored.renew()
    points(stored, 9, notifyPreference="NOTIFY_ON_UPDATE")
    assert google.wallets.notifications[-1].shown
    assert len(google.wallets.told(OBJECT_ID)) == 4


def test_a_class_tells_every_holder_of_its_new_name(
    stored: Caller, google: GoogleStandin
) -> None:
    other = f"{OBJECT_ID}-2"
    stored.ask("POST", "loyaltyObject", shop.loyalty_object(id=other))
    for object_id in (OBJECT_ID, other):
        google.counter.save(object_id)
    change = shop.loyalty_class(programName="New", notifyPreference="NOTIFY_ON_UPDATE")
    stored.ask("PATCH", f"loyaltyClass/{CLASS_ID}", change)
    told = {(one.object_id, one.title) for one in google.wallets.notifications}
    assert told == {(OBJECT_ID, "New"), (other, "New")}


def test_a_fourth_message_that_notifies_is_refused(
    stored: Caller, google: GoogleStandin
) -> None:
    google.counter.save(OBJECT_ID)
    path = f"loyaltyObject/{OBJECT_ID}/addMessage"
    for number in range(3):
        message = shop.message(number, "TEXT_AND_NOTIFY")
        assert stored.ask("POST", path, {"message": message}).ok
    told = stored.error("POST", path, {"message": shop.message(4, "TEXT_AND_NOTIFY")})
    assert told[:2] == (403, "quotaExceeded")
    assert stored.ask("POST", path, {"message": shop.message(4)}).ok
    assert [one.kind for one in google.wallets.notifications] == ["message"] * 3


def test_pictures_are_fetched_and_one_that_fails_refuses_everything(
    tmp_path: Path,
) -> None:
    fetched: list[str] = []

    def fetch(url: str) -> bytes:
        fetched.append(url)
        if "gone" in url:
            raise OSError(url)
        return b""

    made = GoogleStandin(tmp_path, key=accounts.key("usual"), clock=Held(), fetch=fetch)
    with made as google:
        caller = Caller(google)
        assert caller.ask("POST", "loyaltyClass", shop.loyalty_class()).ok
        assert len(fetched) == 1
        url = "https://shop.example/gone.png"
        change = shop.loyalty_class(heroImage={"sourceUri": {"uri": url}})
        told = caller.error("PATCH", f"loyaltyClass/{CLASS_ID}", change)
        assert told == (400, "invalidResource", f"Image cannot be loaded: {url}")
        # What was there already is not asked for again.
        assert fetched == ["https://shop.example/media/logo.png", url]
        caller.session.close()


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"jwtResource": {"jwt": "x"}, "jsonResource": {"json": "{}"}},
        {"jwtResource": {"jwt": "x"}},
        {"jsonResource": {"json": "{"}},
        {"jsonResource": {"json": "{}"}},
        {"jsonResource": {"json": '{"loyaltyObjects": 7}'}},
        {"jsonResource": {"json": '{"offerObjects": [{}]}'}},
        {"jsonResource": {"json": '{"loyaltyObjects": [{"id": "1.x", "color": 7}]}'}},
    ],
)
def test_a_pass_that_is_not_right_is_not_validated(caller: Caller, body: Any) -> None:
    assert caller.error("POST", "jwt/validate", body)[:2] == (400, "invalidResource")


def test_a_pass_that_is_right_is_validated_and_not_stored(caller: Caller) -> None:
    payload = {
        "loyaltyClasses": [shop.loyalty_class()],
        "loyaltyObjects": [shop.loyalty_object()],
    }
    body = {"jsonResource": {"json": json.dumps(payload)}}
    assert caller.ask("POST", "jwt/validate", body).json() == {}
    assert caller.ask("GET", f"loyaltyClass/{CLASS_ID}").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", f"loyaltyObject/{OBJECT_ID}"),
        ("GET", "giftCardClass"),
        ("POST", f"loyaltyObject/{OBJECT_ID}/modifyLinkedOfferObjects"),
        ("GET", "issuer"),
    ],
)
def test_what_is_not_built_is_no_address(
    stored: Caller, method: str, path: str
) -> None:
    answer = stored.ask(method, path, {})
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_the_book_keeps_what_came_and_no_token(
    stored: Caller, google: GoogleStandin
) -> None:
    sent = google.book.requests[-1]
    assert (sent.method, sent.path) == ("POST", "/walletobjects/v1/loyaltyObject")
    assert sent.body == shop.loyalty_object()
    assert sent.headers["authorization"] == "Bearer"
    assert sent.status == 200


def test_trouble_comes_in_the_order_that_was_planned(
    caller: Caller, google: GoogleStandin
) -> None:
    google.book.planned.extend([replies.too_fast(), replies.trouble(502)])
    asked = [caller.ask("GET", f"issuer/{ISSUER_ID}").status_code for _ in range(3)]
    assert asked == [429, 502, 200]


@pytest.mark.parametrize(
    ("trick", "done"),
    [(Trick.CUT, False), (Trick.LOSE, True), (Trick.HALF, True)],
)
def test_a_trick_says_whether_the_work_was_done(
    stored: Caller, google: GoogleStandin, trick: Trick, done: bool
) -> None:
    google.book.planned.append(trick)
    with pytest.raises(requests.RequestException):
        stored.ask("PATCH", f"loyaltyObject/{OBJECT_ID}", {"accountName": "Anna"})
    shown = stored.ask("GET", f"loyaltyObject/{OBJECT_ID}").json()
    assert (shown.get("accountName") == "Anna") is done


def test_silence_lasts_until_the_stand_in_ends(
    caller: Caller, google: GoogleStandin
) -> None:
    google.book.planned.append(Trick.SILENCE)
    with pytest.raises(requests.Timeout):
        caller.session.get(f"{caller._root}issuer/{ISSUER_ID}", timeout=0.3)
    google.stop()
