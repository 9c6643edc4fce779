"""What the stand-in phones show, as JSON for the demo's page; loopback only."""

import ipaddress
import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from werkzeug.exceptions import HTTPException, NotFound, abort
from werkzeug.routing import Map, Rule
from werkzeug.wrappers import Request, Response

from wallet_apple.standin.pass_on_phone import PassRefusedError, PhonePass
from wallet_apple.standin.phone import Phone
from wallet_apple.standin.shelf import Shelf

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_MOST = 10 * 1024 * 1024


class Pages:
    """A WSGI application over the phones of a shelf.

    ``GET /`` all phones · ``GET /<phone>`` one · ``POST /<phone>/passes`` adds the
    .pkpass in the body · ``GET /<phone>/<serial>/images/<name>`` ·
    ``POST /<phone>/<serial>/refresh`` · ``DELETE /<phone>/<serial>``.
    """

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._map = Map(
            [
                Rule("/", endpoint=self._all, methods=["GET"]),
                Rule("/<phone>", endpoint=self._one, methods=["GET"]),
                Rule("/<phone>/passes", endpoint=self._add, methods=["POST"]),
                Rule("/<phone>/<serial>", endpoint=self._remove, methods=["DELETE"]),
                Rule(
                    "/<phone>/<serial>/refresh",
                    endpoint=self._refresh,
                    methods=["POST"],
                ),
                Rule(
                    "/<phone>/<serial>/images/<name>",
                    endpoint=self._image,
                    methods=["GET"],
                ),
            ]
        )

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request from this machine."""
        request = Request(environ)
        request.max_content_length = _MOST
        try:
            _refuse_strangers(request)
            endpoint, named = self._map.bind_to_environ(environ).match()
            answer: Response | HTTPException = endpoint(request, **named)
        except HTTPException as error:
            answer = error
        except PassRefusedError as error:
            answer = _json({"refused": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)
        return answer(environ, start_response)

    def _all(self, request: Request) -> Response:
        return _json(
            {
                "phones": [
                    {
                        "name": name,
                        "passes": [one.serial_number for one in phone.passes],
                    }
                    for name, phone in self._shelf.phones.items()
                ]
            }
        )

    def _one(self, request: Request, phone: str) -> Response:
        base = f"{request.script_root}/{quote(phone)}"
        return _json({"name": phone, **state(self._phone(phone), base)})

    def _add(self, request: Request, phone: str) -> Response:
        added = self._phone(phone).add(request.get_data())
        return _json({"serial_number": added.serial_number}, HTTPStatus.CREATED)

    def _remove(self, request: Request, phone: str, serial: str) -> Response:
        self._phone(phone).remove(serial)
        return Response(status=HTTPStatus.NO_CONTENT)

    def _refresh(self, request: Request, phone: str, serial: str) -> Response:
        self._phone(phone).refresh(serial)
        return Response(status=HTTPStatus.NO_CONTENT)

    def _image(self, request: Request, phone: str, serial: str, name: str) -> Response:
        held = self._phone(phone).pass_of(serial)
        picture = held.images.get(name) if held else None
        if picture is None:
            raise NotFound
        return Response(picture, content_type="image/png")

    def _phone(self, name: str) -> Phone:
        phone = self._shelf.phones.get(name)
        if phone is None:
            raise NotFound
        return phone


def state(phone: Phone, base: str) -> dict[str, Any]:
    """Return what the phone shows: passes, messages newest first, its log.

    *base* begins the addresses of the pictures.
    """
    return {
        "language": phone.language,
        "passes": [_pass(one, base) for one in phone.passes],
        "messages": [
            {
                "at": said.at.isoformat(),
                "serial_number": said.serial_number,
                "title": said.title,
                "text": said.text,
            }
            for said in reversed(phone.messages)
        ],
        "log": list(phone.log),
    }


def _pass(one: PhonePass, base: str) -> dict[str, Any]:
    # The secret stays on the phone.
    document = {
        name: value
        for name, value in one.document.items()
        if name != "authenticationToken"
    }
    return {
        "serial_number": one.serial_number,
        "document": document,
        "strings": one.strings,
        "images": {
            name: f"{base}/{quote(one.serial_number)}/images/{quote(name)}"
            for name in one.images
        },
        "last_modified": one.last_modified,
        "received_at": one.received_at.isoformat(),
    }


def _refuse_strangers(request: Request) -> None:
    """Refuse other machines, and other sites in a browser on this one."""
    try:
        local = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        local = False
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if not local or site not in {"same-origin", "none"}:
        abort(HTTPStatus.FORBIDDEN)


def _json(said: Mapping[str, object], status: HTTPStatus = HTTPStatus.OK) -> Response:
    answer = Response(json.dumps(said), status, content_type="application/json")
    answer.headers["Cache-Control"] = "no-store"
    return answer
