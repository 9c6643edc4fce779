"""The web service, request by request: each status, header and trap."""

import json
import shutil
from collections.abc import Callable, Iterator
from email.utils import format_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from werkzeug.test import Client, TestResponse

from passes import db
from passes.cards import card as cards
from tests.makers import NOON
from tests.wallet_apple.counters import (
    BASE_URL,
    Counter,
    RememberedPushes,
    no_media,
    open_counter,
)
from wallet_apple import registrations
from wallet_apple.bundle import MEDIA_TYPE
from wallet_apple.identity import Files, Identity
from wallet_apple.tables import Device, DeviceLog
from wallet_apple.wallet import AppleWallet
from wallet_apple.webservice import NEW_AN_HOUR, WebService


@pytest.fixture
def pushes() -> RememberedPushes:
    return RememberedPushes()


@pytest.fixture
def counter(
    sessions: db.Sessions, development: Path, pushes: RememberedPushes
) -> Counter:
    return open_counter(sessions, development, pushes)


@pytest.fixture
def lite(
    sqlite_url: str, development: Path, pushes: RememberedPushes
) -> Iterator[Counter]:
    """A counter for what does not depend on the engine."""
    engine = db.open_engine(sqlite_url)
    yield open_counter(db.Sessions(engine), development, pushes)
    engine.dispose()


def tag(answer: TestResponse) -> str:
    """The tag of a list, for the next question."""
    assert answer.status_code == HTTPStatus.OK
    said = json.loads(answer.data)["lastUpdated"]
    assert isinstance(said, str)
    assert said.isdecimal()
    return said


class TestRegister:
    def test_a_new_registration_is_201_and_the_same_again_200(
        self, counter: Counter
    ) -> None:
        assert counter.register().status_code == 201
        assert counter.register().status_code == 200
        assert len(counter.registrations()) == 1

    def test_a_known_registration_with_the_same_token_writes_nothing(
        self, counter: Counter
    ) -> None:
        counter.register()
        asked = statements(counter, counter.register)
        # The pass's own two are the test's: its secret, to show it.
        assert all(sql.startswith("SELECT") for sql in asked)

    def test_a_new_push_token_is_taken(self, counter: Counter) -> None:
        counter.register(token="aa" * 32)
        assert counter.register(token="bb" * 32).status_code == 200
        assert [device.push_token for device in counter.devices()] == ["bb" * 32]

    def test_two_cards_on_one_device_are_one_device(self, counter: Counter) -> None:
        other = counter.new_card()
        counter.register()
        assert counter.register(card_id=other).status_code == 201
        assert len(counter.devices()) == 1
        assert len(counter.registrations()) == 2

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'"text"',
            b"{}",
            b'{"pushToken": null}',
            b'{"pushToken": 5}',
            b'{"pushToken": ""}',
            b'{"pushToken": "with space"}',
            b'{"pushToken": "\\u0000"}',
            b'{"pushToken": "\\ud800"}',
            b'{"pushToken": ["ab"]}',
            b"\xff\xfe\x00",
            b"[" * 10_000,
            b'{"pushToken":' * 1_000,
            b"1" * 10_000,
            b'{"pushToken": "' + b"a" * 5_000 + b'"}',
        ],
    )
    def test_a_body_that_is_no_registration_is_400(
        self, lite: Counter, body: bytes
    ) -> None:
        answer = lite.client.post(
            lite.path("device-1"), data=body, headers=lite.headers()
        )
        assert answer.status_code == 400
        assert lite.devices() == []

    def test_a_body_that_is_too_large_is_413(self, lite: Counter) -> None:
        answer = lite.client.post(
            lite.path("device-1"), data=b"x" * 200_000, headers=lite.headers()
        )
        assert answer.status_code == 413

    def test_a_body_is_read_whatever_its_type_is_said_to_be(
        self, lite: Counter
    ) -> None:
        answer = lite.client.post(
            lite.path("device-1"),
            data=b'{"pushToken": "abcd"}',
            content_type="text/plain",
            headers=lite.headers(),
        )
        assert answer.status_code == 201

    def test_the_twenty_first_device_of_a_card_is_refused_and_not_kept(
        self, counter: Counter
    ) -> None:
        for number in range(registrations.CAP):
            assert counter.register(f"device-{number}").status_code == 201
        assert counter.register("one-more").status_code == 403
        assert counter.register("device-3", "cd" * 32).status_code == 200
        assert len(counter.devices()) == registrations.CAP

    def test_a_device_s_name_that_is_too_long_is_400(self, lite: Counter) -> None:
        assert lite.register("d" * 300).status_code == 400

    def test_a_pass_comes_onto_so_many_new_devices_an_hour_at_most(
        self, counter: Counter
    ) -> None:
        told = []
        for number in range(NEW_AN_HOUR + 1):
            told.append(counter.register(f"device-{number}").status_code)
            counter.unregister(f"device-{number}")
        assert told == [201] * NEW_AN_HOUR + [429]

    def test_so_many_new_push_tokens_an_hour_are_taken_for_a_pass(
        self, counter: Counter
    ) -> None:
        told = [
            counter.register(token=f"{number:064x}").status_code
            for number in range(NEW_AN_HOUR + 1)
        ]
        assert told == [201] + [200] * (NEW_AN_HOUR - 1) + [429]
        # What is known already is asked for as before.
        assert counter.list().status_code == 200

    def test_another_card_is_not_held_up_by_it(self, counter: Counter) -> None:
        for number in range(NEW_AN_HOUR + 1):
            counter.register(token=f"{number:064x}")
        other = counter.new_card()
        assert counter.register("another", card_id=other).status_code == 201

    def test_who_changes_the_device_s_name_is_counted_by_the_pass(
        self, lite: Counter
    ) -> None:
        told = [
            lite.client.delete(
                lite.path(f"device-{number}"), headers=lite.headers()
            ).status_code
            for number in range(130)
        ]
        assert told[:120] == [200] * 120
        assert told[-1] == 429

    def test_more_than_sixty_requests_a_minute_are_429(self, lite: Counter) -> None:
        answers = [lite.register() for _ in range(70)]
        assert answers[-1].status_code == 429
        assert int(answers[-1].headers["Retry-After"]) >= 1
        assert lite.register("another").status_code == 201


