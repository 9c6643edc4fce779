"""The OpenAPI document: what each call may answer, problems and keys included."""

from http import HTTPStatus
from typing import Any

from flask_openapi.models.parameter import Parameter
from flask_openapi.models.path_item import PathItem
from flask_openapi.openapi import OpenAPI

from web import idempotency
from web.api import access, problems
from web.api.routes import ROUTES, Key, Route

SECURITY = "apiKey"
_ALWAYS = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
_WITH_BODY = (
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
)
_METHODS_WITH_BODY = ("post", "patch")
_KEY_TEXT = (
    "A word of yours for this request, bare or quoted, kept for 30 days. The same"
    " key with the same body gets the first answer again, with"
    " `Idempotency-Replayed: true`; with another body it is refused (422)."
)

INTRODUCTION = """\
Every call needs `Authorization: Bearer …` with a key of one programme
(`palier api-key create`). Amounts are strings with exactly the currency's
decimals, points are integers, times are RFC 3339 in UTC.

What is refused is answered as `application/problem+json` (RFC 9457): act on
`code`, show `detail`. Bad input names its `field` and changes nothing. After a
429 or a 503 wait for `Retry-After` seconds and send the same again. A key looks up
60 codes a minute, and none for an hour after 20 wrong ones: give each till its own.
"""


def add(api: OpenAPI, route: Route) -> None:
    """Put the call into the app and into its document."""
    summary, _, rest = (route.view.__doc__ or "").strip().partition("\n")
    scopes = " or ".join(f"`{scope}`" for scope in sorted(access.SCOPES[route.name]))
    register = getattr(api, route.method)
    register(
        route.rule,
        endpoint=route.name,
        operation_id=route.name,
        summary=summary,
        description=f"{' '.join(rest.split())} Needs the scope {scopes}.".strip(),
        tags=[{"name": route.group}],
        security=[{SECURITY: []}],
        responses=_responses(route),
    )(route.view)
    if route.key is not Key.NONE:
        _add_key(api, route)


def _responses(route: Route) -> dict[str, Any]:
    told: dict[str, Any] = {str(route.status.value): route.answer}
    statuses = set(_ALWAYS)
    if route.method in _METHODS_WITH_BODY:
        statuses |= set(_WITH_BODY)
    if "<" in route.rule or route.name == "cards.lookup":
        statuses.add(HTTPStatus.NOT_FOUND)
    told |= {
        str(status.value): _problem(problems.codes(status))
        for status in sorted(statuses)
    }
    if route.conflicts:
        told["409"] = _problem(list(route.conflicts))
    if route.name == "members.add":
        told["410"] = _problem(["erased"])
    return told


def _problem(codes: list[str]) -> dict[str, Any]:
    known = {"properties": {"code": {"type": "string", "enum": codes}}}
    schema = {"allOf": [{"$ref": "#/components/schemas/Problem"}, known]}
    return {
        "description": ", ".join(f"`{code}`" for code in codes),
        "content": {problems.MEDIA_TYPE: {"schema": schema}},
    }


def _add_key(api: OpenAPI, route: Route) -> None:
    address = route.rule.replace("<id:", "{").replace(">", "}")
    item: PathItem = api.paths[address]
    operation = item.post
    if operation is None:
        raise RuntimeError(f"{route.name} has a key and is no POST")
    operation.parameters = [
        *(operation.parameters or []),
        Parameter.model_validate(
            {
                "name": idempotency.HEADER,
                "in": "header",
                "required": route.key is Key.REQUIRED,
                "description": _KEY_TEXT,
                "schema": {"type": "string", "minLength": 1, "maxLength": 255},
            }
        ),
    ]


def query_names(route: Route) -> frozenset[str]:
    """Return the query's parameters that the call knows."""
    query = route.view.__annotations__.get("query")
    return frozenset(query.model_fields) if query else frozenset()


KNOWN_QUERY = {route.name: query_names(route) for route in ROUTES}
"""The parameters that each call knows, by its endpoint."""
