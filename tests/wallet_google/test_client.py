"""What the client asks of Google, and what is stored there afterwards."""

from typing import Any

import pytest

from tests.wallet_google import accounts, shop
from tests.wallet_google.shop import CLASS_ID, OBJECT_ID
from wallet_google import errors
from wallet_google.client import Client
from wallet_google.identity import Identity
from wallet_google.standin import replies
from wallet_google.standin.book import Trick
from wallet_google.standin.resources import CLASS, OBJECT
from wallet_google.standin.server import GoogleStandin


def calls(google: GoogleStandin) -> list[tuple[str, str, int]]:
    return [
        (one.method, one.path.removeprefix("/walletobjects/v1/"), one.status)
        for one in google.book.requests
    ]


@pytest.fixture
def stored(client: Client, google: GoogleStandin) -> Client:
    client.put("loyaltyClass", shop.loyalty_class())
    client.put("loyaltyObject", shop.loyalty_object())
    google.book.requests.clear()
    return client


def kept(google: GoogleStandin, resource_id: str = OBJECT_ID) -> dict[str, Any]:
    kind = OBJECT if resource_id == OBJECT_ID else CLASS
    return google.resources.get(kind, resource_id)


def test_making_a_client_connects_to_nothing(
    google: GoogleStandin, client: Client
) -> None:
    assert not google.book.requests
    assert google.book.tokens == 0


def test_what_is_new_is_inserted(client: Client, google: GoogleStandin) -> None:
    client.put("loyaltyClass", shop.loyalty_class())
    assert calls(google) == [
        ("PATCH", f"loyaltyClass/{CLASS_ID}", 404),
        ("POST", "loyaltyClass", 200),
    ]


def test_what_is_there_is_patched_in_one_request(
    stored: Client, google: GoogleStandin
) -> None:
    stored.put("loyaltyObject", shop.loyalty_object(points=130))
    assert calls(google) == [("PATCH", f"loyaltyObject/{OBJECT_ID}", 200)]
    assert kept(google)["loyaltyPoints"]["balance"] == {"int": 130}


def test_what_a_patch_leaves_out_stays(stored: Client, google: GoogleStandin) -> None:
    stored.put("loyaltyObject", {"id": OBJECT_ID, "accountName": "Anna"})
    assert kept(google)["loyaltyPoints"]["balance"] == {"int": 120}
    assert kept(google)["accountName"] == "Anna"


def test_none_is_forgotten(stored: Client, google: GoogleStandin) -> None:
    stored.put("loyaltyObject", {"id": OBJECT_ID, "accountName": "Anna"})
    stored.put("loyaltyObject", {"id": OBJECT_ID, "accountName": None})
    assert "accountName" not in kept(google)


def test_none_is_not_inserted(client: Client, google: GoogleStandin) -> None:
    client.put("loyaltyClass", shop.loyalty_class(callbackOptions=None))
    assert "callbackOptions" not in google.book.requests[-1].body


def test_a_class_that_was_read_can_be_written(
    stored: Client, google: GoogleStandin
) -> None:
    read = stored.get("loyaltyClass", CLASS_ID)
    assert read["reviewStatus"] == "APPROVED"
    stored.put("loyaltyClass", read)
    assert google.book.requests[-1].body["reviewStatus"] == "UNDER_REVIEW"


def test_somebody_who_inserts_first_is_no_trouble(
    stored: Client, google: GoogleStandin
) -> None:
    # The object appears between our look and our insert.
    google.book.planned.append(replies.absent("resourceNotFound", "Not found.").reply)
    stored.put("loyaltyObject", shop.loyalty_object(points=7))
    assert [status for _, _, status in calls(google)] == [404, 409, 200]
    assert kept(google)["loyaltyPoints"]["balance"] == {"int": 7}


def test_a_replacement_wipes_what_it_leaves_out(
    stored: Client, google: GoogleStandin
) -> None:
    stored.put("loyaltyObject", {"id": OBJECT_ID, "accountName": "Anna"})
    erased = {"id": OBJECT_ID, "classId": CLASS_ID, "state": "INACTIVE"}
    stored.replace("loyaltyObject", erased)
    shown = kept(google)
    del shown["classReference"], shown["hasUsers"]
    assert shown == erased


def test_what_is_absent_cannot_be_replaced(client: Client) -> None:
    with pytest.raises(errors.AbsentError):
        client.replace("loyaltyObject", shop.loyalty_object())


def test_what_is_absent_cannot_be_read(client: Client) -> None:
    with pytest.raises(errors.AbsentError, match="not found"):
        client.get("loyaltyObject", OBJECT_ID)


def test_a_strange_id_stays_one_part_of_the_address(
    client: Client, google: GoogleStandin
) -> None:
    with pytest.raises(errors.RefusedError, match="Invalid resource ID"):
        client.get("loyaltyObject", "../loyaltyClass/1.x?y#z")
    assert google.book.requests[-1].path.endswith("../loyaltyClass/1.x?y#z")


