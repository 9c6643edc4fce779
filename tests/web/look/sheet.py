"""Every component on a few pages, served under the policy that the site has."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, Response, render_template, request
from flask_babel import Babel, get_locale
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.serving import make_server

from web import assets, brand, folders, previews, qr

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self';"
    " img-src 'self' data: blob:; connect-src 'self'; media-src 'self' blob:;"
    " worker-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'; object-src 'none'"
)
SHOPS = {
    "cafe": ("#5b3423", "#fff4e6", "#e9c39b"),
    "salon": ("#f7d9e0", "#4a1230", "#8a3a5c"),
    "garden": ("#ffffff", "#1f3d2b", "#5c7a68"),
    "taxi": ("#ffe600", "#ffffff", "#ffffff"),
}


def pass_json(shop: str) -> dict[str, Any]:
    """A pass.json of *shop*, with the fields that a store card has."""
    colours = (f"rgb{tuple(bytes.fromhex(colour[1:]))}" for colour in SHOPS[shop])
    background, foreground, label = colours
    return {
        "organizationName": "Café Lumière",
        "description": "Loyalty card of Café Lumière",
        "backgroundColor": background,
        "foregroundColor": foreground,
        "labelColor": label,
        "logoText": "Café Lumière",
        "storeCard": {
            "headerFields": [{"key": "points", "label": "Points", "value": 340}],
            "secondaryFields": [
                {"key": "tier", "label": "Tier", "value": "Regular"},
                {"key": "next", "label": "Next tier", "value": "160 points to Friend"},
            ],
            "backFields": [
                {"key": "rules", "label": "How it works", "value": "1 € = 1 point."},
                {
                    "key": "page",
                    "label": "Your page",
                    "value": "https://palier.example/",
                },
            ],
        },
        "barcodes": [
            {
                "format": "PKBarcodeFormatQR",
                "message": "L1.7F3K9QZ2M8XW4RTB6YHC.5D",
                "messageEncoding": "iso-8859-1",
                "altText": "7F3K9-QZ2M8",
            }
        ],
    }


def application() -> Flask:
    """The pages ``/<sheet>?shop=…&lang=…`` and what they load."""
    app = Flask("sheet", static_folder=folders.static(), static_url_path="/static")
    app.jinja_loader = ChoiceLoader(
        [
            FileSystemLoader(Path(__file__).parent / "sheets"),
            FileSystemLoader(folders.templates()),
        ]
    )
    app.secret_key = "not a secret: flash() asks for one"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = str(folders.translations())
    Babel(app, locale_selector=lambda: request.args.get("lang", "en"))
    assets.Assets(folders.static()).offer(app.jinja_env)
    app.jinja_env.globals.update(
        get_locale=get_locale, qr=qr.svg, csrf_token=lambda: "token"
    )
    app.after_request(_guarded)

    @app.get("/brand/<shop>.css")
    def colours(shop: str) -> Response:
        return Response(brand.stylesheet(*SHOPS[shop]), mimetype="text/css")

    @app.route("/<sheet>", methods=["GET", "POST"])
    def page(sheet: str) -> str:
        name = request.args.get("shop", "cafe")
        source = pass_json(name)
        now = datetime.now(UTC)
        view = previews.card(source, {}, previews.Images(), locale="en", at=now)
        shop = {"name": "Café Lumière", "stylesheet_url": f"/brand/{name}.css"}
        return render_template(
            f"{sheet}.html", shop=shop, view=view, request_id="01JDF7"
        )

    return app


def _guarded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return response


@contextmanager
def served() -> Iterator[str]:
    """The sheets on loopback; yields their address."""
    server = make_server("127.0.0.1", 0, application(), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
