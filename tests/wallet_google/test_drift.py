"""What Google holds is compared with what it should hold, and repaired."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from passes import db
from tests.wallet_google import tills
from tests.wallet_google.tills import Shop
from wallet_google import drift, errors, objects
from wallet_google.drift import Drift
from wallet_google.standin import replies


@pytest.fixture
def shop(sessions: db.Sessions, tmp_path: Path) -> Iterator[Shop]:
    opened = tills.open_shop(sessions, tmp_path / "google")
    yield opened
    opened.wallet.close()
    opened.google.stop()


def check(shop: Shop, *, repair: bool = False) -> list[Drift]:
    return list(drift.check_cards(shop.wallet, shop.time.now, repair=repair).drifts)


def spoil(shop: Shop, card: int, **values: object) -> None:
    """Change at Google what only Palier should change there."""
    kept = shop.google.resources._kept["loyaltyObject"]
    kept[shop.row(card).object_id].update(values)


def test_what_is_as_it_should_be_is_no_drift(shop: Shop) -> None:
    for _ in range(3):
        shop.new_card()
    shop.time.sleep(120)

    assert drift.check_cards(shop.wallet, shop.time.now) == drift.Step(3, (), None)
    assert drift.check_classes(shop.wallet, repair=False) == []


def test_what_differs_is_named_and_repaired(shop: Shop) -> None:
    card = shop.new_card()
    shop.time.sleep(120)
    spoil(shop, card, accountName="Somebody", state="INACTIVE")
    found = [Drift(shop.row(card).object_id, ("accountName", "state"))]

    assert check(shop) == found
    shop.settle()
    assert check(shop, repair=True) == found
    shop.settle()
    shop.time.sleep(120)

    assert check(shop) == []
    assert shop.at_google(card)["state"] == "ACTIVE"


def test_what_is_missing_is_brought_again(shop: Shop) -> None:
    card = shop.new_card()
    shop.time.sleep(120)
    shop.google.resources._kept["loyaltyObject"].clear()

    assert check(shop, repair=True) == [Drift(shop.row(card).object_id, missing=True)]
    shop.settle()
    assert shop.at_google(card)


def test_a_class_that_differs_is_sent_anew(shop: Shop) -> None:
    shop.new_card()
    class_id = shop.class_row().class_id
    shop.google.resources._kept["loyaltyClass"][class_id]["issuerName"] = "Other"

    (found,) = drift.check_classes(shop.wallet, repair=True)

    assert found == Drift(class_id, ("issuerName",))
    assert drift.check_classes(shop.wallet, repair=False) == []


def test_what_is_on_its_way_or_just_sent_is_left_out(shop: Shop) -> None:
    first, second = shop.new_card(), shop.new_card()
    shop.time.sleep(120)
    shop.earn(first, 5)
    assert drift.check_cards(shop.wallet, shop.time.now).checked == 1

    shop.earn(second, 5)
    shop.settle()
    assert drift.check_cards(shop.wallet, shop.time.now).checked == 0


def test_it_goes_on_where_it_ended(shop: Shop) -> None:
    made = [shop.new_card() for _ in range(5)]
    shop.time.sleep(120)
    after, checked = 0, []
    while True:
        step = drift.check_cards(shop.wallet, shop.time.now, after=after, limit=2)
        checked.append(step.checked)
        if step.after is None:
            break
        after = step.after

    assert sum(checked) == len(made)


def test_what_was_given_up_is_told_and_tried_again(shop: Shop) -> None:
    card = shop.new_card()
    shop.time.sleep(5)
    refused = replies.invalid("A bad field.").reply
    shop.google.book.decide = lambda method, path: refused
    shop.earn(card, 5)
    shop.settle(24 * 3600)
    shop.google.book.decide = None

    (found,) = check(shop, repair=True)
    shop.settle()

    assert "A bad field." in (found.given_up or "")
    assert shop.points_at_google(card) == 5


def test_what_is_left_of_an_erased_card_is_drift(shop: Shop) -> None:
    card = shop.new_card()
    shop.time.sleep(5)
    shop.erase(card)
    shop.settle()
    shop.time.sleep(120)
    assert check(shop) == []

    spoil(shop, card, accountName="Anna")
    assert [one.fields for one in check(shop, repair=True)] == [("accountName",)]
    shop.settle()
    assert "accountName" not in shop.at_google(card)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("loyaltyPoints", {"label": "Points", "balance": {"int": 120}}),
        ("secondaryLoyaltyPoints", {"label": "Statut", "balance": {"string": "Or"}}),
        ("heroImage", {"sourceUri": {"uri": "https://shop.example/media/anna.png"}}),
        ("linksModuleData", {"uris": [{"id": "page", "uri": "https://x.example/a"}]}),
        ("rotatingBarcode", {"type": "QR_CODE", "valuePattern": "x"}),
        ("validTimeInterval", {"end": {"date": "2030-01-01T00:00:00Z"}}),
        ("messages", [{"id": "m", "header": "Anna", "body": "Hello"}]),
    ],
)
def test_nothing_else_may_be_left_of_an_erased_card(
    shop: Shop, field: str, value: object
) -> None:
    card = shop.new_card()
    shop.time.sleep(5)
    shop.erase(card)
    shop.settle()
    shop.time.sleep(120)

    spoil(shop, card, **{field: value}, kind="walletobjects#loyaltyObject", version="1")
    found = check(shop, repair=True)
    shop.settle()

    assert [one.fields for one in found] == [(field,)]
    assert field not in shop.at_google(card)


def test_one_class_that_is_refused_leaves_the_others_to_be_mended(shop: Shop) -> None:
    other = tills.beside(shop, "bar")
    shop.new_card()
    other.new_card()
    ids = [shop.class_row().class_id, other.class_row().class_id]
    for class_id in ids:
        shop.google.resources._kept["loyaltyClass"][class_id]["issuerName"] = "Other"
    shop.google.book.decide = lambda method, path: (
        replies.invalid("No such picture.").reply
        if path.endswith(ids[0]) and method == "PATCH"
        else None
    )

    first, second = drift.check_classes(shop.wallet, repair=True)

    assert (first.resource_id, first.fields) == (ids[0], ("issuerName",))
    assert "No such picture." in (first.refused or "")
    assert second == Drift(ids[1], ("issuerName",))
    kept = shop.google.resources.get("loyaltyClass", ids[1])
    assert kept["issuerName"] != "Other"


def test_a_class_that_google_will_not_show_is_named(shop: Shop) -> None:
    shop.new_card()
    class_id = shop.class_row().class_id
    shop.google.book.planned.append(replies.invalid("Odd.").reply)

    (found,) = drift.check_classes(shop.wallet, repair=True)

    assert found.resource_id == class_id
    assert "Odd." in (found.refused or "")


def test_a_class_that_google_never_took_is_named(shop: Shop) -> None:
    card = shop.new_card(saved=False)
    shop.google.book.decide = lambda method, path: (
        replies.invalid("No such picture.").reply if method == "POST" else None
    )
    with pytest.raises(errors.GoogleWalletError):
        shop.wallet.save_url(card, shop.time.now)

    (found,) = drift.check_classes(shop.wallet, repair=True)

    assert found.missing
    assert "No such picture." in (found.refused or "")


def test_the_classes_of_another_issuer_are_not_asked_for(shop: Shop) -> None:
    shop.new_card()
    elsewhere = tills.open_wallet(
        shop.sessions,
        shop.google,
        shop.time,
        shop.shelf,
        issuer_id="3388000000000000002",
    )
    shop.forget_requests()

    assert drift.check_classes(elsewhere, repair=True) == []
    elsewhere.close()
    assert shop.sent() == []


def test_one_card_that_cannot_be_compared_leaves_the_others(
    shop: Shop, tmp_path: Path
) -> None:
    first, second = shop.new_card(), shop.new_card()
    shop.time.sleep(120)
    spoil(shop, second, accountName="Somebody")
    object_id = shop.row(first).object_id
    shop.google.book.decide = lambda method, path: (
        replies.invalid("Odd.").reply if path.endswith(object_id) else None
    )

    odd, differing = check(shop, repair=True)

    assert "Odd." in (odd.refused or "")
    assert differing.fields == ("accountName",)
    row = shop.row(first)
    assert row.wanted == row.delivered


def test_a_change_since_the_look_is_not_owed_twice(shop: Shop) -> None:
    card = shop.new_card()
    shop.time.sleep(120)
    shop.earn(card, 5)
    owed = shop.row(card)

    with db.write(shop.sessions) as session:
        objects.owe_anew(session.connection(), [owed.id], shop.time.now)

    assert shop.row(card).wanted == owed.wanted
    assert shop.row(card).delivered == owed.delivered


def test_google_that_does_not_answer_is_no_drift(shop: Shop) -> None:
    shop.new_card()
    shop.time.sleep(120)
    shop.google.refuse()

    with pytest.raises(errors.UnavailableError):
        check(shop)
