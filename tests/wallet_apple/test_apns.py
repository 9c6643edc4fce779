"""The client against the stand-in: every token ends with the right answer."""

import math
import random
import secrets
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.wallet_apple.throwaway import PASS_TYPE, Issued, issue
from wallet_apple.apns import Connection
from wallet_apple.apns_answers import Answer, Outcome
from wallet_apple.apns_batch import Limits
from wallet_apple.apns_wire import Identity
from wallet_apple.standin.apns import ApnsStandin
from wallet_apple.standin.apns_book import Behaviour, Trick
from wallet_apple.standin.apns_rules import Reply

Connect = Callable[..., Connection]

PATIENT = Limits()
HASTY = Limits(connect=2, stall=0.5, batch=20)
STAMP = 1_795_000_000_123
FINAL = {Outcome.ACCEPTED, Outcome.GONE, Outcome.BAD_TOKEN, Outcome.REFUSED}


@pytest.fixture(scope="module")
def issued() -> Issued:
    return issue()


@pytest.fixture
def apple(tmp_path: Path, issued: Issued) -> Iterator[ApnsStandin]:
    with ApnsStandin(tmp_path, issued.authority) as standin:
        yield standin


@pytest.fixture
def connect(apple: ApnsStandin, issued: Issued) -> Iterator[Connect]:
    """Make connections that trust the stand-in and are closed in the end."""
    made: list[Connection] = []

    def make(
        *,
        topic: str = PASS_TYPE,
        identity: Identity = issued.identity,
        url: str = apple.url,
        ca_file: Path | None = apple.ca_file,
        limits: Limits = PATIENT,
    ) -> Connection:
        made.append(
            Connection(topic, identity, url=url, ca_file=ca_file, limits=limits)
        )
        return made[-1]

    yield make
    for connection in made:
        connection.close()


@pytest.fixture
def phones(connect: Connect) -> Connection:
    """An ordinary connection."""
    return connect()


@pytest.fixture
def hasty(connect: Connect) -> Connection:
    """A connection that gives up soon."""
    return connect(limits=HASTY)


def make_tokens(count: int) -> list[str]:
    return [secrets.token_hex(32) for _ in range(count)]


def outcomes(answers: dict[str, Answer]) -> Counter[Outcome]:
    return Counter(answer.outcome for answer in answers.values())


def pushed(apple: ApnsStandin) -> Counter[str]:
    return Counter(push.token for push in apple.book.pushes)


def test_a_push_carries_nothing_and_follows_apples_rules(
    apple: ApnsStandin, phones: Connection
) -> None:
    [token] = make_tokens(1)

    answers = phones.push([token])

    assert answers == {token: Answer(Outcome.ACCEPTED, 200)}
    [push] = apple.book.pushes
    assert (push.token, push.payload, push.topic) == (token, b"{}", PASS_TYPE)
    assert (push.push_type, push.priority) == ("background", "5")


def test_a_push_waits_some_days_for_a_phone_that_is_off(
    apple: ApnsStandin, phones: Connection
) -> None:
    phones.push(make_tokens(1))

    expires = datetime.fromtimestamp(int(apple.book.pushes[0].expiration), UTC)
    assert timedelta(days=2) < expires - datetime.now(UTC) < timedelta(days=4)


def test_a_token_given_twice_is_pushed_once(
    apple: ApnsStandin, phones: Connection
) -> None:
    one, other = make_tokens(2)

    answers = phones.push([one, other, one, one])

    assert list(answers) == [one, other]
    assert pushed(apple) == {one: 1, other: 1}


@pytest.mark.parametrize(
    "token", ["", "abc", "zz", "a" * 202, "../ab", "ab?x", "ab\r\nx: y", "é", "ab "]
)
def test_what_is_no_token_is_never_sent(
    apple: ApnsStandin, phones: Connection, token: str
) -> None:
    assert phones.push([token])[token].outcome is Outcome.BAD_TOKEN
    assert apple.book.connections == 0


