"""The web service that devices ask: register, list, fetch, unregister, log.

Plain WSGI, mounted at ``/apple``: no session, no cookies, and no write before a
token was checked. The only module of the package that answers HTTP.
https://developer.apple.com/documentation/walletpasses/adding-a-web-service-to-update-passes
"""

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.http import http_date, parse_date
from werkzeug.wsgi import get_input_stream

from passes import db
from passes.errors import BusyError
from wallet_apple import bundle, device_log, holdings, registrations, visitors
from wallet_apple.errors import CertificateError
from wallet_apple.holdings import Held, Pass
from wallet_apple.limits import HOUR, Limit
from wallet_apple.pass_json import PassIdentity
from wallet_apple.registrations import Client, Registered
from wallet_apple.visitors import Shown
from wallet_apple.wallet import AppleWallet

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_log = logging.getLogger(__name__)

ASKS_A_MINUTE = 60
LOGS_A_MINUTE = 10
NEW_AN_HOUR = 30
"""How many new devices or push tokens an hour are taken for one pass.

Each costs a push, and those to tokens that are none cost Apple's good will.
"""

_FRESH = timedelta(minutes=5)
_LOG_BODY = 8 * 1024
_BODY = 16 * 1024
_QUERY_FIELDS = 20
_SOON = "30"
_MENDING = "300"