class TestAuthorisation:
    @pytest.mark.parametrize(
        "header",
        [
            None,
            "",
            "ApplePass",
            "ApplePass ",
            "ApplePass wrong",
            "ApplePass \xe9\xff",
            "Bearer {token}",
            "Basic {token}",
            "{token}",
            "ApplePass{token}",
            "ApplePass {token}x",
            "ApplePass  x {token}",
        ],
    )
    @pytest.mark.parametrize("serial", [None, "unknown", "a/b", "é", "%00", "\x00"])
    def test_whatever_is_wrong_is_the_same_401(
        self, lite: Counter, header: str | None, serial: str | None
    ) -> None:
        token = lite.apple_pass().authentication_token
        headers = (
            {} if header is None else {"Authorization": header.format(token=token)}
        )
        answers = [
            lite.client.get(lite.path(serial=serial), headers=headers),
            lite.client.post(lite.path("device-1", serial), data=b"{", headers=headers),
            lite.client.delete(lite.path("device-1", serial), headers=headers),
        ]
        assert {answer.status_code for answer in answers} == {401}
        assert {answer.data for answer in answers} == {b""}
        assert len({str(answer.headers) for answer in answers}) == 1

    def test_another_card_s_token_opens_nothing(self, counter: Counter) -> None:
        other = counter.apple_pass(counter.new_card())
        headers = counter.headers(other.authentication_token)
        assert counter.client.get(counter.path(), headers=headers).status_code == 401
        assert counter.register(headers=headers).status_code == 401
        assert counter.devices() == []

    def test_an_unknown_serial_number_is_401_with_a_right_token(
        self, counter: Counter
    ) -> None:
        answer = counter.client.get(
            counter.path(serial="unknown"), headers=counter.headers()
        )
        assert answer.status_code == 401

    def test_another_pass_type_than_the_certificate_s_is_503(
        self, counter: Counter
    ) -> None:
        # A 401 would end the updates of every pass issued before, for good.
        serial, headers = counter.apple_pass().serial_number, counter.headers()
        path = f"/v1/passes/pass.other/{serial}"
        device = f"/v1/devices/device-1/registrations/pass.other/{serial}"
        body = {"pushToken": "ab" * 32}
        answers = [
            counter.client.get(path, headers=headers),
            counter.client.post(device, json=body, headers=headers),
            counter.client.delete(device, headers=headers),
        ]
        assert [answer.status_code for answer in answers] == [503] * 3
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        assert counter.devices() == []

    def test_a_wrong_token_is_401_under_another_pass_type_too(
        self, lite: Counter
    ) -> None:
        headers = lite.headers("wrong")
        serial = lite.apple_pass().serial_number
        for path in (
            f"/v1/passes/pass.other/{serial}",
            f"/v1/passes/pass.other/{serial}x",
        ):
            assert lite.client.get(path, headers=headers).status_code == 401

    def test_a_device_of_another_pass_type_is_not_told_that_nothing_is_new(
        self, counter: Counter
    ) -> None:
        counter.register()
        with db.write(counter.sessions) as session:
            session.get_one(Device, counter.devices()[0].id).pass_type = "pass.other"
        path = "/v1/devices/device-1/registrations/pass.other"
        assert counter.client.get(path).status_code == 503

    @pytest.mark.parametrize(
        ("scheme", "more", "kind"),
        [
            ("ApplePass", {}, "apns"),
            ("applepass", {}, "apns"),
            ("AndroidPass", {}, "walletpasses"),
            ("WalletUnionPass", {}, "walletunion"),
            ("ApplePass", {"X-Pass-Client": "Passes"}, "pass2u"),
            ("ApplePass", {"User-Agent": "WalletPasses/2.0"}, "walletpasses"),
        ],
    )
    def test_a_client_s_kind_is_kept(
        self, lite: Counter, scheme: str, more: dict[str, str], kind: str
    ) -> None:
        headers = lite.headers(scheme=scheme) | more
        assert lite.register(headers=headers).status_code == 201
        assert [device.kind for device in lite.devices()] == [kind]

    def test_a_token_that_is_not_apple_s_is_never_pushed_to(
        self, counter: Counter, pushes: RememberedPushes
    ) -> None:
        counter.register(token="c2Zf:APA91b" + "x" * 200)
        counter.register("android", headers=counter.headers(scheme="AndroidPass"))
        counter.revise()
        counter.clock.wait(10)
        assert counter.drain() == 0
        assert pushes.tokens == []
        # It is told of the change all the same, when it asks.
        assert counter.list("android").status_code == 200


