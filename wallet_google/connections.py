"""Connections to Google, one for each thread, which sign their requests themselves.

The one place that sends to Google: within a time for the whole call, tokens included,
without following redirects, and reading no more than an answer can be.
"""

import io
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import requests
from google.auth import exceptions
from google.auth.transport.requests import AuthorizedSession, Request
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import HTTPError

from wallet_google import errors, tokens
from wallet_google.answers import Answer
from wallet_google.identity import Identity, Loaded

MOST_BYTES = 8 * 1024 * 1024

# It would log what is sent for a token, which is as good as the key for an hour.
logging.getLogger("google.auth.transport.requests").setLevel(logging.INFO)

_CONNECT_SECONDS = 5.0
_READ_SECONDS = 15.0
_CHUNK = 64 * 1024
_HEADERS = {
    "Accept": "application/json",
    "Content-Type": "application/json",
    # Google compresses for those only who say so here too.
    "User-Agent": "Palier (gzip)",
    "Accept-Encoding": "gzip",
}


class Connections:
    """Sends with an identity's tokens; safe to share between threads."""

    def __init__(
        self, identity: Identity, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Connect to nothing yet. *clock* tells seconds, as `until` counts them."""
        self._identity = identity
        self._clock = clock
        self._own = threading.local()

    def send(
        self,
        method: str,
        url: str,
        body: bytes | None = None,
        query: Mapping[str, str] | None = None,
        *,
        until: float,
    ) -> Answer:
        """Return the answer to one request, whatever its status.

        Raises:
            CredentialsError: there is no identity, or Google gives it no token.
            UnavailableError: nobody answered before *until*.
        """
        session, line = self._session()
        line.until = until
        try:
            response = session.request(
                method,
                url,
                data=body,
                params=query,
                headers=_HEADERS,
                # The line sees to it, for what remains.
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                allow_redirects=False,
            )
        except (exceptions.TransportError, requests.RequestException) as error:
            raise errors.UnavailableError(
                f"Google Wallet could not be reached ({_root(error)})."
            ) from error
        named = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, named, response.content)

    def close(self) -> None:
        """Close the calling thread's connections."""
        held = getattr(self._own, "session", None)
        if held is not None:
            held[1].close()
            del self._own.session

    def _session(self) -> tuple[AuthorizedSession, "_Line"]:
        loaded = self._identity.loaded()
        held: tuple[Loaded, AuthorizedSession, _Line] | None
        held = getattr(self._own, "session", None)
        if held is None or held[0] is not loaded:
            self.close()
            held = (loaded, *_opened(loaded, self._clock))
            self._own.session = held
        return held[1:]


class _Line(HTTPAdapter):
    """Carries a session's requests: punctually, and no answer without an end."""

    def __init__(self, clock: Callable[[], float]) -> None:
        super().__init__()
        self.until = 0.0
        self._clock = clock

    def send(  # type: ignore[override]  # positions that requests never uses
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        remaining = self._remaining()
        options["stream"] = True
        options["timeout"] = (
            min(_CONNECT_SECONDS, remaining),
            min(_READ_SECONDS, remaining),
        )
        response = super().send(request, **options)
        response.raw = io.BytesIO(self._read(response.raw))
        return response

    def _read(self, raw: BaseHTTPResponse) -> bytes:
        """Everything that *raw* gives; its connection is free afterwards."""
        held = bytearray()
        try:
            while part := raw.read1(_CHUNK, decode_content=True):
                held += part
                self._remaining(room=MOST_BYTES - len(held))
        except HTTPError as error:
            raise requests.ConnectionError(error) from error
        except BaseException:
            raw.close()
            raise
        raw.release_conn()
        return bytes(held)

    def _remaining(self, room: int = 0) -> float:
        """The seconds that are left; refuse to go on without time or *room*."""
        remaining = self.until - self._clock()
        if room < 0:
            raise requests.ConnectionError("The answer has no end.")
        if remaining <= 0:
            raise requests.Timeout("The time for the whole call is over.")
        return remaining


class _TokenLine(BaseAdapter):
    """The same line for tokens: whatever is none goes no further.

    Google's library would try again by itself, and take its own time for it.
    """

    def __init__(self, line: _Line) -> None:
        super().__init__()
        self._line = line

    def send(  # type: ignore[override]  # as above
        self, request: requests.PreparedRequest, **options: Any
    ) -> requests.Response:
        response = self._line.send(request, **options)
        tokens.refuse(response.status_code, response.content)
        return response

    def close(self) -> None:
        self._line.close()


def _opened(
    loaded: Loaded, clock: Callable[[], float]
) -> tuple[AuthorizedSession, _Line]:
    line = _Line(clock)
    for_tokens = requests.Session()
    session = AuthorizedSession(loaded.credentials, auth_request=Request(for_tokens))
    for one, adapter in ((for_tokens, _TokenLine(line)), (session, line)):
        # Neither a .netrc nor a proxy of the environment: both could take the token.
        one.trust_env = False
        one.mount("https://", adapter)
        one.mount("http://", adapter)
    return session, line


def _root(error: BaseException) -> str:
    """The name of what lies under an error; its text could be long."""
    while error.args and isinstance(error.args[0], BaseException):
        error = error.args[0]
    reason = getattr(error, "reason", None)
    return type(reason if isinstance(reason, BaseException) else error).__name__