Header = tuple[str, str]
_NOT_STORED: Header = ("Cache-Control", "no-store, private")
_NOT_GUESSED: Header = ("X-Content-Type-Options", "nosniff")
_JSON: Header = ("Content-Type", "application/json")
_PASS: Header = ("Content-Type", bundle.MEDIA_TYPE)
_LENGTHLESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back. A *body* of None has a length that is not worth finding out."""

    status: HTTPStatus
    headers: Sequence[Header] = ()
    body: bytes | None = b""


class _Refused(Exception):  # noqa: N818  (it carries an answer, not an error)
    """There is nothing more to do than to answer."""

    def __init__(self, status: HTTPStatus, *headers: Header) -> None:
        super().__init__(status)
        self.answer = Answer(status, headers)


class WebService:
    """The WSGI application; it is given its part of the path only."""

    def __init__(
        self,
        wallet: AppleWallet,
        *,
        asks: int = ASKS_A_MINUTE,
        logs: int = LOGS_A_MINUTE,
    ) -> None:
        """Answer for the passes of *wallet*.

        At most *asks* requests a minute for each device or pass, *logs* messages for
        each address.
        """
        self._wallet = wallet
        self._sessions = wallet.sessions
        self._seen = wallet.sightings
        self._asking = Limit(asks)
        self._logging = Limit(logs)
        # One device that asks without end leaves room for the others of its card.
        self._registering = Limit(2 * asks)
        self._entering = Limit(NEW_AN_HOUR, window=HOUR)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        answer = self._answer(environ)
        headers = [_NOT_STORED, _NOT_GUESSED, *answer.headers]
        body = answer.body
        if body is not None and answer.status not in _LENGTHLESS:
            headers.append(("Content-Length", str(len(body))))
        start_response(f"{answer.status.value} {answer.status.phrase}", headers)
        return [body] if body and environ["REQUEST_METHOD"] != "HEAD" else []

    def _answer(self, environ: "WSGIEnvironment") -> Answer:
        try:
            return self._route(environ)
        except _Refused as refused:
            return refused.answer
        except HTTPException as error:
            return Answer(HTTPStatus(error.code or HTTPStatus.BAD_REQUEST))
        except (DBAPIError, PoolTimeoutError, BusyError) as error:
            # Never a 401: a phone would give the pass up for good.
            _log.warning("The database is not to be had: %s", type(error).__name__)
            return _later(_SOON)
        except CertificateError as error:
            _log.warning("No pass can be signed: %s", error)
            return _later(_MENDING)
        except Exception:
            _log.exception("A device's request failed")
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR)

    def _route(self, environ: "WSGIEnvironment") -> Answer:
        # A base address that ends in a slash makes some wallets ask for `//v1`, and
        # a redirect would lose them.
        match environ.get("PATH_INFO", "").strip("/").split("/"):
            case ["v1", "passes", pass_type, *serial] if serial:
                _only(environ, "GET", "HEAD")
                return self._fetch(environ, pass_type, "/".join(serial))
            case ["v1", "devices", device, "registrations", pass_type]:
                _only(environ, "GET", "HEAD")
                return self._list(environ, device, pass_type)
            case ["v1", "devices", device, "registrations", pass_type, *serial]:
                return self._registration(environ, device, pass_type, "/".join(serial))
            case ["v1", "log"]:
                _only(environ, "POST")
                return self._complain(environ)
        return Answer(HTTPStatus.NOT_FOUND)

    def _registration(
        self, environ: "WSGIEnvironment", device: str, pass_type: str, serial: str
    ) -> Answer:
        _only(environ, "POST", "DELETE")
        _count(self._asking, device)
        given = visitors.shown(environ)
        held = self._held(given, device, pass_type, serial)
        # The name of a device is the caller's to choose, a pass with its token is not.
        _count(self._registering, serial)
        if environ["REQUEST_METHOD"] == "DELETE":
            return self._unregister(held, device, pass_type)
        push_token = _push_token(environ)
        kind = visitors.kind(environ, given, push_token)
        return self._register(held, Client(device, pass_type, push_token, kind))

    def _register(self, held: Held, client: Client) -> Answer:
        at = self._wallet.clock()
        said = (client.push_token, client.kind)
        if held.device_id is not None and said == (held.push_token, held.kind):
            self._confirm(held.device_id, held.said_at, at)
            return Answer(HTTPStatus.OK)
        if not visitors.is_name(client.library_identifier):
            return Answer(HTTPStatus.BAD_REQUEST)
        _count(self._entering, str(held.card_id))
        ended = db.transact(
            self._sessions,
            lambda session: registrations.register(
                session.connection(), held.card_id, client, at
            ),
        )
        return Answer(_REGISTERED[ended])

    def _confirm(self, device_id: int, said_at: datetime | None, at: datetime) -> None:
        if said_at is not None and abs(at - said_at) < _FRESH:
            self._seen.registered(device_id, at)
            return
        # A death that Apple tells of now must not count for this token.
        db.transact(
            self._sessions,
            lambda session: registrations.confirm(session.connection(), device_id, at),
        )

    def _unregister(self, held: Held, device: str, pass_type: str) -> Answer:
        # A device that deletes what it never registered is content with 200.
        if held.device_id is not None:
            db.transact(
                self._sessions,
                lambda session: registrations.unregister(
                    session.connection(), held.card_id, device, pass_type
                ),
            )
        return Answer(HTTPStatus.OK)

    def _held(self, given: Shown, device: str, pass_type: str, serial: str) -> Held:
        with self._sessions.reading.connect() as connection:
            held = holdings.held(
                connection,
                _named(serial),
                device if visitors.is_name(device) else "",
                pass_type,
            )
        stored = held.authentication_token if held else None
        if not visitors.matches(given, stored) or held is None:
            raise _Refused(HTTPStatus.UNAUTHORIZED)
        self._refuse_foreign(pass_type)
        return held

    def _list(self, environ: "WSGIEnvironment", device: str, pass_type: str) -> Answer:
        if not visitors.is_name(device):
            return Answer(HTTPStatus.NO_CONTENT)
        _count(self._asking, device)
        since = holdings.read_tag(_since(environ))
        with self._sessions.reading.connect() as connection:
            listing = holdings.listed(connection, device, pass_type, since)
        if listing is None:
            return Answer(HTTPStatus.NO_CONTENT)
        self._refuse_foreign(pass_type)
        if listing.tag >= 0:
            self._seen.listed(listing.device_id, listing.tag, self._wallet.clock())
        if not listing.serial_numbers:
            return Answer(HTTPStatus.NO_CONTENT)
        # A tag that is a number makes iPhones ignore the whole list.
        body = {
            "serialNumbers": listing.serial_numbers,
            "lastUpdated": str(listing.tag),
        }
        return Answer(HTTPStatus.OK, (_JSON,), json.dumps(body).encode())

    def _fetch(self, environ: "WSGIEnvironment", pass_type: str, serial: str) -> Answer:
        given, at = visitors.shown(environ), self._wallet.clock()
        with self._sessions.reading.connect() as connection:
            found = holdings.by_serial_number(connection, _named(serial))
            stored = found.authentication_token if found else None
            if not visitors.matches(given, stored) or found is None:
                raise _Refused(HTTPStatus.UNAUTHORIZED)
            _count(self._asking, serial)
            self._refuse_foreign(pass_type)
            modified = http_date(found.revised_at)
            if _unchanged(environ, found, modified):
                self._seen.fetched(found.card.id, found.revision, at)
                return Answer(HTTPStatus.NOT_MODIFIED, (("Last-Modified", modified),))
            headers = (_PASS, ("Last-Modified", modified))
            if environ["REQUEST_METHOD"] == "HEAD":
                return Answer(HTTPStatus.OK, headers, None)
            # The same snapshot: what is shown belongs to the time that is stated.
            content = self._wallet.content(connection, found.card)
        named = PassIdentity(serial, found.authentication_token, found.web_service_url)
        data = self._wallet.build(content, named, at)
        self._seen.fetched(found.card.id, found.revision, at)
        return Answer(HTTPStatus.OK, headers, data)

    def _complain(self, environ: "WSGIEnvironment") -> Answer:
        _count(self._logging, visitors.address(environ))
        said = _json(environ, _LOG_BODY)
        self._seen.complained(device_log.read(said, self._wallet.clock()))
        return Answer(HTTPStatus.OK)

    def _refuse_foreign(self, pass_type: str) -> None:
        """Answer later, not never, for a pass that the certificate is not for."""
        if pass_type != self._wallet.identity.pass_type:
            raise _Refused(HTTPStatus.SERVICE_UNAVAILABLE, ("Retry-After", _MENDING))


_REGISTERED = {
    Registered.NEW: HTTPStatus.CREATED,
    Registered.KNOWN: HTTPStatus.OK,
    Registered.FULL: HTTPStatus.FORBIDDEN,
}


def _named(serial: str) -> str:
    """Return *serial*, or a name that no pass has when it cannot be one of ours."""
    return serial if visitors.is_name(serial) else ""


def _only(environ: "WSGIEnvironment", *methods: str) -> None:
    if environ["REQUEST_METHOD"] not in methods:
        allowed = ("Allow", ", ".join(methods))
        raise _Refused(HTTPStatus.METHOD_NOT_ALLOWED, allowed)


def _unchanged(environ: "WSGIEnvironment", found: Pass, modified: str) -> bool:
    """Tell whether the device has exactly this revision; any other time means no.

    A later time than the present revision's comes from before a restored backup.
    """
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if since is None or since == modified:
        return since is not None
    try:
        return parse_date(since) == found.revised_at
    except OverflowError:
        return False


def _since(environ: "WSGIEnvironment") -> str | None:
    """Return the tag that a device gives; Apple's page and its phones name it apart."""
    try:
        asked = str(environ.get("QUERY_STRING", ""))
        query = parse_qs(asked, max_num_fields=_QUERY_FIELDS)
    except ValueError:
        return None
    for name in ("passesUpdatedSince", "previousLastUpdated"):
        if name in query:
            return query[name][0]
    return None


def _push_token(environ: "WSGIEnvironment") -> str:
    said = _json(environ, _BODY)
    token = said.get("pushToken") if isinstance(said, dict) else None
    if not isinstance(token, str) or not visitors.is_push_token(token):
        raise _Refused(HTTPStatus.BAD_REQUEST)
    return token


def _json(environ: "WSGIEnvironment", most: int) -> object:
    """Return the body as JSON, whatever its type is said to be."""
    body = get_input_stream(environ, max_content_length=most).read()
    try:
        said: object = json.loads(body)
    except (ValueError, RecursionError):
        raise _Refused(HTTPStatus.BAD_REQUEST) from None
    return said


def _count(limit: Limit, asker: str) -> None:
    if wait := limit.wait(asker[:200]):
        retry = ("Retry-After", str(wait))
        raise _Refused(HTTPStatus.TOO_MANY_REQUESTS, retry)


def _later(seconds: str) -> Answer:
    return Answer(HTTPStatus.SERVICE_UNAVAILABLE, (("Retry-After", seconds),))