class TestUnregister:
    def test_it_is_200_once_and_again(self, counter: Counter) -> None:
        counter.register()
        assert [counter.unregister().status_code for _ in range(2)] == [200, 200]
        assert counter.registrations() == []

    def test_a_device_goes_with_its_last_card(self, counter: Counter) -> None:
        other = counter.new_card()
        counter.register()
        counter.register(card_id=other)
        counter.unregister()
        assert len(counter.devices()) == 1
        apple = counter.apple_pass(other)
        counter.client.delete(
            counter.path("device-1", apple.serial_number),
            headers=counter.headers(apple.authentication_token),
        )
        assert counter.devices() == []

    def test_what_was_never_registered_is_200(self, counter: Counter) -> None:
        assert counter.unregister("stranger").status_code == 200


class TestList:
    def test_without_a_tag_it_names_every_pass_of_the_device(
        self, counter: Counter
    ) -> None:
        other = counter.new_card()
        counter.register()
        counter.register(card_id=other)
        answer = counter.list()
        assert answer.content_type == "application/json"
        assert sorted(json.loads(answer.data)["serialNumbers"]) == sorted(
            counter.apple_pass(card).serial_number for card in (counter.card_id, other)
        )

    def test_nothing_new_is_204_without_a_body(self, counter: Counter) -> None:
        counter.register()
        answer = counter.list(passesUpdatedSince=tag(counter.list()))
        assert answer.status_code == 204
        assert answer.data == b""

    def test_a_stranger_is_204(self, counter: Counter) -> None:
        assert counter.list("stranger").status_code == 204

    def test_another_pass_type_is_204(self, counter: Counter) -> None:
        counter.register()
        path = "/v1/devices/device-1/registrations/pass.other"
        assert counter.client.get(path).status_code == 204

    def test_only_what_changed_after_the_tag_is_named(self, counter: Counter) -> None:
        other = counter.new_card()
        counter.register()
        counter.register(card_id=other)
        since = tag(counter.list())
        counter.revise(other)
        said = json.loads(counter.list(passesUpdatedSince=since).data)
        assert said["serialNumbers"] == [counter.apple_pass(other).serial_number]

    def test_every_change_of_one_moment_has_a_tag_of_its_own(
        self, counter: Counter
    ) -> None:
        counter.register()
        seen = [tag(counter.list())]
        for _ in range(5):
            counter.revise()
            seen.append(tag(counter.list(passesUpdatedSince=seen[-1])))
        assert [int(one) for one in seen] == sorted({int(one) for one in seen})

    def test_a_clock_that_is_set_back_loses_no_change(self, counter: Counter) -> None:
        counter.register()
        since = tag(counter.list())
        counter.clock.wait(-3600)
        counter.revise()
        assert counter.list(passesUpdatedSince=since).status_code == 200

    def test_apple_s_other_name_of_the_tag_is_understood(
        self, counter: Counter
    ) -> None:
        counter.register()
        assert counter.list(previousLastUpdated=tag(counter.list())).status_code == 204

    @pytest.mark.parametrize(
        "since",
        [
            "",
            " ",
            "-1",
            "inf",
            "1e400",
            "nan",
            "0x10",
            "1_000",
            "\uff11\uff12\uff13",
            "²",
            "9" * 19,
            "9" * 20,
            "9" * 5000,
            "9223372036854775807",
            "2026-11-24T12:00:00+00:00",
            "\x00",
            "';--",
        ],
    )
    def test_a_tag_that_cannot_be_read_or_is_too_great_counts_as_absent(
        self, counter: Counter, since: str
    ) -> None:
        counter.register()
        assert counter.list(passesUpdatedSince=since).status_code == 200

    def test_a_query_that_never_ends_counts_as_absent(self, lite: Counter) -> None:
        lite.register()
        path = f"/v1/devices/device-1/registrations/{lite.pass_type}"
        answer = lite.client.get(path, query_string="&".join(["a=1"] * 1000))
        assert answer.status_code == 200

    def test_what_is_listed_is_new_when_it_is_fetched(self, counter: Counter) -> None:
        counter.register()
        since, modified = tag(counter.list()), counter.fetch().headers["Last-Modified"]
        for _ in range(3):
            counter.revise()
            since = tag(counter.list(passesUpdatedSince=since))
            answer = counter.fetch(modified)
            assert answer.status_code == 200
            modified = answer.headers["Last-Modified"]

    def test_it_needs_one_statement(self, counter: Counter) -> None:
        counter.register()
        path = f"/v1/devices/device-1/registrations/{counter.pass_type}"
        assert len(statements(counter, lambda: counter.client.get(path))) == 1


