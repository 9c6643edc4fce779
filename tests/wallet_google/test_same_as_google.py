"""Google's own client and ours, side by side: the same requests for the same calls."""

import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from google.oauth2 import service_account

from tests.makers import NOON
from tests.wallet_google import shop
from tests.wallet_google.shop import CLASS_ID, OBJECT_ID
from wallet_google.client import Client
from wallet_google.identity import SCOPE
from wallet_google.save_link import SaveLinks
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.standin.book import Sent
from wallet_google.standin.resources import CLASS, OBJECT
from wallet_google.standin.server import GoogleStandin

with warnings.catch_warnings():
    # What it imports speaks of its own past.
    warnings.simplefilter("ignore")
    from googleapiclient.discovery import build

Theirs = Any
"""Their resources are made at run time, from the discovery document."""


@dataclass(frozen=True)
class Call:
    """One call by either client, and what has to be there for it."""

    ours: Callable[[Client], object]
    theirs: Callable[[Theirs], Any]
    there: tuple[str, ...] = (CLASS, OBJECT)


def token(client: Client) -> str:
    return SaveLinks(client.identity).jwt(OBJECT_ID, NOON)


CHANGE = {"id": OBJECT_ID, "notifyPreference": "NOTIFY_ON_UPDATE", "accountName": "É"}
ERASED = {"id": OBJECT_ID, "classId": CLASS_ID, "state": "INACTIVE"}
CALLS = {
    "class patch": Call(
        lambda client: client.put("loyaltyClass", shop.loyalty_class()),
        lambda theirs: theirs.loyaltyclass().patch(
            resourceId=CLASS_ID, body=shop.loyalty_class()
        ),
    ),
    "class insert": Call(
        lambda client: client.put("loyaltyClass", shop.loyalty_class()),
        lambda theirs: theirs.loyaltyclass().insert(body=shop.loyalty_class()),
        there=(),
    ),
    "class update": Call(
        lambda client: client.replace("loyaltyClass", shop.loyalty_class()),
        lambda theirs: theirs.loyaltyclass().update(
            resourceId=CLASS_ID, body=shop.loyalty_class()
        ),
    ),
    "class get": Call(
        lambda client: client.get("loyaltyClass", CLASS_ID),
        lambda theirs: theirs.loyaltyclass().get(resourceId=CLASS_ID),
    ),
    "class list": Call(
        lambda client: list(client.classes()),
        lambda theirs: theirs.loyaltyclass().list(issuerId=ISSUER_ID, maxResults=200),
    ),
    "class message": Call(
        lambda client: client.add_message("loyaltyClass", CLASS_ID, shop.message(1)),
        lambda theirs: theirs.loyaltyclass().addmessage(
            resourceId=CLASS_ID, body={"message": shop.message(1)}
        ),
    ),
    "object patch": Call(
        lambda client: client.put("loyaltyObject", CHANGE),
        lambda theirs: theirs.loyaltyobject().patch(resourceId=OBJECT_ID, body=CHANGE),
    ),
    "object insert": Call(
        lambda client: client.put("loyaltyObject", shop.loyalty_object()),
        lambda theirs: theirs.loyaltyobject().insert(body=shop.loyalty_object()),
        there=(CLASS,),
    ),
    "object update": Call(
        lambda client: client.replace("loyaltyObject", ERASED),
        lambda theirs: theirs.loyaltyobject().update(resourceId=OBJECT_ID, body=ERASED),
    ),
    "object get": Call(
        lambda client: client.get("loyaltyObject", OBJECT_ID),
        lambda theirs: theirs.loyaltyobject().get(resourceId=OBJECT_ID),
    ),
    "object list": Call(
        lambda client: list(client.objects(CLASS_ID)),
        lambda theirs: theirs.loyaltyobject().list(classId=CLASS_ID, maxResults=200),
    ),
    "object message": Call(
        lambda client: client.add_message("loyaltyObject", OBJECT_ID, shop.message(1)),
        lambda theirs: theirs.loyaltyobject().addmessage(
            resourceId=OBJECT_ID, body={"message": shop.message(1)}
        ),
    ),
    "issuer get": Call(
        lambda client: client.issuer(),
        lambda theirs: theirs.issuer().get(resourceId=ISSUER_ID),
    ),
}


@pytest.fixture
def theirs(google: GoogleStandin) -> Iterator[Theirs]:
    credentials = service_account.Credentials.from_service_account_file(
        str(google.account_file), scopes=[SCOPE]
    )
    made = build(
        "walletobjects",
        "v1",
        credentials=credentials,
        static_discovery=True,
        cache_discovery=False,
        client_options={"api_endpoint": google.url},
    )
    yield made
    made.close()


def put_there(google: GoogleStandin, kinds: tuple[str, ...]) -> None:
    bodies = {CLASS: shop.loyalty_class(), OBJECT: shop.loyalty_object()}
    for kind in (CLASS, OBJECT):
        google.resources.forget(kind, bodies[kind]["id"])
        if kind in kinds:
            google.resources.insert(kind, bodies[kind], NOON)
    google.book.requests.clear()


def seen(sent: Sent) -> dict[str, Any]:
    """What counts of a request. *alt* is theirs: JSON is what Google answers anyway."""
    return {
        "method": sent.method,
        "path": sent.path,
        "query": {name: text for name, text in sent.query.items() if name != "alt"},
        "body": sent.body,
        "authorization": sent.headers["authorization"],
        "type": sent.headers.get("content-type") if sent.body else None,
        "status": sent.status,
    }


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_both_send_the_same(
    google: GoogleStandin, client: Client, theirs: Theirs, call: Call
) -> None:
    put_there(google, call.there)
    answered = call.theirs(theirs).execute()
    (wanted,) = google.book.requests
    put_there(google, call.there)
    got = call.ours(client)
    assert seen(google.book.requests[-1]) == seen(wanted)
    assert wanted.status == 200
    if isinstance(got, dict):
        assert got == answered


def test_both_ask_for_the_same_judgement(
    google: GoogleStandin, client: Client, theirs: Theirs
) -> None:
    put_there(google, (CLASS, OBJECT))
    jwt = token(client)
    theirs.jwt().validate(body={"jwtResource": {"jwt": jwt}}).execute()
    client.validate(jwt)
    wanted, sent = google.book.requests
    assert seen(sent) == seen(wanted)


def test_both_ask_for_a_token_in_the_same_way(
    google: GoogleStandin, client: Client, theirs: Theirs
) -> None:
    theirs.issuer().get(resourceId=ISSUER_ID).execute()
    client.issuer()
    wanted, asked = google.book.assertions
    assert {**asked, "iat": 0, "exp": 0} == {**wanted, "iat": 0, "exp": 0}


@pytest.mark.parametrize(("first", "second"), [("ours", "theirs"), ("theirs", "ours")])
def test_what_one_wrote_the_other_reads(
    google: GoogleStandin, client: Client, theirs: Theirs, first: str, second: str
) -> None:
    put_there(google, (CLASS,))
    write: dict[str, Callable[[], Any]] = {
        "ours": lambda: client.put("loyaltyObject", shop.loyalty_object()),
        "theirs": lambda: (
            theirs.loyaltyobject().insert(body=shop.loyalty_object()).execute()
        ),
    }
    read: dict[str, Callable[[], Any]] = {
        "ours": lambda: client.get("loyaltyObject", OBJECT_ID),
        "theirs": lambda: theirs.loyaltyobject().get(resourceId=OBJECT_ID).execute(),
    }
    written = write[first]()
    assert read[second]() == written
