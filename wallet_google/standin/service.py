"""Google Wallet's REST interface on loopback, as a WSGI application.

It follows Google's documents and not our client. One thing it does better: a field
that Google does not know is refused here, where Google drops it without a word.
https://developers.google.com/wallet/reference/rest/v1
"""

import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException, abort
from werkzeug.wrappers import Request, Response

from passes.clock import Clock
from wallet_google.standin import links, offices, quotas, replies
from wallet_google.standin.book import Behaviour, Book, Sent, Trick
from wallet_google.standin.links import LinkError
from wallet_google.standin.offices import Office
from wallet_google.standin.quotas import Quota
from wallet_google.standin.replies import RefusedError, Reply
from wallet_google.standin.resources import CLASS, KINDS, Resource, Resources, issuer_of

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

ROOT = "/walletobjects/v1/"

_MOST = 10 * 1024 * 1024
_LOCAL_NAMES = {"localhost", "127.0.0.1", "::1"}

Page = Callable[[Request], Response]


@dataclass(slots=True)
class Service:
    """The application. *pages* answers what is not of the REST interface.

    *closing* ends answers that would never come.
    """

    office: Office
    resources: Resources
    clock: Clock
    book: Book
    pages: Page
    closing: threading.Event = field(default_factory=threading.Event)
    _rate: Quota = field(default_factory=quotas.of_requests)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request from this machine."""
        request = Request(environ)
        request.max_content_length = _MOST
        try:
            _refuse_strangers(request)
            answer = self._answer(request)
        except HTTPException as error:
            return error(environ, start_response)
        return answer(environ, start_response)

    def _answer(self, request: Request) -> Response:
        if request.path == "/token" and request.method == "POST":
            return self._token(request)
        if request.path.startswith(ROOT):
            return self._call(request)
        return self.pages(request)

    def _token(self, request: Request) -> Response:
        behaviour = self.book.token_behaviour()
        if behaviour is None and self.book.revoked:
            behaviour = offices.revoked()
        return self._behave(request, behaviour, lambda: self._new_token(request))

    def _new_token(self, request: Request) -> Reply:
        reply, claims = self.office.give_token(request.form)
        if reply.status == HTTPStatus.OK:
            self.book.assertions.append(claims)
        return reply

    def _call(self, request: Request) -> Response:
        body = _read(request)
        behaviour = self.book.behaviour(request.method, request.path)
        answer = self._behave(request, behaviour, lambda: self._work(request, body))
        silent = behaviour in (Trick.CUT, Trick.SILENCE, Trick.LOSE)
        self._remember(request, body, 0 if silent else answer.status_code)
        if behaviour in (Trick.CUT, Trick.LOSE):
            _cut(request)
        return answer

    def _behave(
        self, request: Request, behaviour: Behaviour | None, work: Callable[[], Reply]
    ) -> Response:
        time.sleep(self.book.latency)
        if behaviour is Trick.SILENCE:
            self.closing.wait()
        if behaviour in (Trick.CUT, Trick.SILENCE):
            return Response()
        reply = behaviour if isinstance(behaviour, Reply) else work()
        answer = Response(
            reply.body,
            reply.status,
            headers=dict(reply.headers),
            content_type=reply.content_type,
        )
        if behaviour is Trick.HALF:
            answer.set_data(reply.body[: len(reply.body) // 2])
            answer.headers["Content-Length"] = str(len(reply.body))
        return answer

    def _work(self, request: Request, body: Any) -> Reply:
        try:
            if self.book.revoked:
                self.office.revoke()
            email = self.office.who(request.headers.get("Authorization"))
            if self.book.not_enabled:
                return replies.not_enabled()
            return replies.said(self._route(request, body, email))
        except RefusedError as error:
            return error.reply

    def _route(self, request: Request, body: Any, email: str) -> Resource:
        match request.method, request.path.removeprefix(ROOT).split("/"):
            case "POST", ["jwt", "validate"]:
                return self._validate(_object(body))
            case "GET", ["issuer", issuer_id]:
                return self._issuer(email, issuer_id)
            case method, [kind] if kind in KINDS and method in {"GET", "POST"}:
                return self._collection(request, kind, body, email)
            case method, [kind, resource_id, *rest] if kind in KINDS:
                self._admit(email, issuer_of(resource_id))
                return self._one(method, kind, resource_id, rest, body)
        raise RefusedError(_no_such_address())

    def _collection(
        self, request: Request, kind: str, body: Any, email: str
    ) -> Resource:
        if request.method == "POST":
            self._admit(email, issuer_of(_object(body).get("id")))
            return self.resources.insert(kind, body, self.clock())
        named = "issuerId" if kind == CLASS else "classId"
        owner = request.args.get(named, "")
        self._admit(email, owner if kind == CLASS else issuer_of(owner))
        most = request.args.get("maxResults", type=int)
        start = request.args.get("token", 0, type=int)
        return self.resources.listed(kind, owner, start, most)

    def _one(
        self, method: str, kind: str, resource_id: str, rest: list[str], body: Any
    ) -> Resource:
        match method, rest:
            case "GET", []:
                return self.resources.get(kind, resource_id)
            case "PATCH", []:
                work = self.resources.patch
            case "PUT", []:
                work = self.resources.update
            case "POST", ["addMessage"]:
                work = self.resources.add_message
            case _:
                raise RefusedError(_no_such_address())
        return work(kind, resource_id, _object(body), self.clock())

    def _validate(self, body: Resource) -> Resource:
        self.resources.accept("validate", body)
        try:
            if "jwtResource" in body:
                found = links.read(body["jwtResource"]["jwt"], self.office)
            else:
                found = links.bodies(json.loads(body["jsonResource"]["json"]))
        except (LinkError, ValueError) as error:
            raise replies.invalid(str(error)) from error
        for kind, one in found:
            self.resources.judged(kind, one)
        return {}

    def _issuer(self, email: str, issuer_id: str) -> Resource:
        if not issuer_id.isdecimal():
            raise replies.invalid(f"Invalid issuer ID: {issuer_id}")
        if issuer_id not in self.office.users:
            raise replies.absent("issuerNotFound", f"Issuer {issuer_id} not found.")
        self._admit(email, issuer_id)
        return {"issuerId": issuer_id, "name": "Palier"}

    def _admit(self, email: str, issuer_id: str) -> None:
        """Let a user of the issuer through, at the pace that Google allows."""
        if not self.office.may(email, issuer_id):
            raise replies.denied()
        with self._lock:
            if not self._rate.take(issuer_id, self.clock()):
                raise RefusedError(replies.too_fast())

    def _remember(self, request: Request, body: Any, status: int) -> None:
        headers = {name.lower(): value for name, value in request.headers}
        kind = headers.get("authorization", "").partition(" ")[0]
        headers["authorization"] = kind
        sent = Sent(
            request.method,
            request.path,
            dict(request.args),
            body,
            headers,
            status,
            self.clock(),
        )
        self.book.requests.append(sent)


def _read(request: Request) -> Any:
    data = request.get_data()
    try:
        return json.loads(data) if data else None
    except (ValueError, RecursionError):
        return None


def _object(body: Any) -> Resource:
    if isinstance(body, dict):
        return body
    raise replies.invalid("The request's body is no JSON object.")


def _no_such_address() -> Reply:
    page = b"<!DOCTYPE html><title>Error 404 (Not Found)</title>"
    return Reply(HTTPStatus.NOT_FOUND, page, content_type="text/html; charset=UTF-8")


def _cut(request: Request) -> None:
    plug: socket.socket | None = request.environ.get("werkzeug.socket")
    if plug is not None:
        plug.shutdown(socket.SHUT_RDWR)


def _refuse_strangers(request: Request) -> None:
    """Refuse other machines, and names of this one that somebody else chose."""
    try:
        local = ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        local = False
    if not local or urlsplit(f"//{request.host}").hostname not in _LOCAL_NAMES:
        abort(HTTPStatus.FORBIDDEN)
