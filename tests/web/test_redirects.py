"""Nobody is sent to another site."""

from collections.abc import Callable

import pytest

from tests.web.servers import BASE, Server
from web import redirects

HERE = "/home"
Inside = Callable[[str | None], str]


@pytest.fixture
def inside(server: Server) -> Inside:
    """Ask `redirects.inside` as a request of the base URL does."""

    def ask(target: str | None) -> str:
        with server.app.site.test_request_context("/login", base_url=BASE):
            return redirects.inside(target, HERE)

    return ask


@pytest.mark.asvs("v5.0.0-3.7.2")
@pytest.mark.parametrize(
    "target",
    [
        None,
        "",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "https://evil.example",
        "https:evil.example",
        "http:///evil.example",
        "javascript:alert(1)",
        "/%2fevil.example",
        "/%5cevil.example",
        "/%09/evil.example",
        "/\t/evil.example",
        "\t//evil.example",
        " //evil.example",
        "/\n/evil.example",
        "/\r\nLocation: https://evil.example",
        "/staff/\x00",
        "evil.example",
        "@evil.example",
        "/@evil.example",
        "/.evil.example",
        "/no-such-page",
        "/logout",
        "/staff",
        "http://[::1",
        "/account/browsers/../../evil",
    ],
)
def test_anything_but_a_page_of_ours_is_not_followed(
    inside: Inside, target: str | None
) -> None:
    assert inside(target) == HERE


@pytest.mark.parametrize(
    "target", ["/staff/", "/account/browsers", "/account/browsers?lang=fr", "/"]
)
def test_a_page_of_ours_is_followed(inside: Inside, target: str) -> None:
    assert inside(target) == target