def test_a_long_list_comes_in_pages(stored: Client, google: GoogleStandin) -> None:
    for number in range(450):
        body = shop.loyalty_object(id=f"{OBJECT_ID}-{number}")
        google.resources.insert(OBJECT, body, google.counter.clock())
    found = [one["id"] for one in stored.objects(CLASS_ID)]
    assert len(found) == len(set(found)) == 451
    assert len(calls(google)) == 3


def test_an_empty_list_is_empty(client: Client) -> None:
    assert list(client.classes()) == []


def test_the_issuers_classes_are_listed(stored: Client) -> None:
    assert [one["id"] for one in stored.classes()] == [CLASS_ID]


def test_a_message_is_added(stored: Client, google: GoogleStandin) -> None:
    stored.add_message("loyaltyObject", OBJECT_ID, shop.message(1))
    assert kept(google)["messages"] == [shop.message(1)]


def test_the_same_message_is_added_once(stored: Client, google: GoogleStandin) -> None:
    for _ in range(3):
        stored.add_message("loyaltyObject", OBJECT_ID, shop.message(1))
    assert kept(google)["messages"] == [shop.message(1)]


@pytest.mark.parametrize("lost", [Trick.LOSE, Trick.HALF, Trick.CUT])
def test_a_message_whose_answer_was_lost_is_not_added_twice(
    stored: Client, google: GoogleStandin, lost: Trick
) -> None:
    tricks = [lost]
    google.book.decide = lambda method, path: (
        tricks.pop() if path.endswith("addMessage") and tricks else None
    )
    stored.add_message("loyaltyObject", OBJECT_ID, shop.message(1))
    assert kept(google)["messages"] == [shop.message(1)]
    assert not tricks


@pytest.mark.parametrize("kind", ["loyaltyObject", "loyaltyClass"])
def test_the_oldest_messages_make_room(
    stored: Client, google: GoogleStandin, kind: Any
) -> None:
    resource_id = OBJECT_ID if kind == "loyaltyObject" else CLASS_ID
    for number in range(13):
        stored.add_message(kind, resource_id, shop.message(number))
    ids = [one["id"] for one in kept(google, resource_id)["messages"]]
    assert ids == [f"m-{number}" for number in range(3, 13)]


def test_making_room_tells_nobody_again(stored: Client, google: GoogleStandin) -> None:
    google.counter.save(OBJECT_ID)
    stored.add_message("loyaltyObject", OBJECT_ID, shop.message(0, "TEXT_AND_NOTIFY"))
    for number in range(1, 11):
        stored.add_message("loyaltyObject", OBJECT_ID, shop.message(number))
    assert len(google.wallets.notifications) == 1
    (pruned,) = [one for one in google.book.requests if one.method == "PATCH"]
    assert {one["messageType"] for one in pruned.body["messages"]} == {"TEXT"}


def test_too_many_messages_that_notify_are_named(stored: Client) -> None:
    for number in range(3):
        stored.add_message(
            "loyaltyObject", OBJECT_ID, shop.message(number, "TEXT_AND_NOTIFY")
        )
    with pytest.raises(errors.QuotaExceededError):
        stored.add_message(
            "loyaltyObject", OBJECT_ID, shop.message(4, "TEXT_AND_NOTIFY")
        )
    stored.add_message("loyaltyObject", OBJECT_ID, shop.message(4))


def test_the_issuer_is_read(client: Client, identity: Identity) -> None:
    assert client.issuer()["issuerId"] == identity.issuer_id


def test_one_token_serves_many_calls(client: Client, google: GoogleStandin) -> None:
    for _ in range(3):
        client.issuer()
    assert google.book.tokens == 1


def test_a_token_that_counts_no_more_is_renewed(
    client: Client, google: GoogleStandin
) -> None:
    client.issuer()
    google.office.revoke()
    client.issuer()
    assert google.book.tokens == 2


def test_a_renewed_key_is_used(
    client: Client, google: GoogleStandin, identity: Identity
) -> None:
    client.issuer()
    token_url = identity.loaded().account.token_url
    accounts.write(google.account_file.parent, token_url, "other")
    google.office.admit(google.account, identity.issuer_id)
    google.office.revoke()
    client.issuer()
    assert google.book.tokens == 2


@pytest.mark.asvs("16.2.5")
def test_nothing_secret_is_logged(
    client: Client, google: GoogleStandin, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        client.issuer()
        google.book.revoked = True
        with pytest.raises(errors.RevokedError) as refused:
            client.issuer()
    said = caplog.text + str(refused.value) + repr(refused.value.__cause__)
    said += "".join(str(record.__dict__) for record in caplog.records)
    assert "ya29" not in said
    assert "eyJ" not in said
    assert "PRIVATE KEY" not in said
