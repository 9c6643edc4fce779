"""Signing in and out."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from passes.people.actor import Role
from passes.people.audit import AuditRecord
from tests.web.clocks import HeldClock
from tests.web.conftest import PASSWORD, Browser, Worker
from web.accounts import store
from web.accounts.account import Account
from web.services import Services
from web.tables import WebSession

SignIn = Callable[..., Worker]


def test_the_right_password_leads_to_the_place_of_work(sign_in: SignIn) -> None:
    owner = sign_in(Role.OWNER)

    answer = owner.browser.get("/home")

    assert answer.headers["Location"] == "/studio/"


def test_staff_are_led_to_the_till(sign_in: SignIn) -> None:
    assert sign_in(Role.STAFF).browser.get("/home").headers["Location"] == "/staff/"
