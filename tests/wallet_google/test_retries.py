"""What is tried again, for how long, and what never is."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.wallet_google import shop
from tests.wallet_google.shop import CLASS_ID, OBJECT_ID
from tests.wallet_google.waiting import Waiting
from wallet_google import errors
from wallet_google.client import Client
from wallet_google.errors import GoogleWalletError
from wallet_google.identity import Identity
from wallet_google.standin import replies
from wallet_google.standin.book import Behaviour, Trick
from wallet_google.standin.replies import Reply
from wallet_google.standin.resources import OBJECT
from wallet_google.standin.server import GoogleStandin


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


class Paced:
    """Remembers when a request left, and when it was told to slow down."""

    def __init__(self) -> None:
        self.waited = 0
        self.slowed: list[float] = []

    def wait(self) -> None:
        self.waited += 1

    def slow_down(self, seconds: float) -> None:
        self.slowed.append(seconds)


@pytest.fixture
def pace() -> Paced:
    return Paced()


@pytest.fixture
def client(
    google: GoogleStandin, identity: Identity, waiting: Waiting, pace: Paced
) -> Iterator[Client]:
    made = Client(
        identity, google.url, pace=pace, clock=waiting.clock, sleep=waiting.sleep
    )
    yield made
    made.close()


def later(seconds: str) -> Reply:
    return replies.no(503, "backendError", "x", headers={"Retry-After": seconds})


class CrowdedPace(Paced):
    """Has no turn for the first one who asks."""

    def wait(self) -> None:
        super().wait()
        if self.waited == 1:
            raise errors.NoTurnError("There is a crowd.")


def test_a_crowd_of_our_own_slows_nobody_down(
    google: GoogleStandin, identity: Identity, waiting: Waiting
) -> None:
    crowded = CrowdedPace()
    client = Client(
        identity, google.url, pace=crowded, clock=waiting.clock, sleep=waiting.sleep
    )

    assert client.issuer()["name"]
    client.close()

    assert (crowded.waited, crowded.slowed) == (2, [])


PASSING = [
    replies.too_fast(),
    replies.too_fast(403),
    replies.no(403, "userRateLimitExceeded", "Slow down."),
    replies.trouble(500),
    replies.trouble(502),
    replies.trouble(503),
    replies.trouble(504),
    Reply(503, b"<html>"),
    Reply(200, b"<html>Sign in to this network"),
    Reply(200, b'{"id": '),
    Trick.CUT,
    Trick.HALF,
    Trick.LOSE,
]

LASTING = [
    ((400, "invalidResource"), errors.RefusedError),
    ((403, "permissionDenied"), errors.ForbiddenError),
    ((403, "quotaExceeded"), errors.QuotaExceededError),
    ((403, "accessNotConfigured"), errors.ForbiddenError),
    ((404, "resourceNotFound"), errors.AbsentError),
    ((409, "existingResource"), errors.ExistsError),
    ((408, "x"), errors.RefusedError),
    ((501, "x"), errors.RefusedError),
]


@pytest.mark.parametrize("passing", PASSING, ids=str)
def test_what_passes_is_tried_again(
    client: Client, google: GoogleStandin, waiting: Waiting, passing: Behaviour
) -> None:
    google.book.planned.extend([passing, passing])
    assert client.issuer()["name"]
    assert len(google.book.requests) == 3
    assert len(waiting.slept) == 2


@pytest.mark.parametrize(("said", "kind"), LASTING)
def test_what_stays_is_asked_once(
    client: Client,
    google: GoogleStandin,
    waiting: Waiting,
    said: tuple[int, str],
    kind: type[GoogleWalletError],
) -> None:
    status, reason = said
    google.book.planned.append(replies.no(status, reason, "No."))
    with pytest.raises(GoogleWalletError) as raised:
        client.issuer()
    assert type(raised.value) is kind
    assert len(google.book.requests) == 1
    assert waiting.slept == []


def test_the_pauses_grow_and_the_call_ends_in_time(
    client: Client, google: GoogleStandin, waiting: Waiting
) -> None:
    google.book.decide = lambda method, path: replies.trouble()
    with pytest.raises(errors.UnavailableError):
        client.issuer(within=60)
    assert sum(waiting.slept) < 60
    assert 6 < len(waiting.slept) < 20
    assert waiting.slept[0] < 1 < waiting.slept[4]
    assert max(waiting.slept) <= 8


@given(within=st.floats(0.5, 40), pause=st.one_of(st.none(), st.integers(0, 60)))
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_pause_ends_after_the_time_for_the_call(
    google: GoogleStandin, identity: Identity, within: float, pause: int | None
) -> None:
    waiting = Waiting()
    answer = replies.trouble() if pause is None else later(str(pause))
    google.book.decide = lambda method, path: answer
    client = Client(identity, google.url, clock=waiting.clock, sleep=waiting.sleep)
    begin = waiting.clock()
    with pytest.raises(errors.UnavailableError):
        client.issuer(within=within)
    client.close()
    assert waiting.clock() - begin < within


def test_the_pause_that_google_asks_for_is_kept(
    client: Client, google: GoogleStandin, waiting: Waiting
) -> None:
    google.book.planned.append(later("7"))
    client.issuer()
    (slept,) = waiting.slept
    assert 7 <= slept < 7.5


def test_a_pause_longer_than_the_time_is_not_begun(
    client: Client, google: GoogleStandin, waiting: Waiting
) -> None:
    google.book.planned.append(later("120"))
    with pytest.raises(errors.UnavailableError) as raised:
        client.issuer(within=10)
    assert raised.value.retry_after == 120
    assert waiting.slept == []


def test_every_single_request_asks_for_its_turn(
    client: Client, google: GoogleStandin, pace: Paced
) -> None:
    google.book.planned.append(replies.trouble())
    client.put("loyaltyClass", shop.loyalty_class())
    assert pace.waited == len(google.book.requests) == 3


@pytest.mark.parametrize(
    ("answer", "slowed"), [(replies.too_fast(), 1), (replies.trouble(), 0)]
)
def test_a_rate_slows_everybody_down(
    client: Client, google: GoogleStandin, pace: Paced, answer: Reply, slowed: int
) -> None:
    google.book.planned.append(answer)
    client.issuer()
    assert len(pace.slowed) == slowed


@pytest.mark.parametrize("trick", [Trick.LOSE, Trick.HALF])
def test_an_insert_whose_answer_was_lost_is_settled(
    client: Client, google: GoogleStandin, trick: Trick
) -> None:
    client.put("loyaltyClass", shop.loyalty_class())
    tricks: list[Behaviour] = [trick]
    google.book.decide = lambda method, path: (
        tricks.pop() if method == "POST" and tricks else None
    )
    client.put("loyaltyObject", shop.loyalty_object())
    assert google.resources.get(OBJECT, OBJECT_ID)["classId"] == CLASS_ID
    assert [one.status for one in google.book.requests][-2:] == [409, 200]


def test_an_outage_of_a_while_is_outlived(
    client: Client, google: GoogleStandin, waiting: Waiting
) -> None:
    client.issuer()
    google.refuse()

    def sleep(seconds: float) -> None:
        waiting.sleep(seconds)
        if sum(waiting.slept) > 10:
            google.restore()

    patient = Client(client.identity, google.url, clock=waiting.clock, sleep=sleep)
    assert patient.issuer()["name"]
    patient.close()


def test_an_outage_without_an_end_ends_the_call(
    client: Client, google: GoogleStandin
) -> None:
    google.refuse()
    with pytest.raises(errors.UnavailableError, match="NewConnectionError"):
        client.issuer(within=5)


TOKEN_TROUBLE: list[Behaviour] = [
    replies.trouble(),
    replies.too_fast(),
    Reply(302, b"", {"Location": "https://evil.example/"}),
    Reply(200, b"<html>"),
    Reply(200, b'{"access_token": 3}'),
    Trick.HALF,
    Trick.CUT,
]


@pytest.mark.parametrize("trouble", TOKEN_TROUBLE, ids=str)
def test_trouble_with_tokens_is_tried_again_by_us_alone(
    client: Client, google: GoogleStandin, waiting: Waiting, trouble: Behaviour
) -> None:
    google.book.planned_tokens.append(trouble)
    assert client.issuer()["name"]
    assert len(waiting.slept) == 1
    assert len(google.book.requests) == 1


@pytest.mark.parametrize("used", [False, True], ids=["at first", "while in use"])
def test_a_revoked_account_is_named_at_once(
    client: Client, google: GoogleStandin, waiting: Waiting, used: bool
) -> None:
    if used:
        client.issuer()
    google.book.revoked = True
    with pytest.raises(errors.RevokedError, match="invalid_grant"):
        client.issuer()
    assert waiting.slept == []


def test_a_token_that_google_never_takes_is_named(
    client: Client, google: GoogleStandin
) -> None:
    refused = replies.unauthenticated("No.").reply
    google.book.decide = lambda method, path: refused
    with pytest.raises(errors.RevokedError, match="clock"):
        client.issuer()
    assert len(google.book.requests) == 3


CALLS: dict[str, Callable[[Client], object]] = {
    "put": lambda client: client.put("loyaltyObject", shop.loyalty_object()),
    "replace": lambda client: client.replace("loyaltyObject", shop.loyalty_object()),
    "get": lambda client: client.get("loyaltyObject", OBJECT_ID),
    "list": lambda client: list(client.objects(CLASS_ID)),
    "message": lambda client: client.add_message(
        "loyaltyObject", OBJECT_ID, shop.message(1)
    ),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_foreign_issuer_is_denied_in_every_call(
    google: GoogleStandin, client: Client, call: Callable[[Client], object]
) -> None:
    google.office.users.clear()
    with pytest.raises(errors.ForbiddenError, match="permissionDenied"):
        call(client)


def test_a_refused_card_is_named_by_no_error(
    client: Client, google: GoogleStandin
) -> None:
    google.book.planned.append(
        replies.invalid("Bad accountName: Zoé Martin").reply,
    )

    with pytest.raises(errors.RefusedError) as raised:
        client.put("loyaltyObject", shop.loyalty_object(accountName="Zoé Martin"))

    assert raised.value.message == "Bad accountName: …"