def test_no_tokens_need_no_connection(apple: ApnsStandin, phones: Connection) -> None:
    assert phones.push([]) == {}
    assert apple.book.connections == 0


def test_a_topic_that_could_carry_a_header_is_refused(connect: Connect) -> None:
    with pytest.raises(ValueError, match="pass type"):
        connect(topic="pass.a\r\nx: y")


def test_the_connection_stays_open_between_batches(
    apple: ApnsStandin, phones: Connection
) -> None:
    for _ in range(20):
        phones.push(make_tokens(10))

    assert apple.book.accepted == 200
    assert apple.book.connections == 1


@pytest.mark.parametrize("streams", [1, 7, 100])
def test_there_are_never_more_pushes_in_flight_than_the_peer_allows(
    apple: ApnsStandin, phones: Connection, streams: int
) -> None:
    apple.book.streams = streams
    apple.book.latency = min(0.05, streams / 500)

    answers = phones.push(make_tokens(300))

    assert outcomes(answers) == {Outcome.ACCEPTED: 300}
    assert streams / 2 < apple.book.most_streams <= streams
    assert not apple.book.violations


def test_what_fits_the_connection_is_found_anew_on_each_connection(
    apple: ApnsStandin, phones: Connection
) -> None:
    apple.book.latency = 0.02
    for streams in (5, 50):
        apple.book.streams = streams
        apple.book.most_streams = 0
        apple.cut()

        for _ in range(2):
            assert outcomes(phones.push(make_tokens(150))) == {Outcome.ACCEPTED: 150}

        assert streams / 2 < apple.book.most_streams <= streams
    assert not apple.book.violations


def test_a_token_that_died_tells_when(apple: ApnsStandin, phones: Connection) -> None:
    dead, alive = make_tokens(2)
    apple.book.answers[dead] = Reply(410, "Unregistered", STAMP)

    answers = phones.push([dead, alive])

    moment = datetime.fromtimestamp(STAMP / 1000, UTC)
    assert answers[dead] == Answer(Outcome.GONE, 410, "Unregistered", moment)
    assert answers[alive].outcome is Outcome.ACCEPTED


@pytest.mark.parametrize(
    "reply",
    [
        Reply(400, "BadDeviceToken"),
        Reply(410, "ExpiredToken", STAMP),
        Reply(429, "TooManyRequests"),
        Reply(400, "DeviceTokenNotForTopic"),
        Reply(413, "PayloadTooLarge"),
        Reply(500, "InternalServerError"),
    ],
)
def test_one_devices_trouble_is_its_own(
    apple: ApnsStandin, phones: Connection, reply: Reply
) -> None:
    tokens = make_tokens(100)
    apple.book.answers[tokens[50]] = reply

    answers = phones.push(tokens)

    assert outcomes(answers)[Outcome.ACCEPTED] == 99
    assert answers[tokens[50]].reason == reply.reason


@pytest.mark.parametrize("reason", ["BadTopic", "MissingTopic", "TopicDisallowed"])
def test_a_wrong_topic_stops_the_batch_at_the_first_push(
    apple: ApnsStandin, phones: Connection, reason: str
) -> None:
    apple.book.decide = lambda _: Reply(400, reason)

    answers = phones.push(make_tokens(200))

    assert outcomes(answers) == {Outcome.MISCONFIGURED: 1, Outcome.UNSENT: 199}
    assert len(apple.book.pushes) == 1


def test_tokens_of_another_topic_stop_the_batch_when_none_was_ever_taken(
    apple: ApnsStandin, phones: Connection
) -> None:
    apple.book.decide = lambda _: Reply(400, "DeviceTokenNotForTopic")

    answers = phones.push(make_tokens(200))

    assert outcomes(answers) == {Outcome.MISCONFIGURED: 3, Outcome.UNSENT: 197}
    assert len(apple.book.pushes) == 3


