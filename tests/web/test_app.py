"""The one way into the server."""

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from structlog.testing import capture_logs
from werkzeug.test import create_environ
from werkzeug.wsgi import ClosingIterator

from tests.web.servers import BASE, Server
from web.app import Palier


def start(*_: Any) -> None:
    """Send no headers anywhere."""


def answer(server: Server, body: Iterable[bytes]) -> Iterable[bytes]:
    """Return what the server makes of a mount's *body*."""

    def mount(_: Any, start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [])
        return body

    palier = Palier(server.services.settings, server.app.site, {"/mount": mount})
    return palier(create_environ("/mount", BASE), start)


def test_an_answer_that_is_all_there_goes_on_as_the_list_it_is(server: Server) -> None:
    assert answer(server, [b"a", b"b"]) == [b"a", b"b"]


def test_another_one_goes_on_piece_by_piece(server: Server) -> None:
    body = answer(server, iter([b"a", b"b"]))

    assert isinstance(body, ClosingIterator)
    assert list(body) == [b"a", b"b"]


@pytest.mark.parametrize("body", [[b"a"], iter([b"a"])])
def test_each_is_a_line_in_the_log(server: Server, body: Iterable[bytes]) -> None:
    with capture_logs() as lines:
        sent = answer(server, body)
        if isinstance(sent, ClosingIterator):
            sent.close()

    (line,) = lines
    assert (line["path"], line["status"], line["surface"]) == ("/mount", 200, "mount")