class TestFetch:
    def test_the_pass_comes_with_its_type_and_the_time_of_its_revision(
        self, counter: Counter
    ) -> None:
        answer = counter.fetch()
        assert answer.status_code == 200
        assert answer.content_type == MEDIA_TYPE
        assert answer.data.startswith(b"PK")
        assert answer.headers["Last-Modified"] == format_datetime(
            counter.card().revised_at, usegmt=True
        )
        assert "Content-Encoding" not in answer.headers

    def test_an_unchanged_pass_is_304_without_a_body(self, counter: Counter) -> None:
        modified = counter.fetch().headers["Last-Modified"]
        answer = counter.fetch(modified)
        assert answer.status_code == 304
        assert answer.data == b""
        assert answer.headers["Last-Modified"] == modified

    def test_two_changes_in_one_second_have_two_times(self, counter: Counter) -> None:
        counter.revise()
        modified = counter.fetch().headers["Last-Modified"]
        counter.revise()
        assert counter.fetch(modified).status_code == 200

    @pytest.mark.parametrize(
        "since",
        [
            "Tue, 24 Nov 2026 11:59:59 GMT",
            "Tue, 24 Nov 2026 12:00:01 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT",
            "yesterday",
            "",
            "0",
            "Tue, 24 Nov 99999999999999999999 12:00:00 GMT",
        ],
    )
    def test_any_other_time_than_the_revision_s_gets_the_pass(
        self, counter: Counter, since: str
    ) -> None:
        assert counter.fetch(since).status_code == 200

    @pytest.mark.parametrize(
        "since", ["Tuesday, 24-Nov-26 12:00:00 GMT", "Tue Nov 24 12:00:00 2026"]
    )
    def test_the_same_time_in_an_older_spelling_is_the_same(
        self, counter: Counter, since: str
    ) -> None:
        assert counter.fetch(since).status_code == 304

    def test_head_tells_the_same_without_the_file(self, counter: Counter) -> None:
        answer = counter.fetch(method="HEAD")
        modified = counter.fetch().headers["Last-Modified"]
        assert answer.status_code == 200
        assert answer.data == b""
        assert answer.headers["Last-Modified"] == modified
        assert answer.content_type == MEDIA_TYPE
        assert counter.fetch(modified, "HEAD").status_code == 304

    @pytest.mark.parametrize("slashes", ["/", "//", "///"])
    def test_more_slashes_are_served_and_not_redirected(
        self, counter: Counter, slashes: str
    ) -> None:
        path = slashes + counter.path().lstrip("/")
        environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET"}
        answer = counter.client.get(
            counter.path(), headers=counter.headers(), environ_overrides=environ
        )
        assert answer.status_code == 200

    def test_nothing_of_it_may_be_stored_on_the_way(self, counter: Counter) -> None:
        modified = counter.fetch().headers["Last-Modified"]
        for answer in (counter.fetch(), counter.fetch(modified), counter.list()):
            assert answer.headers["Cache-Control"] == "no-store, private"

    def test_a_void_card_is_still_served(self, counter: Counter) -> None:
        before = counter.fetch().headers["Last-Modified"]
        with counter.changing() as session:
            cards.void(session, cards.lock(session, counter.card_id), NOON)
        assert counter.fetch(before).status_code == 200

    def test_the_answer_is_noted_in_memory_and_written_later(
        self, counter: Counter
    ) -> None:
        counter.revise()
        counter.fetch()
        assert counter.apple_pass().fetched_revision == 0
        counter.wallet.tick()
        assert counter.apple_pass().fetched_revision == 2