def test_one_member_with_another_apps_token_stops_nobody(
    apple: ApnsStandin, phones: Connection
) -> None:
    tokens = make_tokens(50)
    for foreign in tokens[:2]:
        apple.book.answers[foreign] = Reply(400, "DeviceTokenNotForTopic")

    answers = phones.push(tokens)

    assert outcomes(answers) == {Outcome.REFUSED: 2, Outcome.ACCEPTED: 48}


def test_tokens_unknown_to_apples_sandbox_cost_no_device(
    apple: ApnsStandin, connect: Connect
) -> None:
    apple.book.decide = lambda _: Reply(400, "BadDeviceToken")
    # With a dot at its end it is a name that is not production's nor a stand-in's.
    sandbox = connect(url=f"https://localhost.:{apple.port}")

    answers = sandbox.push(make_tokens(10))

    assert outcomes(answers) == {Outcome.MISCONFIGURED: 10}


@pytest.mark.parametrize(
    "reason", ["BadCertificate", "BadCertificateEnvironment", "Forbidden"]
)
def test_refused_credentials_stop_the_batch_and_close_the_connection(
    apple: ApnsStandin, phones: Connection, reason: str
) -> None:
    apple.book.decide = lambda _: Reply(403, reason)

    answers = phones.push(make_tokens(200))

    assert outcomes(answers) == {Outcome.CREDENTIALS: 1, Outcome.UNSENT: 199}
    apple.book.decide = None
    phones.push(make_tokens(1))
    assert apple.book.connections == 2


def test_a_certificate_that_cannot_be_read_is_a_matter_of_credentials(
    apple: ApnsStandin, connect: Connect
) -> None:
    answers = connect(identity=Identity(b"none", b"none")).push(make_tokens(10))

    assert outcomes(answers) == {Outcome.CREDENTIALS: 1, Outcome.UNSENT: 9}
    assert apple.book.connections == 0


def test_a_key_is_not_shown_by_its_holder() -> None:
    assert "secret" not in repr(Identity(b"c", b"secret", "secret"))


def test_a_server_that_cannot_be_trusted_gets_no_push(
    apple: ApnsStandin, connect: Connect
) -> None:
    answers = connect(ca_file=None).push(make_tokens(10))

    assert outcomes(answers) == {Outcome.UNAVAILABLE: 10}
    assert not apple.book.pushes


def test_a_certificate_refused_while_connecting_purges_nothing(
    apple: ApnsStandin, connect: Connect
) -> None:
    answers = connect(identity=issue().identity).push(make_tokens(10))

    assert not outcomes(answers).keys() & {Outcome.GONE, Outcome.BAD_TOKEN}
    assert not apple.book.pushes


