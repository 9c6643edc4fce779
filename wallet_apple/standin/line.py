"""A stand-in phone's line to web services: it insists, and it complains."""

import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

from passes.clock import Clock
from wallet_apple.standin.carrier import Carrier, Reply
from wallet_apple.standin.pass_on_phone import PhonePass

WAITS = (1.0, 5.0, 30.0)
"""Apple publishes no schedule: "several times, with growing waits"."""

_GET_PASS = "Get pass task"  # noqa: S105 - words of a log
_REMEMBERED = 200


class Line:
    """Sends for a phone; *log* is what it complained of, *reachable* can be cut."""

    def __init__(
        self,
        carrier: Carrier,
        *,
        clock: Clock,
        sleep: Callable[[float], None],
        waits: Sequence[float],
    ) -> None:
        self.reachable = True
        self.log: list[str] = []
        self._carrier = carrier
        self._clock = clock
        self._sleep = sleep
        self._waits = waits

    def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> Reply | None:
        """Return the reply, or None when there was none."""
        if not self.reachable:
            return None
        carried = {"Content-Type": "application/json"} if body else {}
        try:
            return self._carrier.send(method, url, carried | dict(headers or {}), body)
        except OSError:
            return None

    def insist(
        self,
        method: str,
        one: PhonePass,
        path: str,
        *,
        task: str = _GET_PASS,
        body: bytes | None = None,
        since: str | None = None,
    ) -> Reply | None:
        """Send with the pass's secret, again while the server has trouble.

        *path* follows ``/v1/``. None when there was no answer in the end, or none
        that settles anything.
        """
        headers = {"Authorization": f"ApplePass {one.token}"}
        if since:
            headers["If-Modified-Since"] = since
        reply = None
        for wait in (0.0, *self._waits):
            if wait:
                self._sleep(wait)
            reply = self.send(method, f"{one.service}/v1/{path}", headers, body)
            if reply and reply.status < HTTPStatus.TOO_MANY_REQUESTS:
                break
        if reply is None:
            return None
        if reply.status == HTTPStatus.UNAUTHORIZED:
            self.complain_of(one, "Authentication failure", task)
        elif reply.status >= HTTPStatus.BAD_REQUEST:
            self.complain_of(one, f"Unexpected response code {reply.status}", task)
        return reply if reply.status < HTTPStatus.TOO_MANY_REQUESTS else None

    def complain_of(self, one: PhonePass, what: str, task: str = _GET_PASS) -> None:
        """Tell the pass's service what is wrong with it."""
        self.complain(
            str(one.service),
            f"{task} (pass type {one.pass_type}, serial number {one.serial_number}; "
            f"with web service url {one.service}) encountered error: {what}",
        )

    def complain(self, service: str, line: str) -> None:
        """Tell a service what is wrong with it."""
        stamped = f"[{self._clock():%Y-%m-%d %H:%M:%S %z}] {line}"
        self.log.append(stamped)
        del self.log[:-_REMEMBERED]
        body = json.dumps({"logs": [stamped]}).encode()
        self.send("POST", f"{service}/v1/log", body=body)