class TestLog:
    def test_a_message_is_200_and_kept(self, counter: Counter) -> None:
        line = "Get pass task encountered error: Authentication failure"
        for body in ({"logs": [line]}, [line]):
            assert counter.client.post("/v1/log", json=body).status_code == 200
        counter.wallet.tick()
        assert [row.line for row in log(counter)] == [line, line]
        assert {row.kind for row in log(counter)} == {"authentication"}

    def test_a_message_of_more_than_8_kib_is_refused(self, lite: Counter) -> None:
        body = {"logs": ["x" * 9_000]}
        assert lite.client.post("/v1/log", json=body).status_code == 413

    @pytest.mark.parametrize("body", [b"", b"{", b"[" * 8_000, b"\xff"])
    def test_a_message_that_cannot_be_read_is_400(
        self, lite: Counter, body: bytes
    ) -> None:
        assert lite.client.post("/v1/log", data=body).status_code == 400

    @pytest.mark.parametrize(
        "body", [{}, {"logs": None}, {"logs": [1, None, {}]}, 5, "x"]
    )
    def test_a_message_without_lines_keeps_nothing(
        self, lite: Counter, body: object
    ) -> None:
        assert lite.client.post("/v1/log", json=body).status_code == 200
        lite.wallet.tick()
        assert log(lite) == []

    def test_an_address_may_say_ten_things_a_minute(self, lite: Counter) -> None:
        def post(address: str) -> int:
            return lite.client.post(
                "/v1/log",
                json=["x"],
                environ_overrides={"REMOTE_ADDR": address},
            ).status_code

        said = [post("2001:db8::1") for _ in range(11)]
        assert said == [200] * 10 + [429]
        # The same network, and another one.
        assert post("2001:db8::2") == 429
        assert post("2001:db8:0:1::1") == 200

    def test_an_ipv4_address_in_ipv6_s_clothes_is_that_address(
        self, lite: Counter
    ) -> None:
        def post(address: str) -> int:
            return lite.client.post(
                "/v1/log", json=["x"], environ_overrides={"REMOTE_ADDR": address}
            ).status_code

        said = [post("::ffff:203.0.113.9") for _ in range(11)]
        assert said == [200] * 10 + [429]
        assert post("203.0.113.9") == 429
        assert post("::ffff:203.0.113.10") == 200

    def test_nothing_is_written_before_the_tick(self, counter: Counter) -> None:
        counter.client.post("/v1/log", json=["x"])
        assert log(counter) == []


class TestOtherPaths:
    @pytest.mark.parametrize(
        "path",
        [
            "/",
            "/v1",
            "/v2/log",
            "/v1/passes",
            "/v1/passes/x",
            "/v1/devices/x",
            "/v1/devices/x/registrations",
            "/v1/../v1/log",
            "/v1/passes/x/y/personalize/../..",
            "/.git/config",
            "/%2e%2e/%2e%2e/etc/passwd",
        ],
    )
    @pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "TRACE"])
    def test_they_are_refused_calmly(
        self, lite: Counter, path: str, method: str
    ) -> None:
        assert 400 <= lite.client.open(path, method=method).status_code < 500

    def test_a_wrong_method_is_405_with_the_right_ones(self, lite: Counter) -> None:
        answer = lite.client.put(lite.path(), headers=lite.headers())
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD"


