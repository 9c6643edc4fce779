"""The OpenAPI document: true to what the API does, and readable from here alone."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import CheckFunction, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)

from tests.web.api.callers import Till
from web.api import problems
from web.api.routes import ROUTES, Key, Route

CHECKS: list[CheckFunction] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    negative_data_rejection,
]
TRIED = settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def document(till: Till) -> dict[str, Any]:
    told: dict[str, Any] = till.caller.get("/openapi.json").get_json()
    return told


def operations(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for item in told["paths"].values():
        yield from item.values()


def test_the_document_needs_no_key(sqlite_till: Till) -> None:
    answer = sqlite_till.caller.send(
        "GET", "/openapi.json", headers={"Authorization": ""}
    )

    assert answer.status_code == 200
    assert answer.get_json()["openapi"].startswith("3.")


def test_every_call_is_in_the_document(sqlite_till: Till) -> None:
    described = {
        operation["operationId"] for operation in operations(document(sqlite_till))
    }

    assert described == {route.name for route in ROUTES}


def test_every_problem_code_is_in_the_document(sqlite_till: Till) -> None:
    listed: set[str] = set()
    for operation in operations(document(sqlite_till)):
        for answer in operation["responses"].values():
            content = answer.get("content", {}).get(problems.MEDIA_TYPE)
            if content:
                listed |= set(
                    content["schema"]["allOf"][1]["properties"]["code"]["enum"]
                )

    # No call answers these: they come before there is one.
    assert listed == set(problems.WORDS) - {"method_not_allowed", "conflict"}


def test_the_document_says_which_calls_want_a_key(sqlite_till: Till) -> None:
    said = {}
    for operation in operations(document(sqlite_till)):
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "header":
                said[operation["operationId"]] = parameter["required"]

    assert said == {
        route.name: route.key is Key.REQUIRED
        for route in ROUTES
        if route.key is not Key.NONE
    }


def test_the_document_names_the_public_address(sqlite_till: Till) -> None:
    assert document(sqlite_till)["servers"] == [{"url": "https://shop.example"}]


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_answers_are_as_the_document_says(
    sqlite_till: Till, route: Route, mode: GenerationMode
) -> None:
    api = sqlite_till.caller.api
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", api)
    path = route.rule.replace("<id:", "{").replace(">", "}")
    operation = schema[path][route.method.upper()]
    headers = {"Authorization": f"Bearer {sqlite_till.caller.token}"}
    sold = sqlite_till.earn("9.00").get_json()
    ids = {
        "card": sqlite_till.shop.card.public_id,
        "member": sqlite_till.shop.member.public_id,
        "entry": sold["entries"][0]["id"],
    }

    @settings(TRIED)
    @given(case=operation.as_strategy(generation_mode=mode))
    def tried(case: schemathesis.Case[Any]) -> None:
        if mode is GenerationMode.POSITIVE:
            # An id that was made up leads nowhere: then nothing else would be tried.
            case.path_parameters.update(
                {name: ids[name] for name in case.path_parameters}
            )
        answer = case.call(headers=headers)
        case.validate_response(answer, checks=CHECKS, headers=headers)

    tried()
