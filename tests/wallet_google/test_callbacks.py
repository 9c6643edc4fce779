"""Google calls: each status, and what it leaves behind."""

import json
import logging
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from werkzeug.test import Client

from passes import db
from tests import overtaking
from tests.makers import NOON
from tests.wallet_google.callers import (
    ISSUER,
    OTHER_ISSUER,
    Caller,
    nonce,
    open_caller,
)
from wallet_google import saves
from wallet_google.keys import PAUSE
from wallet_google.standin.signing import KEY_LASTS, MESSAGE_LASTS, CallbackSigner
from wallet_google.tables import GoogleObject

EVER = 4_000_000_000_000
TICK = timedelta(microseconds=1)


@pytest.fixture
def caller(sessions: db.Sessions) -> Caller:
    return open_caller(sessions)


@pytest.fixture
def lite(sqlite_url: str) -> Iterator[Caller]:
    """A caller for what does not depend on the engine."""
    engine = db.open_engine(sqlite_url)
    yield open_caller(db.Sessions(engine))
    engine.dispose()


def spoken(caller: Caller, **changes: Any) -> str:
    usual = {
        "classId": caller.class_id,
        "objectId": caller.object_id,
        "eventType": "save",
        "expTimeMillis": EVER,
        "count": 1,
        "nonce": nonce(),
    }
    said = {**usual, **changes}
    return json.dumps({name: said[name] for name in said if said[name] is not None})


class TestSaves:
    def test_a_save_is_noted(self, caller: Caller) -> None:
        assert caller.call("save").status_code == 200
        row = caller.row()
        assert (row.saved_at, row.removed_at, row.in_wallet) == (NOON, None, True)

    def test_a_deletion_is_noted_and_the_object_stays(self, caller: Caller) -> None:
        caller.call("save")
        later = caller.wait(days=3)
        assert caller.call("del").status_code == 200
        row = caller.row()
        assert (row.saved_at, row.removed_at, row.in_wallet) == (NOON, later, False)

    def test_who_deleted_it_may_save_it_again(self, caller: Caller) -> None:
        for kind in ("save", "del", "save"):
            caller.call(kind)
            caller.wait(seconds=1)
        assert caller.row().in_wallet

    def test_of_two_at_the_same_moment_the_last_to_arrive_counts(
        self, caller: Caller
    ) -> None:
        caller.call("save")
        caller.call("del")
        assert not caller.row().in_wallet
        caller.call("save")
        assert caller.row().in_wallet

    def test_a_clock_that_was_set_back_does_not_turn_them_round(
        self, caller: Caller
    ) -> None:
        caller.call("save")
        caller.wait(minutes=-5)
        caller.call("del")
        row = caller.row()
        assert (row.removed_at, row.in_wallet) == (NOON + TICK, False)

    def test_a_card_that_was_never_saved_is_not_in_the_wallet(
        self, caller: Caller
    ) -> None:
        assert not caller.row().in_wallet
        caller.call("del")
        assert not caller.row().in_wallet

    def test_nothing_else_of_the_row_changes(self, caller: Caller) -> None:
        before = vars(caller.row()) | {"saved_at": NOON}
        caller.call("save")
        after = vars(caller.row())
        for kept in (before, after):
            kept.pop("_sa_instance_state")
        assert before == after

    def test_any_of_our_issuers_is_called(self, caller: Caller) -> None:
        caller.issuers.add(OTHER_ISSUER)
        assert caller.call().status_code == 200
        assert caller.row().in_wallet


