"""Which pass type the passes in the field have."""

from pathlib import Path

import pytest

from passes import db
from tests.wallet_apple.counters import (
    PASS_TYPE,
    Counter,
    RememberedPushes,
    open_counter,
)
from wallet_apple import reach


@pytest.fixture
def counter(sessions: db.Sessions, development: Path) -> Counter:
    return open_counter(sessions, development, RememberedPushes())


def in_use(counter: Counter, signing: str | None = "pass.signing") -> str | None:
    with db.read(counter.sessions) as session:
        return reach.pass_type_in_use(session, signing)


def test_a_pass_that_nobody_took_binds_nobody(counter: Counter) -> None:
    assert in_use(counter) is None


def test_a_pass_that_was_downloaded_is_of_what_signed_it(counter: Counter) -> None:
    counter.fetch()
    counter.wallet.flush()
    assert in_use(counter) == "pass.signing"


def test_what_a_device_registered_counts_whatever_signs_now(counter: Counter) -> None:
    counter.register()
    assert in_use(counter) == PASS_TYPE
    assert in_use(counter, None) == PASS_TYPE
