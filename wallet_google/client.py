"""Google Wallet's REST interface: what this service asks of it, and nothing more.

https://developers.google.com/wallet/reference/rest/v1
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, Protocol
from urllib.parse import quote

import orjson

from wallet_google import answers, errors
from wallet_google.connections import Connections
from wallet_google.identity import Identity

API_URL = "https://walletobjects.googleapis.com"
WITHIN = 30.0
"""The seconds that a call may take, all its attempts and pauses together."""

MOST_MESSAGES = 10

Kind = Literal["loyaltyClass", "loyaltyObject"]
Resource = dict[str, Any]

_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0
_PAGE = "200"


class Pace(Protocol):
    """Somebody who decides when a request may leave; asked for every single one."""

    def wait(self) -> None:
        """Return once one more request may leave, or raise `UnavailableError`."""

    def slow_down(self, seconds: float) -> None:
        """Hear that Google wants no requests for so long."""


class Unpaced:
    """Lets every request leave."""

    def wait(self) -> None:
        """Return at once."""

    def slow_down(self, seconds: float) -> None:
        """Take no notice."""


class Client:
    """Calls Google with one identity; safe to share between threads.

    Every call is given *within*, the seconds for the whole of it. What Google cannot
    do now (429, 500, 502, 503, 504, a rate's 403, no connection) is tried again with
    growing pauses until then, and nothing else is. Each call raises:

        CredentialsError: the service account cannot be used.
        RefusedError: Google said no; its kinds say more.
        UnavailableError: there was no answer in that time.
    """

    def __init__(
        self,
        identity: Identity,
        api_url: str = API_URL,
        *,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Connect to nothing yet."""
        self.identity = identity
        self._root = f"{api_url.rstrip('/')}/walletobjects/v1/"
        self._pace = pace or Unpaced()
        self._clock = clock
        self._sleep = sleep
        self._connections = Connections(identity, clock)

    def put(
        self, kind: Kind, body: Mapping[str, Any], *, within: float = WITHIN
    ) -> Resource:
        """Store a class or object under its id, whether it was there or not.

        What *body* leaves out stays as it is, and what is None there is forgotten.
        Holders are told only if it says so (``notifyPreference``), each time anew.
        """
        until = self._until(within)
        path, body = _path(kind, body["id"]), _sent(kind, body)
        try:
            return self._call("PATCH", path, body, until=until)
        except errors.AbsentError:
            pass
        whole = {name: value for name, value in body.items() if value is not None}
        try:
            return self._call("POST", kind, whole, until=until)
        except errors.ExistsError:
            # Somebody was faster, or the answer to an earlier attempt was lost.
            return self._call("PATCH", path, body, until=until)

    def replace(
        self, kind: Kind, body: Mapping[str, Any], *, within: float = WITHIN
    ) -> Resource:
        """Store a class or object anew: what *body* leaves out is gone.

        Raises:
            AbsentError: there is none under this id.
        """
        path = _path(kind, body["id"])
        return self._call("PUT", path, _sent(kind, body), until=self._until(within))

    def get(self, kind: Kind, resource_id: str, *, within: float = WITHIN) -> Resource:
        """Return the class or object; enumerations may have Google's legacy names.

        Raises:
            AbsentError: there is none.
        """
        return self._call("GET", _path(kind, resource_id), until=self._until(within))

    def classes(self, *, within: float = WITHIN) -> Iterator[Resource]:
        """Yield the issuer's classes; *within* counts for each page of them."""
        named = {"issuerId": self.identity.issuer_id}
        return self._list("loyaltyClass", named, within)

    def objects(self, class_id: str, *, within: float = WITHIN) -> Iterator[Resource]:
        """Yield the objects of a class; *within* counts for each page of them."""
        return self._list("loyaltyObject", {"classId": class_id}, within)

    def add_message(
        self,
        kind: Kind,
        resource_id: str,
        message: Mapping[str, Any],
        *,
        within: float = WITHIN,
    ) -> None:
        """Add a message once, whatever happens to the answer: its ``id`` tells.

        The oldest ones make room. For a class it reaches all holders.

        Raises:
            QuotaExceededError: the holder was told enough for a day; TEXT still goes.
        """
        until = self._until(within)
        path = _path(kind, resource_id)
        said = {"message": message}
        for pause in _pauses():
            held = self._call("GET", path, until=until).get("messages", [])
            if any(one.get("id") == message["id"] for one in held):
                return
            if len(held) >= MOST_MESSAGES:
                pruned = _sent(kind, _pruned(held))
                self._call("PATCH", path, pruned, until=until)
            try:
                self._once("POST", f"{path}/addMessage", said, None, until)
            except errors.UnavailableError as error:
                # It may have arrived all the same: look before it is sent again.
                self._rest(pause, error, until)
            else:
                return

    def validate(self, jwt: str, *, within: float = WITHIN) -> None:
        """Have Google judge a save link's JWT without storing anything.

        Raises:
            RefusedError: in Google's words, what is wrong.
        """
        body = {"jwtResource": {"jwt": jwt}}
        self._call("POST", "jwt/validate", body, until=self._until(within))

    def issuer(self, *, within: float = WITHIN) -> Resource:
        """Return what Google knows of the issuer.

        Raises:
            AbsentError: there is no such issuer.
            ForbiddenError: the service account is not one of its users.
        """
        path = f"issuer/{quote(self.identity.issuer_id, safe='')}"
        return self._call("GET", path, until=self._until(within))

    def close(self) -> None:
        """Close the calling thread's connections."""
        self._connections.close()

    def _list(
        self, kind: Kind, named: Mapping[str, str], within: float
    ) -> Iterator[Resource]:
        query = {**named, "maxResults": _PAGE}
        while True:
            page = self._call("GET", kind, query=query, until=self._until(within))
            yield from page.get("resources", [])
            token = page.get("pagination", {}).get("nextPageToken")
            if not token:
                return
            query["token"] = token

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, str] | None = None,
        *,
        until: float,
    ) -> Resource:
        """Send a request that may be sent twice, until there is an answer."""
        for pause in _pauses():
            try:
                return self._once(method, path, body, query, until)
            except errors.UnavailableError as error:
                self._rest(pause, error, until)
        raise AssertionError("There is always one more pause.")

    def _once(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        query: Mapping[str, str] | None,
        until: float,
    ) -> Resource:
        self._pace.wait()
        sent = None if body is None else orjson.dumps(body)
        answer = self._connections.send(
            method, self._root + path, sent, query, until=until
        )
        return answers.read(answer, body)

    def _rest(self, pause: float, error: errors.UnavailableError, until: float) -> None:
        """Wait before the next attempt, or raise *error* if there is no time for it."""
        wanted = error.retry_after or 0.0
        # Our own crowd is no word of Google's.
        told = not isinstance(error, errors.NoTurnError)
        if told and isinstance(error, errors.ThrottledError):
            self._pace.slow_down(max(wanted, pause))
        # Those who were refused together do not come back together.
        seconds = max(wanted, pause / 2) + random.uniform(0, pause / 2)  # noqa: S311
        if self._clock() + seconds >= until:
            raise error
        self._sleep(seconds)

    def _until(self, within: float) -> float:
        return self._clock() + within


def _path(kind: Kind, resource_id: object) -> str:
    return f"{kind}/{quote(str(resource_id), safe='')}"


def _pauses() -> Iterator[float]:
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE)


def _sent(kind: Kind, body: Mapping[str, Any]) -> Mapping[str, Any]:
    """*body* as Google takes it: no class goes without asking for its review."""
    return {**body, "reviewStatus": "UNDER_REVIEW"} if kind == "loyaltyClass" else body


def _pruned(held: list[dict[str, Any]]) -> dict[str, Any]:
    """A change that leaves room for one message, and tells nobody of the old ones."""
    quiet = [{**one, "messageType": "TEXT"} for one in held[1 - MOST_MESSAGES :]]
    for one in quiet:
        one.pop("kind", None)
    return {"messages": quiet}