class TestTwice:
    @pytest.mark.parametrize("times", [1, 3])
    def test_the_same_callback_again_changes_nothing(
        self, caller: Caller, times: int
    ) -> None:
        body = caller.callback("save", nonce="n-1")
        for _ in range(times):
            assert caller.post(body).status_code == 200
            caller.wait(minutes=1)
        assert (caller.row().saved_at, caller.nonces()) == (NOON, ["n-1"])

    def test_an_old_save_does_not_bring_back_a_deleted_card(
        self, caller: Caller
    ) -> None:
        save = caller.callback("save")
        caller.post(save)
        caller.wait(minutes=1)
        caller.call("del")
        caller.wait(minutes=1)
        assert caller.post(save).status_code == 200
        assert not caller.row().in_wallet

    def test_a_captured_callback_is_no_use_when_its_nonce_is_forgotten(
        self, caller: Caller
    ) -> None:
        body = caller.callback("save")
        caller.post(body)
        later = caller.wait(days=2)
        with db.write(caller.sessions) as session:
            saves.prune(session, later)
        assert caller.nonces() == []
        assert caller.post(body).status_code == 400
        assert caller.row().saved_at == NOON

    def test_a_nonce_is_kept_a_day_longer_than_it_can_count(
        self, caller: Caller
    ) -> None:
        caller.call()
        end = NOON + MESSAGE_LASTS + timedelta(days=1)
        for at, many in ((end, 1), (end + TICK, 0)):
            with db.write(caller.sessions) as session:
                saves.prune(session, at)
            assert len(caller.nonces()) == many

    def test_the_same_one_in_many_threads_is_noted_once(self, caller: Caller) -> None:
        changed: list[str] = []

        def watch(*said: Any) -> None:
            if "UPDATE google_object" in said[2]:
                changed.append(said[2])

        event.listen(caller.sessions.engine, "before_cursor_execute", watch)
        body = caller.callback("save", nonce="n-1")
        caller.keys.current(NOON)
        many = threading.Barrier(6, timeout=10)

        def post(client: Client) -> int:
            many.wait()
            return client.post("/callback", data=body).status_code

        clients = [caller.client_of(caller.sessions) for _ in range(6)]
        with ThreadPoolExecutor(6) as pool:
            answers = list(pool.map(post, clients))
        assert set(answers) == {200}
        assert caller.nonces() == ["n-1"]
        assert len(changed) == 1

    def test_different_ones_in_many_threads_are_all_noted(self, caller: Caller) -> None:
        bodies = [caller.callback(kind) for kind in ("save", "del") * 4]
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda body: caller.post(body).status_code, bodies))
        assert answers == [200] * 8
        row = caller.row()
        assert len(caller.nonces()) == 8
        assert row.saved_at != row.removed_at

    def test_a_save_sees_the_deletion_that_another_process_is_writing(
        self, postgresql_url: str
    ) -> None:
        engine = db.open_engine(postgresql_url)
        caller = open_caller(db.Sessions(engine))
        body = caller.callback("save")
        with ThreadPoolExecutor(1) as pool:
            with db.write(caller.sessions) as session:
                session.scalars(select(GoogleObject)).one().removed_at = NOON
                session.flush()
                saving = pool.submit(caller.post, body)
                # It stands before the row's lock by then.
                assert not wait([saving], timeout=0.3).done
            assert saving.result(10).status_code == 200
        assert caller.row().saved_at == NOON + TICK
        engine.dispose()

    def test_a_transaction_that_lost_begins_again(self, postgresql_url: str) -> None:
        engine = db.open_engine(postgresql_url)
        caller = open_caller(db.Sessions(engine))
        overtaking.lose(caller.sessions, "google_object", on="UPDATE")
        assert caller.call("save").status_code == 200
        assert caller.row().in_wallet
        engine.dispose()


class TestIgnored:
    @pytest.mark.parametrize(
        "changes",
        [
            {"eventType": "activate"},
            {"eventType": "activate", "objectId": None, "objectIds": ["o-1", "o-2"]},
            {"eventType": "SAVE"},
            {"eventType": "delete"},
            {"eventType": None},
            {"eventType": 5},
            {"eventType": ["save"]},
            {"eventType": "save\u0000"},
            {"eventType": "\u202e" * 500},
            {"nonce": None},
            {"nonce": 5},
            {"nonce": ""},
            {"nonce": "é"},
            {"nonce": "\u0000"},
            {"nonce": "n" * 201},
            {"objectId": None},
            {"objectId": 7},
            {"objectId": ""},
            {"objectId": f"{ISSUER}.c-nobody"},
            {"objectId": f"{ISSUER}.é"},
            {"objectId": f"{ISSUER}.\u0000"},
            {"objectId": f"{ISSUER}.{'c' * 5_000}"},
            {"objectId": f"{OTHER_ISSUER}.c-1"},
            {"classId": None},
            {"classId": {"id": 1}},
            {"classId": f"{ISSUER}.p-other"},
            {"classId": f"{OTHER_ISSUER}.p-cafe"},
            {"classId": f"{ISSUER}.p-cafe\n"},
        ],
        ids=range(28),
    )
    def test_what_is_not_for_us_is_200_and_leaves_nothing(
        self, lite: Caller, changes: dict[str, Any]
    ) -> None:
        body = lite.signed(spoken(lite, **changes))
        assert lite.post(body).status_code == 200
        assert lite.untouched

    def test_the_same_without_a_change_is_noted(self, lite: Caller) -> None:
        assert lite.post(lite.signed(spoken(lite))).status_code == 200
        assert lite.row().in_wallet

    def test_a_foreign_card_takes_no_room_on_either_engine(
        self, caller: Caller
    ) -> None:
        caller.call(object_id=f"{ISSUER}.c-nobody")
        assert caller.untouched

    def test_a_card_of_an_issuer_that_is_also_ours_is_not_this_one_s_to_speak_of(
        self, lite: Caller
    ) -> None:
        lite.issuers.add(OTHER_ISSUER)
        assert lite.post(lite.signed(spoken(lite), OTHER_ISSUER)).status_code == 200
        assert lite.untouched

    def test_what_is_unknown_writes_nothing(self, lite: Caller) -> None:
        asked: list[str] = []
        engine = lite.sessions.engine
        event.listen(
            engine, "before_cursor_execute", lambda *said: asked.append(said[2])
        )
        lite.call("activate")
        assert asked == []


