"""The one address that Google calls: somebody saved a card, or removed it.

Plain WSGI, mounted at ``/google``: no session, no cookies, and no write before the
signature was verified. What Google said is answered 200, whether it concerns us or
not: it would only be sent again. What nobody can be believed to have said is
answered 400, not 200: should it be genuine and signed with keys that are not known
here yet, Google sends it again; a forger learns nothing from it.
https://developers.google.com/wallet/retail/loyalty-cards/use-cases/use-callbacks-for-saves-and-deletions
"""

import logging
import math
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import get_input_stream

from passes import clock as clocks
from passes import db
from passes.clock import Clock
from passes.errors import BusyError
from wallet_google import ecv2, saves
from wallet_google.ecv2 import Envelope, Event, Fault
from wallet_google.errors import CallbackError, UnavailableError
from wallet_google.keys import RootKeys

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_log = logging.getLogger(__name__)

PATH = "/callback"
"""Where the callbacks come, below the mount."""

_BODY = 16 * 1024
_SOON = 30.0

Header = tuple[str, str]
_ALWAYS: Sequence[Header] = (
    ("Cache-Control", "no-store, private"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Length", "0"),
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back; there is never a body."""

    status: HTTPStatus
    headers: Sequence[Header] = ()


class Callbacks:
    """The WSGI application; it is given its part of the path only."""

    def __init__(
        self,
        sessions: db.Sessions,
        keys: RootKeys,
        issuer_ids: Callable[[], Collection[str]],
        *,
        clock: Clock = clocks.now,
    ) -> None:
        """Connect to nothing yet.

        *issuer_ids* gives the issuers that are ours at the time of each call; what
        was signed for others is not believed.
        """
        self._sessions = sessions
        self._keys = keys
        self._issuer_ids = issuer_ids
        self._clock = clock

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        """Answer one request."""
        answer = self._answer(environ)
        status = f"{answer.status.value} {answer.status.phrase}"
        start_response(status, [*_ALWAYS, *answer.headers])
        return []

    def _answer(self, environ: "WSGIEnvironment") -> Answer:
        try:
            return self._route(environ)
        except CallbackError as error:
            _log.info("A callback was refused: %s", error.fault)
            return Answer(HTTPStatus.BAD_REQUEST)
        except HTTPException as error:
            return Answer(HTTPStatus(error.code or HTTPStatus.BAD_REQUEST))
        except UnavailableError as error:
            _log.warning("A callback cannot be verified: %s", error)
            return _later(error.retry_after or _SOON)
        except (DBAPIError, PoolTimeoutError, BusyError) as error:
            _log.warning("The database is not to be had: %s", type(error).__name__)
            return _later(_SOON)
        except Exception:
            # Nothing was noted: it must come again when the mistake is mended.
            _log.exception("A callback failed")
            return _later(_SOON)

    def _route(self, environ: "WSGIEnvironment") -> Answer:
        if environ.get("PATH_INFO", "").rstrip("/") != PATH:
            return Answer(HTTPStatus.NOT_FOUND)
        if environ["REQUEST_METHOD"] != "POST":
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, (("Allow", "POST"),))
        # Whatever type the body is said to be of: the signature says what it is.
        body = get_input_stream(environ, max_content_length=_BODY).read()
        self._hear(body, self._clock())
        return Answer(HTTPStatus.OK)

    def _hear(self, body: bytes, at: datetime) -> None:
        event = self._verified(ecv2.read(body), at)
        noted = saves.note(self._sessions, event, at)
        # Not the ids: they stand for a person's card.
        _log.info("A callback of Google's was heard: %s (%.30r)", noted, event.kind)

    def _verified(self, envelope: Envelope, at: datetime) -> Event:
        issuers, known = self._issuer_ids(), self._keys.current(at)
        try:
            return ecv2.verify(envelope, known, issuers, at)
        except CallbackError as error:
            if error.fault != Fault.UNKNOWN_ROOT:
                raise
            newer = self._keys.newer(known, at)
            if newer is None:
                raise
        return ecv2.verify(envelope, newer, issuers, at)


def _later(seconds: float) -> Answer:
    retry = ("Retry-After", str(math.ceil(seconds)))
    return Answer(HTTPStatus.SERVICE_UNAVAILABLE, (retry,))