class TestTrouble:
    def test_without_a_key_the_pass_is_503_and_the_rest_goes_on(
        self, counter: Counter, development: Path, tmp_path: Path
    ) -> None:
        folder = copied(development, tmp_path / "certs")
        (folder / "pass.key").unlink()
        client = service(counter.sessions, folder, counter)
        answer = client.get(counter.path(), headers=counter.headers())
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert client.head(counter.path(), headers=counter.headers()).status_code == 200
        assert counter.list().status_code == 204

    def test_an_unchanged_pass_takes_no_signature(
        self, counter: Counter, development: Path, tmp_path: Path
    ) -> None:
        folder = copied(development, tmp_path / "certs")
        (folder / "pass.key").unlink()
        client = service(counter.sessions, folder, counter)
        modified = counter.fetch().headers["Last-Modified"]
        headers = counter.headers() | {"If-Modified-Since": modified}
        assert client.get(counter.path(), headers=headers).status_code == 304

    def test_an_expired_certificate_is_503_and_never_401(
        self, counter: Counter
    ) -> None:
        assert counter.fetch().status_code == 200
        counter.clock.wait(3 * 366 * 24 * 3600)
        assert counter.fetch().status_code == 503
        assert counter.register().status_code == 201
        assert counter.list().status_code == 200

    def test_without_any_certificate_everything_is_503(
        self, counter: Counter, tmp_path: Path
    ) -> None:
        client = service(counter.sessions, tmp_path / "nothing", counter)
        path, headers = counter.path(), counter.headers()
        assert client.get(path, headers=headers).status_code == 503

    def test_a_certificate_is_taken_up_without_a_restart(
        self, counter: Counter, development: Path, tmp_path: Path
    ) -> None:
        client = service(counter.sessions, tmp_path / "certs", counter)
        path, headers = counter.path(), counter.headers()
        assert client.get(path, headers=headers).status_code == 503
        copied(development, tmp_path / "certs")
        assert client.get(path, headers=headers).status_code == 200

    def test_a_database_that_is_not_there_is_503(
        self, counter: Counter, development: Path
    ) -> None:
        away = db.open_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
        client = service(db.Sessions(away), development, counter)
        device, headers = counter.path("device-1"), counter.headers()
        answers = [
            client.get(counter.path(), headers=headers),
            client.post(device, json={"pushToken": "ab"}, headers=headers),
            client.delete(device, headers=headers),
            client.get(device.rpartition("/")[0]),
        ]
        assert [answer.status_code for answer in answers] == [503] * 4
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        away.dispose()

    def test_a_database_that_is_busy_is_503_for_a_new_registration_only(
        self, postgresql_url: str, development: Path, pushes: RememberedPushes
    ) -> None:
        engine = db.open_engine(postgresql_url)
        counter = open_counter(db.Sessions(engine), development, pushes)
        counter.register()
        with db.write(counter.sessions) as session:
            cards.lock(session, counter.card_id)
            assert counter.register().status_code == 200
            assert counter.fetch().status_code == 200
            assert counter.list().status_code == 200
            assert counter.register("another").status_code == 503
        engine.dispose()


def copied(development: Path, folder: Path) -> Path:
    return Path(shutil.copytree(development, folder))


def service(sessions: db.Sessions, folder: Path, like: Counter) -> Client:
    """The web service of the same shop, with other files or another database."""
    identity = Identity(Files.in_folder(folder), no_media, look_again=0)
    wallet = AppleWallet(
        sessions, identity, RememberedPushes(), base_url=BASE_URL, clock=like.clock
    )
    return Client(WebService(wallet))


def log(counter: Counter) -> list[DeviceLog]:
    with db.read(counter.sessions) as session:
        return list(session.scalars(select(DeviceLog).order_by(DeviceLog.id)))


def statements(counter: Counter, work: Callable[[], object]) -> list[str]:
    """What the database was asked for, transactions apart."""
    asked: list[str] = []

    def note(*told: Any) -> None:
        if not told[2].startswith("BEGIN"):
            asked.append(told[2])

    event.listen(counter.sessions.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(counter.sessions.engine, "before_cursor_execute", note)
    return asked
