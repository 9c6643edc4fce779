"""What went wrong, calmly: statuses, pages, and nothing that leaks."""

from typing import NoReturn

import pytest
from flask import Blueprint, request
from sqlalchemy import text
from sqlalchemy.exc import DataError, OperationalError
from werkzeug.exceptions import Forbidden, NotFound

from passes import errors as domain
from passes.people.actor import Role
from tests.web.servers import Browser, Server
from wallet_apple.errors import CertificateError
from web import access, bodies, errors
from web.app import Palier
from web.limits import TooOftenError
from web.services import services
from web.site import Surface, create_site
from web.tables import WebSession

CANARY = "canary-secret"
_POINTS = "not_enough_points"


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (domain.InvalidError("name", CANARY), 422, "invalid"),
        (domain.NotFoundError("card"), 404, "not_found"),
        (
            domain.InsufficientPointsError(asked=2, available=1),
            409,
            "not_enough_points",
        ),
        (domain.CardVoidError(), 409, "card_void"),
        (domain.CardExpiredError(), 409, "card_expired"),
        (domain.CodeReplacedError(), 409, "code_replaced"),
        (domain.ReceiptUsedError("x"), 409, "receipt_used"),
        (domain.BusyError(), 503, "busy"),
        (domain.PassesError(), 409, "refused"),
        (OperationalError(CANARY, {}, Exception()), 503, "service_unavailable"),
        (DataError(CANARY, {}, Exception()), 400, "bad_request"),
        (CertificateError(CANARY, remedy=CANARY), 503, "apple_certificate"),
        (RecursionError(CANARY), 400, "bad_request"),
        (OverflowError(CANARY), 400, "bad_request"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, CANARY), 400, "bad_request"),
        (NotFound(CANARY), 404, "not_found"),
        (Forbidden(CANARY), 403, "forbidden"),
        (TooOftenError(40), 429, "too_often"),
        (ValueError(CANARY), 500, "internal_server_error"),
        (KeyError(CANARY), 500, "internal_server_error"),
    ],
)
def test_each_error_has_its_status_and_code(
    error: Exception, status: int, code: str
) -> None:
    found = errors.problem(error)

    assert (found.status, found.code) == (status, code)


def test_what_is_wrong_in_a_form_names_the_field() -> None:
    assert errors.problem(domain.InvalidError("name", "x")).field == "name"


def test_a_wait_is_told() -> None:
    assert errors.problem(TooOftenError(40)).retry_after == 40
    assert errors.problem(domain.BusyError()).retry_after


ERRORS: dict[str, Exception] = {
    "value": ValueError(CANARY),
    "recursion": RecursionError(CANARY),
    "overflow": OverflowError(CANARY),
    "unicode": UnicodeDecodeError("utf-8", b"\xff", 0, 1, CANARY),
    "invalid": domain.InvalidError("name", CANARY),
    "busy": domain.BusyError(),
    "certificate": CertificateError(CANARY, remedy=CANARY),
    "void": domain.CardVoidError(),
    "often": TooOftenError(40),
}


@pytest.fixture
def broken(server: Server) -> Browser:
    """A browser on a site with pages that fail in every way."""
    bp = Blueprint("broken", __name__, url_prefix="/broken")

    @bp.get("/<name>")
    def fail(name: str) -> NoReturn:
        raise ERRORS[name]

    @bp.get("/statement")
    def fail_in_the_database() -> str:
        with services().read() as session:
            session.execute(text("SELECT * FROM no_such_table WHERE x = 'canary'"))
        return ""

    @bp.post("/form")
    def form() -> str:
        return str(len(request.form.get("text", "")))

    @bp.post("/picture")
    @bodies.takes_pictures
    def picture() -> str:
        return str(len(request.files["picture"].read()))

    names = ("fail", "fail_in_the_database", "form", "picture")
    permissions = {f"broken.{name}": access.ANYONE for name in names}
    site = create_site(server.services, [Surface(bp, dict(permissions))])
    return Browser(Palier(server.services.settings, site, {}))


@pytest.mark.asvs("v5.0.0-16.5.1")
@pytest.mark.parametrize("name", [*ERRORS, "statement"])
def test_no_page_repeats_an_exception(broken: Browser, name: str) -> None:
    answer = broken.get(f"/broken/{name}")

    assert answer.status_code >= 400
    for leak in ("canary", "Traceback", "Error", "SELECT", "sqlite"):
        assert leak not in answer.text


def test_a_page_gives_the_requests_id(broken: Browser) -> None:
    answer = broken.get("/broken/value")

    assert answer.headers["X-Request-Id"] in answer.text


