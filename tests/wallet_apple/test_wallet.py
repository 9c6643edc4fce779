"""Apple's wallet: passes made, pushes sent, devices kept or forgotten."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from passes import db
from passes.delivery.lanes import Lane
from passes.errors import NotFoundError
from tests import overtaking
from tests.makers import NOON
from tests.wallet_apple.counters import (
    Counter,
    RememberedPushes,
    open_counter,
    push_token,
)
from wallet_apple import authority
from wallet_apple.apns_answers import Answer, Outcome
from wallet_apple.errors import CertificateError
from wallet_apple.timeline import Timeline

SECOND = timedelta(seconds=1)


@pytest.fixture
def pushes() -> RememberedPushes:
    return RememberedPushes()


@pytest.fixture
def counter(
    sessions: db.Sessions, development: Path, pushes: RememberedPushes
) -> Counter:
    return open_counter(sessions, development, pushes)


def lane(counter: Counter) -> Lane | None:
    with db.read(counter.sessions) as session:
        return session.get(Lane, counter.lane)


class TestOpened:
    def test_a_new_card_has_a_pass_with_secrets_of_its_own(
        self, counter: Counter
    ) -> None:
        one, other = counter.apple_pass(), counter.apple_pass(counter.new_card())
        assert one.serial_number != other.serial_number
        assert one.authentication_token != other.authentication_token
        assert len(one.authentication_token) >= 43

    def test_the_web_service_has_no_slash_at_the_end(self, counter: Counter) -> None:
        assert counter.apple_pass().web_service_url.endswith("example.org/apple")

    def test_a_card_that_has_a_pass_keeps_it(self, counter: Counter) -> None:
        before = counter.apple_pass().serial_number
        with db.write(counter.sessions) as session:
            counter.wallet.opened(session, [counter.card_id], NOON)
        assert counter.apple_pass().serial_number == before


class TestDeliver:
    def test_one_push_for_a_device_however_many_of_its_cards_changed(
        self, counter: Counter, pushes: RememberedPushes
    ) -> None:
        others = [counter.new_card() for _ in range(3)]
        for card_id in (counter.card_id, *others):
            counter.register(card_id=card_id)
        counter.revise(counter.card_id, *others)
        counter.drain()
        assert len(pushes.tokens) == 1
        assert all(row.delivered == row.wanted for row in counter.registrations())

    @pytest.mark.parametrize(
        ("gone_at", "left"), [(NOON - SECOND, 1), (NOON + SECOND, 0)]
    )
    def test_a_dead_token_costs_what_was_registered_before_it_died(
        self,
        counter: Counter,
        pushes: RememberedPushes,
        gone_at: datetime,
        left: int,
    ) -> None:
        counter.register()
        counter.revise()
        pushes.otherwise = Answer(Outcome.GONE, 410, "Unregistered", gone_at)
        counter.drain()
        assert len(counter.devices()) == left

    @pytest.mark.parametrize(
        "outcome",
        sorted(set(Outcome) - {Outcome.GONE, Outcome.BAD_TOKEN, Outcome.ACCEPTED}),
    )
    def test_no_other_answer_costs_a_device(
        self, counter: Counter, pushes: RememberedPushes, outcome: Outcome
    ) -> None:
        for number in range(3):
            counter.register(f"device-{number}", push_token())
        counter.revise()
        pushes.otherwise = Answer(outcome, 400, "SomeReason")
        counter.drain()
        assert len(counter.devices()) == 3
        assert all(row.wanted > row.delivered for row in counter.registrations())

    @pytest.mark.postgresql
    def test_a_removal_that_was_overtaken_is_done_again(
        self, postgresql_url: str, development: Path, pushes: RememberedPushes
    ) -> None:
        engine = db.open_engine(postgresql_url)
        counter = open_counter(db.Sessions(engine), development, pushes)
        counter.register(token="ab" * 32)
        counter.revise()
        overtaking.lose(counter.sessions, "device", on="DELETE")
        pushes.answers["ab" * 32] = Answer(Outcome.BAD_TOKEN, 400, "BadDeviceToken")
        counter.clock.wait(10)
        counter.drain()
        assert counter.devices() == []
        engine.dispose()

    def test_refused_credentials_rest_the_lane_and_say_why(
        self, counter: Counter, pushes: RememberedPushes
    ) -> None:
        counter.register()
        counter.revise()
        pushes.otherwise = Answer(Outcome.CREDENTIALS, 403, "BadCertificate")
        counter.drain()
        stopped = lane(counter)
        assert stopped
        assert stopped.reason == "403 BadCertificate"
        counter.clock.wait(60)
        assert counter.drain() == 0

    def test_a_renewed_certificate_ends_the_rest_at_the_next_tick(
        self, sessions: db.Sessions, development: Path, tmp_path: Path
    ) -> None:
        folder = Path(shutil.copytree(development, tmp_path / "certs"))
        pushes = RememberedPushes()
        counter = open_counter(sessions, folder, pushes)
        counter.register()
        counter.revise()
        pushes.otherwise = Answer(Outcome.CREDENTIALS, 403, "BadCertificate")
        counter.drain()
        counter.wallet.tick()
        counter.clock.wait(20)
        assert counter.drain() == 0
        shutil.rmtree(folder)
        authority.write(folder, at=NOON)
        pushes.otherwise = Answer(Outcome.ACCEPTED, 200)
        counter.wallet.tick()
        counter.clock.wait(1000)
        assert counter.drain() == 1

    def test_an_expired_certificate_sends_nothing_and_says_so(
        self, sessions: db.Sessions, development: Path
    ) -> None:
        pushes = RememberedPushes()
        counter = open_counter(sessions, development, pushes)
        counter.register()
        counter.clock.wait(5 * 366 * 24 * 3600)
        counter.revise()
        counter.drain()
        stopped = lane(counter)
        assert stopped
        assert "ended on" in (stopped.reason or "")
        assert pushes.batches == []

    def test_the_rows_of_another_pass_type_are_not_pushed(
        self, counter: Counter, pushes: RememberedPushes
    ) -> None:
        report = counter.wallet.deliver("apple:pass.other", [], NOON)
        assert report.pause_until
        assert pushes.batches == []


class TestPassFile:
    def test_a_card_without_a_pass_is_not_found(self, counter: Counter) -> None:
        with db.read(counter.sessions) as session, pytest.raises(NotFoundError):
            counter.wallet.pass_file(session, 9999, NOON)

    def test_it_is_a_signed_pass(self, counter: Counter) -> None:
        with db.read(counter.sessions) as session:
            data = counter.wallet.pass_file(session, counter.card_id)
        assert data.startswith(b"PK")

    def test_an_expired_certificate_is_told_with_its_remedy(
        self, counter: Counter
    ) -> None:
        counter.clock.wait(5 * 366 * 24 * 3600)
        with db.read(counter.sessions) as session, pytest.raises(CertificateError):
            counter.wallet.pass_file(session, counter.card_id)


class TestTimeline:
    def test_it_tells_each_step_of_a_change(
        self, counter: Counter, pushes: RememberedPushes
    ) -> None:
        counter.register()
        counter.list()
        counter.wallet.tick()
        counter.revise()
        [before] = timeline(counter).devices
        counter.drain()
        [pushed] = timeline(counter).devices
        counter.list()
        counter.fetch()
        counter.wallet.tick()
        told = timeline(counter)
        [after] = told.devices
        assert (before.wanted, before.pushed, before.informed) == (2, 1, False)
        assert (pushed.pushed, pushed.pushed_at, pushed.informed) == (2, NOON, False)
        assert (after.listed_at, after.informed) == (NOON, True)
        assert (told.fetched_revision, told.fetched_at) == (2, NOON)

    def test_it_shows_why_a_device_is_behind(
        self, counter: Counter, pushes: RememberedPushes
    ) -> None:
        counter.register()
        counter.revise()
        pushes.otherwise = Answer(Outcome.REFUSED, 400, "DeviceTokenNotForTopic")
        counter.drain()
        [device] = timeline(counter).devices
        assert device.error == "400 DeviceTokenNotForTopic"
        assert device.due_at == NOON + timedelta(hours=1)

    def test_it_has_what_devices_said_of_the_pass(self, counter: Counter) -> None:
        serial = counter.apple_pass().serial_number
        line = f"Get pass task (serial number {serial}) error: it was unchanged"
        counter.client.post("/v1/log", json=[line, "something else"])
        counter.wallet.tick()
        [said] = timeline(counter).log
        assert (said.kind, said.text) == ("unchanged_listed", line)

    def test_a_card_without_a_pass_is_not_found(self, counter: Counter) -> None:
        with db.read(counter.sessions) as session, pytest.raises(NotFoundError):
            counter.wallet.state_for_operator(session, 9999)


def timeline(counter: Counter) -> Timeline:
    with db.read(counter.sessions) as session:
        return counter.wallet.state_for_operator(session, counter.card_id)


def test_installed_counts_the_card_s_devices(counter: Counter) -> None:
    for number in range(3):
        counter.register(f"device-{number}", push_token())
    with db.read(counter.sessions) as session:
        assert counter.wallet.installed(session, counter.card_id) == 3
