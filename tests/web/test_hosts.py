"""Forged addresses: the host, the scheme, and whom a request comes from."""

from collections.abc import Iterator

import pytest

from passes.people.actor import Role
from tests.web import servers
from tests.web.clocks import HeldClock
from tests.web.servers import Browser, Server
from web.app import create_app
from web.config import Settings

GOOD = {"base_url": "http://127.0.0.1:8000"}


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1:8000.evil.example",
        "127.0.0.1",
        "127.0.0.1:9000",
        "",
        "127.0.0.1:8000@evil.example",
        "127.0.0.1:8000, evil.example",
    ],
)
@pytest.mark.parametrize("path", ["/", "/api/v1/programme", "/apple/v1/log", "/login"])
def test_a_host_that_is_not_ours_is_refused(
    site_client: Browser, host: str, path: str
) -> None:
    answer = site_client.get(path, headers={"Host": host})

    assert answer.status_code == 400
    assert answer.data == b"This host name is not served here.\n"


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "LOCALHOST:8000"])
def test_a_host_of_ours_is_served(site_client: Browser, host: str) -> None:
    assert site_client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_load_balancer_may_call_by_address(site_client: Browser, path: str) -> None:
    answer = site_client.get(path, headers={"Host": "10.0.0.7:8000"})

    assert answer.status_code == 200


@pytest.mark.asvs("v5.0.0-4.1.3")
def test_forwarded_headers_count_for_nothing_without_a_proxy(server: Server) -> None:
    browser = server.browser()
    token = browser.token("/login")

    statuses = [
        browser.post(
            "/login",
            data={"csrf_token": token, "email": f"{n}@x.example", "password": "x"},
            headers={"X-Forwarded-For": f"203.0.113.{n}", "X-Forwarded-Host": "evil"},
        ).status_code
        for n in range(21)
    ]

    assert statuses == [422] * 20 + [429]


@pytest.fixture
def proxied(settings: Settings, clock: HeldClock) -> Iterator[Browser]:
    """A browser that comes through the one proxy that is trusted."""
    behind = settings.model_copy(update={"trusted_proxy_hops": 1})
    with servers.serving(behind, clock) as serving:
        browser = Browser(create_app(serving.services))
        yield browser


def test_the_last_proxy_says_who_comes_and_the_visitor_does_not(
    proxied: Browser,
) -> None:
    token = proxied.token("/login")

    def ask(n: int, forwarded: str) -> int:
        return proxied.post(
            "/login",
            data={"csrf_token": token, "email": f"{n}@x.example", "password": "x"},
            headers={"X-Forwarded-For": forwarded},
        ).status_code

    # What stands before the last address is the visitor's own invention.
    statuses = [ask(n, f"198.51.100.{n}, 203.0.113.5") for n in range(21)]

    assert statuses == [422] * 20 + [429]
    assert ask(30, "203.0.113.6") == 422


def test_a_proxy_does_not_say_which_host_is_asked_for(proxied: Browser) -> None:
    answer = proxied.get("/", headers={"X-Forwarded-Host": "evil.example"})

    assert answer.status_code == 200
    assert "evil.example" not in answer.text


def test_a_redirect_stays_on_the_scheme_of_the_base_url(
    settings: Settings, clock: HeldClock
) -> None:
    public = settings.model_copy(update={"base_url": "https://shop.example"})
    with servers.serving(public, clock) as server:
        server.employ(Role.OWNER)
        # The proxy speaks http to us, whatever the visitor speaks.
        answer = server.browser().get("/staff", base_url="http://shop.example")

    assert answer.location == "https://shop.example/staff/"


def test_a_former_host_is_served_by_all_apps(
    settings: Settings, clock: HeldClock
) -> None:
    moved = settings.model_copy(update={"former_hosts": ("old.example",)})
    with servers.serving(moved, clock) as server:
        statuses = [
            server.browser().get(path, headers={"Host": "old.example"}).status_code
            for path in ("/", "/apple/v1/passes/pass.x/y", "/api/v1/programme")
        ]

    assert statuses == [200, 401, 401]
