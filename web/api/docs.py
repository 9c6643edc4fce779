"""The documentation: the OpenAPI document, and a page that reads it aloud."""

from importlib import resources
from pathlib import Path
from typing import cast

import orjson
from flask import (
    Blueprint,
    Response,
    current_app,
    make_response,
    render_template,
    send_from_directory,
)
from flask_openapi.openapi import OpenAPI
from werkzeug.exceptions import NotFound

# Swagger UI as the package brings it; its own page would need inline scripts.
_SWAGGER = Path(str(resources.files("flask_openapi_swagger"))) / "templates" / "swagger"
_FILES = {
    "swagger-ui.css": "css/swagger-ui.css",
    "swagger-ui-bundle.js": "js/swagger-ui-bundle.js",
}
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
)

bp = Blueprint("docs", __name__, static_folder="static", static_url_path="/docs/own")


@bp.get("/openapi.json")
def specification() -> Response:
    """Return the OpenAPI document."""
    document = cast("OpenAPI", current_app).api_doc
    return Response(orjson.dumps(document), mimetype="application/json")


@bp.get("/docs")
def page() -> Response:
    """Return the page that shows the document, from this server alone."""
    response = make_response(render_template("api/docs.html"))
    response.headers["Content-Security-Policy"] = _POLICY
    return response


@bp.get("/docs/swagger/<name>")
def swagger(name: str) -> Response:
    """Return a file of Swagger UI."""
    if name not in _FILES:
        raise NotFound
    return send_from_directory(_SWAGGER, _FILES[name], max_age=86_400)