class TestRefused:
    def test_a_forged_callback_is_400(self, lite: Caller) -> None:
        forger = CallbackSigner(at=NOON)
        body = forger.callback(
            "del", object_id=lite.object_id, class_id=lite.class_id, at=NOON
        )
        assert lite.post(body).status_code == 400
        assert lite.untouched

    def test_a_tampered_callback_is_400(self, lite: Caller) -> None:
        body = lite.callback("save").replace(rb"\"save\"", rb"\"del\"")
        assert lite.post(body).status_code == 400
        assert lite.untouched

    @pytest.mark.asvs("v5.0.0-9.2.3")
    def test_a_callback_to_another_issuer_is_400(self, lite: Caller) -> None:
        # Genuine, and about our card by its own words.
        body = lite.signed(spoken(lite), OTHER_ISSUER)
        assert lite.post(body).status_code == 400
        assert lite.untouched

    def test_without_an_issuer_nothing_is_believed(self, lite: Caller) -> None:
        lite.issuers.clear()
        assert lite.call().status_code == 400

    @pytest.mark.asvs("v5.0.0-9.2.1")
    def test_an_expired_callback_is_400(self, lite: Caller) -> None:
        body = lite.callback("save")
        lite.wait(seconds=MESSAGE_LASTS.total_seconds())
        assert lite.post(body).status_code == 400
        assert lite.untouched

    @pytest.mark.asvs("v5.0.0-9.2.1")
    def test_a_callback_of_an_expired_intermediate_key_is_400(
        self, lite: Caller
    ) -> None:
        body = lite.signed(spoken(lite))
        lite.wait(seconds=KEY_LASTS.total_seconds())
        assert lite.post(body).status_code == 400
        assert lite.untouched

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b"[]",
            b"null",
            b"save",
            b"\xff\xfe\x00",
            b'{"signature": "\\ud800"}',
            pytest.param(b"[" * 16_000, id="nested"),
            pytest.param(b"1" * 16_000, id="a number"),
            pytest.param(b'{"protocolVersion": "ECv1"}', id="another protocol"),
            pytest.param(b'{"protocolVersion": "ECv2SigningOnly"}', id="nothing else"),
        ],
    )
    def test_a_body_that_is_no_callback_is_400_and_fetches_nothing(
        self, lite: Caller, body: bytes
    ) -> None:
        assert lite.post(body).status_code == 400
        assert lite.google.asked == 0
        assert lite.untouched

    def test_a_genuine_callback_with_a_missing_part_is_400(self, lite: Caller) -> None:
        whole = json.loads(lite.callback())
        for name in whole:
            part = {other: whole[other] for other in whole if other != name}
            assert lite.post(json.dumps(part).encode()).status_code == 400
        assert lite.untouched

    def test_a_body_that_is_too_large_is_413(self, lite: Caller) -> None:
        assert lite.post(b"x" * 100_000).status_code == 413
        padded = lite.callback() + b" " * 100_000
        assert lite.post(padded).status_code == 413
        assert lite.untouched

    def test_a_body_without_a_length_is_not_read_for_ever(self, lite: Caller) -> None:
        body = Endless()
        answer = lite.client.post(
            "/callback",
            environ_overrides={
                "wsgi.input": body,
                "wsgi.input_terminated": True,
                "CONTENT_LENGTH": "",
            },
        )
        assert answer.status_code == 400
        assert body.given <= 32 * 1024

    @pytest.mark.parametrize(
        "said", ["text/plain", "application/x-www-form-urlencoded", "", "é/é"]
    )
    def test_a_body_is_read_whatever_its_type_is_said_to_be(
        self, lite: Caller, said: str
    ) -> None:
        assert lite.post(lite.callback(), content_type=said).status_code == 200
        assert lite.row().in_wallet

    @pytest.mark.parametrize(
        "method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
    )
    def test_any_other_method_is_405(self, lite: Caller, method: str) -> None:
        answer = lite.client.open("/callback", method=method, data=lite.callback())
        assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
        assert lite.untouched

    def test_a_slash_at_the_end_is_no_redirect(self, lite: Caller) -> None:
        assert lite.client.post("/callback/", data=lite.callback()).status_code == 200

    @pytest.mark.parametrize("path", ["/", "/callbacks", "/callback/x", "/x/callback"])
    def test_any_other_address_is_404(self, lite: Caller, path: str) -> None:
        assert lite.client.post(path, data=lite.callback()).status_code == 404
        assert lite.untouched

    def test_every_answer_is_empty_and_not_to_be_kept(self, lite: Caller) -> None:
        for answer in (lite.call(), lite.post(b"{}"), lite.client.get("/callback")):
            assert answer.data == b""
            assert answer.headers["Content-Length"] == "0"
            assert "no-store" in answer.headers["Cache-Control"]