def test_a_failed_page_is_as_guarded_as_any(broken: Browser) -> None:
    answer = broken.get("/broken/value")

    assert answer.status_code == 500
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_database_in_trouble_is_a_503_with_a_wait(broken: Browser) -> None:
    answer = broken.get("/broken/statement")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr", "Cette carte n’est plus valable"), ("en", "no longer valid")],
)
def test_a_refusal_has_its_own_sentence_in_both_languages(
    broken: Browser, language: str, words: str
) -> None:
    assert words in broken.get(f"/broken/void?lang={language}").text


def test_the_language_is_the_one_that_the_browser_asks_for(
    site_client: Browser,
) -> None:
    page = site_client.get("/", headers={"Accept-Language": "de, fr;q=0.8, en;q=0.5"})

    assert '<html lang="fr">' in page.text


def test_nothing_is_answered_to_a_method_that_a_page_does_not_know(
    site_client: Browser,
) -> None:
    answer = site_client.delete("/")

    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


@pytest.mark.asvs("v5.0.0-13.4.4")
def test_trace_is_off(site_client: Browser) -> None:
    answer = site_client.open("/", method="TRACE", headers={"Cookie": CANARY})

    assert answer.status_code == 405
    assert CANARY not in answer.text


def token(browser: Browser) -> str:
    """Return a form token of the browser."""
    return browser.token("/login")


def multipart(fields: dict[str, str]) -> bytes:
    """Return a form with files as a browser sends it; *picture* is the file."""
    parts = [
        f'--part\r\nContent-Disposition: form-data; name="{name}"'
        f"{'; filename=a.png' if name == 'picture' else ''}\r\n\r\n{value}\r\n"
        for name, value in fields.items()
    ]
    return "".join([*parts, "--part--\r\n"]).encode()


def test_a_form_of_64_kib_is_taken_and_a_larger_one_refused(broken: Browser) -> None:
    given = token(broken)
    small = {"csrf_token": given, "text": "x" * 60_000}
    large = {"csrf_token": given, "text": "x" * 70_000}

    assert broken.post("/broken/form", data=small).text == "60000"
    assert broken.post("/broken/form", data=large).status_code == 413


@pytest.mark.asvs("v5.0.0-5.2.1")
def test_a_picture_of_5_mib_is_taken_and_a_larger_one_refused(broken: Browser) -> None:
    given = token(broken)

    def send(size: int) -> tuple[int, str]:
        answer = broken.post(
            "/broken/picture",
            data=multipart({"csrf_token": given, "picture": "x" * size}),
            content_type="multipart/form-data; boundary=part",
        )
        return answer.status_code, answer.text

    assert send(5 * 1024 * 1024) == (200, str(5 * 1024 * 1024))
    assert send(6 * 1024 * 1024)[0] == 413


def test_a_form_of_a_thousand_fields_is_refused(broken: Browser) -> None:
    answer = broken.post(
        "/broken/picture",
        data=multipart({f"f{n}": "x" for n in range(1_000)}),
        content_type="multipart/form-data; boundary=part",
    )

    assert answer.status_code == 413


@pytest.mark.asvs("v5.0.0-1.4.2")
@pytest.mark.parametrize(
    "number", [str(2**31), str(2**63), "9" * 23, "-1", "1e3", "\uff11"]
)
def test_a_number_that_no_column_holds_is_no_500(server: Server, number: str) -> None:
    browser = server.sign_in(Role.OWNER).browser

    answer = browser.send("/account/browsers", f"/studio/versions/{number}/publish")

    assert answer.status_code in (400, 404)


@pytest.mark.parametrize(
    "path",
    [
        "/card/%FF%FE",
        "/brand/%00.css",
        "/media/..%2f..%2fSECRET_KEY.png",
        "/media/SECRET_KEY.png",
        "/static/..%2f..%2fSECRET_KEY",
        "/static/../SECRET_KEY",
        "/join/" + "x" * 5_000,
        "/card/" + "é" * 100,
        "/.git/config",
        "/.env",
    ],
)
def test_a_hostile_address_is_simply_not_there(site_client: Browser, path: str) -> None:
    assert site_client.get(path).status_code in (400, 404)


def test_a_session_that_cannot_be_read_is_a_503(server: Server) -> None:
    worker = server.sign_in(Role.STAFF)
    with server.services.sessions.engine.begin() as connection:
        WebSession.__table__.drop(connection)  # type: ignore[attr-defined]

    answer = worker.browser.get("/account/browsers")

    assert answer.status_code == 503
    assert answer.headers["Content-Security-Policy"]