def test_an_alert_about_our_certificate_is_a_matter_of_credentials(
    apple: ApnsStandin, connect: Connect
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(apple._files.server)
    context.load_verify_locations(cadata=issue().authority)
    context.verify_mode = ssl.CERT_REQUIRED

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def refuse() -> None:
            taken, _ = listener.accept()
            with taken, pytest.raises(ssl.SSLError):
                context.wrap_socket(taken, server_side=True)

        thread = threading.Thread(target=refuse)
        thread.start()
        port = listener.getsockname()[1]
        answers = connect(url=f"https://127.0.0.1:{port}").push(make_tokens(5))
        thread.join()

    assert outcomes(answers) == {Outcome.CREDENTIALS: 1, Outcome.UNSENT: 4}, answers


@pytest.mark.parametrize("after", [1, 37, 250])
def test_a_farewell_amid_a_batch_loses_nothing(
    apple: ApnsStandin, phones: Connection, after: int
) -> None:
    apple.book.goaway_after = after
    apple.book.latency = 0.005
    tokens = make_tokens(after * 3 - 1)

    answers = phones.push(tokens)

    assert outcomes(answers) == {Outcome.ACCEPTED: len(tokens)}
    assert pushed(apple) == dict.fromkeys(tokens, 1)
    assert 1 < apple.book.connections <= math.ceil(len(tokens) / after)


@pytest.mark.parametrize("at", [0, 1, 60, 374])
def test_a_connection_cut_amid_a_batch_loses_nothing(
    apple: ApnsStandin, phones: Connection, at: int
) -> None:
    phones.push(make_tokens(1))
    apple.book.latency = 0.005
    tokens = make_tokens(375)
    apple.book.answers[tokens[at]] = [Trick.CUT]

    answers = phones.push(tokens)

    assert outcomes(answers) == {Outcome.ACCEPTED: 375}
    assert set(pushed(apple)) >= set(tokens)
    assert apple.book.connections == 2
    assert not apple.book.violations


def test_a_service_that_always_cuts_is_not_asked_for_ever(
    apple: ApnsStandin, hasty: Connection
) -> None:
    apple.book.cut_after = 2

    answers = hasty.push(make_tokens(300))

    assert set(outcomes(answers)) <= {
        Outcome.ACCEPTED,
        Outcome.UNAVAILABLE,
        Outcome.UNKNOWN,
    }
    assert len(answers) == 300
    assert apple.book.connections <= HASTY.connections


@pytest.mark.parametrize(
    ("status", "reason"), [(400, "IdleTimeout"), (503, "Shutdown")]
)
def test_a_connection_the_service_is_done_with_is_replaced(
    apple: ApnsStandin, phones: Connection, status: int, reason: str
) -> None:
    tokens = make_tokens(100)
    apple.book.answers[tokens[60]] = [Reply(status, reason)]

    answers = phones.push(tokens)

    assert outcomes(answers) == {Outcome.ACCEPTED: 100}
    assert apple.book.connections == 2


def test_a_connection_that_ended_while_idle_is_noticed(
    apple: ApnsStandin, phones: Connection
) -> None:
    phones.push(make_tokens(5))
    ends: list[Callable[[], None]] = [apple.goaway, apple.cut]
    for end in ends:
        end()
        time.sleep(0.05)

        assert outcomes(phones.push(make_tokens(50))) == {Outcome.ACCEPTED: 50}

    assert apple.book.connections == 3


def test_a_push_without_an_answer_holds_up_nobody(
    apple: ApnsStandin, hasty: Connection
) -> None:
    tokens = make_tokens(100)
    apple.book.answers[tokens[50]] = Trick.SILENCE

    answers = hasty.push(tokens)

    assert outcomes(answers)[Outcome.ACCEPTED] == 99
    assert answers[tokens[50]].outcome in {Outcome.UNKNOWN, Outcome.UNAVAILABLE}


def test_a_reset_push_is_sent_again(apple: ApnsStandin, phones: Connection) -> None:
    tokens = make_tokens(100)
    apple.book.answers[tokens[50]] = [Trick.RESET, Trick.RESET]

    assert outcomes(phones.push(tokens)) == {Outcome.ACCEPTED: 100}
    assert apple.book.connections == 1
    assert pushed(apple)[tokens[50]] == 3


def test_a_batch_ends_when_its_time_is_up(apple: ApnsStandin, connect: Connect) -> None:
    apple.book.latency = 0.1
    apple.book.streams = 2
    slow = connect(limits=Limits(batch=1, in_flight=50))

    started = time.monotonic()
    answers = slow.push(make_tokens(500))

    assert time.monotonic() - started < 3
    assert len(answers) == 500
    assert set(outcomes(answers)) == {
        Outcome.ACCEPTED,
        Outcome.UNKNOWN,
        Outcome.UNSENT,
    }
    apple.book.latency = 0
    assert outcomes(slow.push(make_tokens(5))) == {Outcome.ACCEPTED: 5}


def test_an_outage_is_tried_with_one_connection_and_no_push(
    apple: ApnsStandin, hasty: Connection
) -> None:
    apple.refuse()

    answers = hasty.push(make_tokens(500))

    assert outcomes(answers) == {Outcome.UNAVAILABLE: 500}


def test_an_outage_that_swallows_everything_ends_in_time(
    apple: ApnsStandin, hasty: Connection
) -> None:
    hasty.push(make_tokens(5))
    apple.blackhole()

    started = time.monotonic()
    answers = hasty.push(make_tokens(500))

    assert outcomes(answers) == {Outcome.UNAVAILABLE: 500}
    assert time.monotonic() - started < HASTY.connect + HASTY.stall + 2


def test_pushes_go_on_when_an_outage_is_over(
    apple: ApnsStandin, hasty: Connection
) -> None:
    for outage in (apple.refuse, apple.blackhole):
        outage()
        hasty.push(make_tokens(50))
        apple.restore()

        assert outcomes(hasty.push(make_tokens(50))) == {Outcome.ACCEPTED: 50}


def test_a_service_that_fails_is_not_flooded(
    apple: ApnsStandin, phones: Connection
) -> None:
    apple.book.decide = lambda _: Reply(503, "ServiceUnavailable")

    answers = phones.push(make_tokens(500))

    assert outcomes(answers) == {Outcome.UNAVAILABLE: 500}
    assert len(apple.book.pushes) == 1


def test_a_service_that_begins_to_fail_is_left_alone(
    apple: ApnsStandin, connect: Connect
) -> None:
    few = connect(limits=Limits(in_flight=50))
    few.push(make_tokens(100))
    apple.book.decide = lambda _: Reply(500, "InternalServerError")

    answers = few.push(make_tokens(1000))

    assert outcomes(answers) == {Outcome.UNAVAILABLE: 1000}
    assert len(apple.book.pushes) <= 200


def test_an_endless_answer_is_cut_short(apple: ApnsStandin, phones: Connection) -> None:
    [token] = make_tokens(1)
    phones.push(make_tokens(1))
    apple.book.answers[token] = Reply(400, "x" * 10_000)

    assert phones.push([token])[token].outcome not in FINAL


class Trouble:
    """A service with every trouble at random, and the memory of what it said."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311 - chance to be repeated
        self.said: dict[str, list[Behaviour | None]] = {}

    def decide(self, token: str) -> Behaviour | None:
        said: list[Behaviour | None] = [
            None,
            Reply(410, "Unregistered", STAMP),
            Reply(400, "BadDeviceToken"),
            Reply(400, "DeviceTokenNotForTopic"),
            Reply(429, "TooManyRequests"),
            Reply(500, "InternalServerError"),
            Reply(503, "Shutdown"),
            Reply(400, "IdleTimeout"),
            Trick.RESET,
            Trick.SILENCE,
            Trick.CUT,
        ]
        weights = [1500, 60, 60, 20, 60, 60, 4, 4, 20, 2, 4]
        [chosen] = self._random.choices(said, weights)
        self.said.setdefault(token, []).append(chosen)
        return chosen


@pytest.mark.parametrize("seed", [1, 2])
def test_in_any_trouble_nothing_is_lost_and_nothing_wrongly_purged(
    apple: ApnsStandin, connect: Connect, seed: int
) -> None:
    trouble = Trouble(seed)
    apple.book.decide = trouble.decide
    apple.book.latency = 0.001
    apple.book.goaway_after = 150
    apple.book.streams = 100
    rough = connect(limits=Limits(stall=1))
    owed = make_tokens(2000)
    ended: dict[str, Answer] = {}

    for _ in range(60):
        batch = owed[:500]
        answers = rough.push(batch)
        assert answers.keys() == set(batch)
        ended.update(
            {token: end for token, end in answers.items() if end.outcome in FINAL}
        )
        owed = owed[500:] + [token for token in batch if token not in ended]
        if not owed:
            break

    lost = set(trouble.said) ^ set(ended)
    untrue = {
        token: end.reason
        for token, end in ended.items()
        if getattr(trouble.said[token][-1], "reason", "") != end.reason
    }
    assert (owed, lost, untrue, list(apple.book.violations)) == ([], set(), {}, [])
