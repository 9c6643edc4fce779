"""An invitation lets one person in, once."""

import threading
import time

import pytest

from passes import db
from passes.db import Sessions
from passes.errors import NotFoundError
from tests.makers import NOON
from web.accounts import invitations, store

KEY = b"k" * 32


def test_of_two_who_follow_one_link_one_is_let_in(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        account = store.create(session, email="a@b.example", at=NOON)
        link = invitations.link(account, base_url="", key=KEY)
    token = link.rpartition("/")[2]
    refused = []

    def follow() -> None:
        try:
            with db.write(sessions) as session:
                found = invitations.accepted(session, token, key=KEY)
                store.keep_password(session, found, "the second digest")
        except NotFoundError as error:
            refused.append(error)

    second = threading.Thread(target=follow)
    with db.write(sessions) as session:
        found = invitations.accepted(session, token, key=KEY)
        second.start()
        time.sleep(0.3)
        store.keep_password(session, found, "the first digest")
    second.join()

    assert len(refused) == 1
    with db.read(sessions) as session:
        kept = store.by_email(session, "a@b.example")
        assert kept
        assert kept.password == "the first digest"


def test_a_link_of_somebody_else_lets_nobody_in(sessions: Sessions) -> None:
    with db.write(sessions) as session:
        account = store.create(session, email="a@b.example", at=NOON)
        link = invitations.link(account, base_url="", key=b"x" * 32)

    with db.read(sessions) as session, pytest.raises(NotFoundError):
        invitations.account(session, link.rpartition("/")[2], key=KEY)
