"""How the stand-in phone reaches a web service: plain HTTP, no redirects followed."""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back; the names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Carrier(Protocol):
    """Something that carries one request to a server and brings its reply."""

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        """Return the reply.

        Raises:
            OSError: there was none.
        """


class Http:
    """The carrier over the network; *ca_file* is trusted besides the system's."""

    def __init__(self, ca_file: Path | None = None) -> None:
        self._tls = ssl.create_default_context()
        if ca_file:
            self._tls.load_verify_locations(ca_file)

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> Reply:
        """Return the reply; see `Carrier.send`."""
        parts = urlsplit(url)
        connection = self._connection(parts.scheme, parts.netloc)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            connection.request(method, target, body=body, headers=dict(headers))
            answer = connection.getresponse()
            named = {name.lower(): value for name, value in answer.getheaders()}
            return Reply(answer.status, named, answer.read())
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def _connection(self, scheme: str, address: str) -> http.client.HTTPConnection:
        if scheme == "https":
            return http.client.HTTPSConnection(
                address, timeout=_SECONDS, context=self._tls
            )
        return http.client.HTTPConnection(address, timeout=_SECONDS)
