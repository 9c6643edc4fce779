"""What the API says of a card in Google Wallet."""

from collections.abc import Callable

import pytest
from jsonschema import Draft202012Validator

from tests.web import google as fakes
from tests.web.api.callers import Caller, Till
from tests.web.google import FakeGoogle
from web.api.app import create_api
from web.services import Services


@pytest.fixture
def caller(till: Till, services: Services) -> Callable[[str], Caller]:
    """Return a caller of a server to which Google told that state of the card."""

    def make(state: str) -> Caller:
        api = create_api(fakes.shown_by(services, FakeGoogle(state)))
        return Caller(api, till.caller.token)

    return make


@pytest.mark.parametrize("state", ["none", "offered", "saved", "removed"])
def test_a_card_says_how_it_stands_with_google(
    till: Till, caller: Callable[[str], Caller], state: str
) -> None:
    page = f"https://shop.example/card/{till.shop.card.page_token}"

    assert caller(state).get(till.card).get_json()["google"] == {
        "save_url": f"{page}/google",
        "state": state,
    }


def test_a_card_that_is_looked_up_says_so_too(
    till: Till, caller: Callable[[str], Caller]
) -> None:
    body = {"code": till.shop.card.code}

    answer = caller("saved").post("/cards/lookup", body)

    assert answer.get_json()["google"]["state"] == "saved"


@pytest.mark.parametrize("state", ["none", "offered", "saved", "removed"])
def test_the_document_describes_it(
    till: Till, caller: Callable[[str], Caller], state: str
) -> None:
    told = caller(state)
    document = told.get("/openapi.json").get_json()
    schema = document | {"$ref": "#/components/schemas/Card"}

    Draft202012Validator(schema).validate(told.get(till.card).get_json())


def test_another_state_would_not_be_as_the_document_says(
    till: Till, caller: Callable[[str], Caller]
) -> None:
    told = caller("lost")
    document = told.get("/openapi.json").get_json()
    schema = document | {"$ref": "#/components/schemas/Card"}

    assert not Draft202012Validator(schema).is_valid(told.get(till.card).get_json())