class Endless:
    """A body that goes on and on."""

    given = 0

    def read(self, size: int = -1) -> bytes:
        size = 1024 if size < 0 else min(size, 1024)
        self.given += size
        return b" " * size


class TestKeys:
    def test_a_rotation_is_followed_at_once(self, lite: Caller) -> None:
        lite.call("save")
        later = lite.wait(seconds=PAUSE.total_seconds())
        lite.google.rotate(later)
        assert lite.call("del").status_code == 200
        assert not lite.row().in_wallet
        assert lite.google.asked == 2

    def test_right_after_a_question_a_rotation_is_followed_when_google_repeats(
        self, lite: Caller
    ) -> None:
        lite.call("save")
        lite.google.rotate(lite.wait(seconds=5))
        body = lite.callback("del")
        assert lite.post(body).status_code == 400
        lite.wait(seconds=PAUSE.total_seconds())
        assert lite.post(body).status_code == 200
        assert not lite.row().in_wallet

    def test_a_flood_of_forgeries_asks_google_seldom(self, lite: Caller) -> None:
        lite.call("save")
        forger = CallbackSigner(at=NOON)
        body = forger.callback(
            "del", object_id=lite.object_id, class_id=lite.class_id, at=NOON
        )
        for _ in range(100):
            assert lite.post(body).status_code == 400
            lite.wait(seconds=6)
        assert lite.google.asked <= 1 + 600 / PAUSE.total_seconds()
        assert lite.row().in_wallet

    def test_while_google_is_away_the_known_keys_are_good_enough(
        self, lite: Caller
    ) -> None:
        lite.call("save")
        lite.google.away = True
        lite.wait(days=5)
        assert lite.call("del").status_code == 200
        assert not lite.row().in_wallet

    def test_without_any_keys_it_is_503_and_can_come_again(self, lite: Caller) -> None:
        lite.google.away = True
        body = lite.callback("save")
        answer = lite.post(body)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) == PAUSE.total_seconds()
        lite.google.away = False
        lite.wait(seconds=PAUSE.total_seconds())
        assert lite.post(body).status_code == 200
        assert lite.row().in_wallet


class TestDatabase:
    def test_a_database_that_is_not_there_is_503(self, lite: Caller) -> None:
        away = db.open_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
        client = lite.client_of(db.Sessions(away))
        answer = client.post("/callback", data=lite.callback())
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        away.dispose()

    def test_without_a_database_a_forgery_is_still_400(self, lite: Caller) -> None:
        away = db.open_engine("postgresql+psycopg://nobody@127.0.0.1:1/nothing")
        client = lite.client_of(db.Sessions(away))
        body = lite.signed(spoken(lite), OTHER_ISSUER)
        assert client.post("/callback", data=body).status_code == 400
        away.dispose()

    def test_a_callback_that_met_a_busy_row_can_come_again(
        self, postgresql_url: str
    ) -> None:
        engine = db.open_engine(postgresql_url)
        caller = open_caller(db.Sessions(engine))
        body = caller.callback("save")
        with db.write(caller.sessions) as session:
            session.scalars(select(GoogleObject).with_for_update()).one()
            assert caller.post(body).status_code == 503
        assert caller.nonces() == []
        assert caller.post(body).status_code == 200
        assert caller.row().in_wallet
        engine.dispose()

    def test_a_mistake_of_ours_is_503_and_loud_for_the_operator(
        self, lite: Caller, caplog: pytest.LogCaptureFixture
    ) -> None:
        lite.issuers = None  # type: ignore[assignment]
        assert lite.call().status_code == 503
        assert "A callback failed" in caplog.text


def test_the_log_names_nobody(lite: Caller, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    lite.call("save")
    lite.call("activate\nforged line")
    lite.call("del", class_id=f"{OTHER_ISSUER}.Anna")
    lite.post(b'{"protocolVersion": "Anna Bell"}')
    said = caplog.text
    assert "saved" in said
    assert "\nforged line" not in said
    assert "Anna" not in said
    assert lite.object_id not in said
