"""What the stand-in serves besides the REST interface: save links and root keys."""

from http import HTTPStatus

from werkzeug.exceptions import MethodNotAllowed, NotFound, abort
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from wallet_google.standin import card_page
from wallet_google.standin.links import LinkError
from wallet_google.standin.saving import Counter
from wallet_google.standin.signing import CallbackSigner

SAVE = "/gp/v/save/"
KEYS = "/gp/m/issuer/keys"

_POLICY = (
    "default-src 'none'; img-src http: https: data:; style-src 'unsafe-inline'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


class Pages:
    """``GET`` and ``POST /gp/v/save/<jwt>``, ``GET /gp/m/issuer/keys``."""

    def __init__(self, counter: Counter, signer: CallbackSigner) -> None:
        self._counter = counter
        self._signer = signer

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        if request.path == KEYS and request.method == "GET":
            return Response(
                self._signer.root_keys_document(), content_type="application/json"
            )
        if not request.path.startswith(SAVE):
            raise NotFound
        if request.method not in {"GET", "POST"}:
            raise MethodNotAllowed(["GET", "POST"])
        return self._save(request, request.path.removeprefix(SAVE))

    def _save(self, request: Request, jwt: str) -> Response:
        language = card_page.language(request)
        try:
            cards = self._counter.cards(jwt)
        except LinkError as error:
            page = card_page.trouble(str(error), language)
            return _html(page, HTTPStatus.BAD_REQUEST)
        if request.method == "POST":
            _refuse_other_sites(request)
            act = self._counter.save
            if request.form.get("do") == "remove":
                act = self._counter.remove
            for card in cards:
                act(card.object_id)
            return redirect(request.path, HTTPStatus.SEE_OTHER)
        told, at = self._counter.resources.wallets.told, self._counter.clock()
        views = [
            card_page.view(one, told(one.object_id), language, at) for one in cards
        ]
        return _html(card_page.saving(views, language))


def _html(page: str, status: HTTPStatus = HTTPStatus.OK) -> Response:
    answer = Response(page, status, content_type="text/html; charset=utf-8")
    answer.headers["Content-Security-Policy"] = _POLICY
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Vary"] = "Accept-Language"
    return answer


def _refuse_other_sites(request: Request) -> None:
    if request.headers.get("Sec-Fetch-Site", "same-origin") != "same-origin":
        abort(HTTPStatus.FORBIDDEN)
