"""The API as an app of its own, at /api/v1: no cookies, no sessions, no pages."""

from typing import cast

from flask import Response, request
from flask_openapi.models.info import Info
from flask_openapi.models.security_scheme import SecurityScheme
from flask_openapi.models.server import Server
from flask_openapi.openapi import OpenAPI
from pydantic import ValidationError
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from passes.errors import PassesError
from web import errors, folders
from web.api import access, description, docs, problems, routes
from web.api.problems import Problem, RefusedError, Told
from web.api.reading import MAX_BODY, StrictRequest
from web.services import EXTENSION, Services

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class _Id(BaseConverter):
    """An id of ours; anything else in its place is simply not there."""

    regex = "[0-9a-z]{16}(?:[0-9a-z]{5})?"


class Api(OpenAPI):
    """The app; its requests are read strictly."""

    request_class = StrictRequest


def create_api(services: Services) -> OpenAPI:
    """Return the API on these services; its addresses begin with /api/v1."""
    api = _bare(services)
    api.url_map.converters["id"] = _Id
    for route in routes.ROUTES:
        description.add(api, route)
    api.register_blueprint(docs.bp, url_prefix=routes.PREFIX)
    access.register(api)
    access.check(api)
    api.before_request(_refuse_unknown_query)
    api.after_request(_add_headers)
    api.register_error_handler(Exception, _answer)
    return api


def _bare(services: Services) -> OpenAPI:
    api = Api(
        "web.api",
        info=Info(title="Palier", version="1", description=description.INTRODUCTION),
        security_schemes={
            description.SECURITY: SecurityScheme(type="http", scheme="bearer")
        },
        servers=[Server(url=services.settings.base_url)],
        validation_error_model=Problem,
        validation_error_callback=_invalid,
        doc_ui=False,
        static_folder=None,
        template_folder=str(folders.templates()),
    )
    api.extensions[EXTENSION] = services
    api.config["MAX_CONTENT_LENGTH"] = MAX_BODY
    # Slashes mean something in an address: nothing is redirected or tidied up.
    api.url_map.strict_slashes = False
    api.url_map.merge_slashes = False
    return api


def _refuse_unknown_query() -> None:
    known = description.KNOWN_QUERY.get(request.endpoint or "")
    for name in request.args if known is not None else ():
        if name not in cast("frozenset[str]", known):
            raise RefusedError("unknown_field", "This is unknown.", field=name)


def _add_headers(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _invalid(error: ValidationError) -> Response:
    return problems.of_validation(error).response()


def _answer(error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.response is not None:
        # What `_invalid` made is already an answer.
        return cast("Response", error.response)
    return _told(error).response()


def _told(error: Exception) -> Told:
    if isinstance(error, RefusedError):
        return problems.of_refusal(error)
    if isinstance(error, PassesError):
        return problems.of_domain(error)
    if isinstance(error, HTTPException):
        return problems.of_http(error)
    found = errors.problem(error)
    errors.note(error, found)
    return problems.of_status(found.status)
