"""How often something may be tried: counters shared by every worker.

They stand in the database, or in Redis when ``PALIER_LIMITS_URL`` is set, behind
the storage interface of the *limits* library. What an anonymous GET asks for is
counted in the process instead, so that it never writes.
"""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from limits import RateLimitItemPerSecond
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import TooManyRequests

from passes.clock import Clock
from passes.db import Sessions
from passes.errors import BusyError
from web.rate_counters import DatabaseStorage


@dataclass(frozen=True, slots=True)
class Rule:
    """At most *times* in each *window* for one key.

    *closed*: refuse when the counters cannot be had. *local*: count in the process.
    """

    name: str
    times: int
    window: timedelta
    closed: bool = False
    local: bool = False

    @property
    def item(self) -> RateLimitItemPerSecond:
        """The rule in the library's words."""
        seconds = int(self.window.total_seconds())
        return RateLimitItemPerSecond(self.times, seconds, namespace=self.name)


_QUARTER = timedelta(minutes=15)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)

SIGN_IN_ACCOUNT = Rule("sign-in-account", 5, _QUARTER, closed=True)
"""Wrong passwords for one e-mail address."""

SIGN_IN_ADDRESS = Rule("sign-in-address", 20, _QUARTER, closed=True)
"""Wrong passwords from one network."""

CODE_LOOKUP = Rule("code-lookup", 60, _MINUTE)
"""Codes that one person of the team, or one API key, looks up."""

WRONG_CODES = Rule("wrong-codes", 20, _HOUR, closed=True)
"""Codes that one person of the team, or one API key, got wrong."""

JOIN = Rule("join", 10, _HOUR)
"""Members who join from one network; beyond it they are noted, never refused."""

PASS_DOWNLOAD = Rule("pass-download", 60, _MINUTE, local=True)
"""Passes that one network downloads from the card page."""

SAVE_LINK = Rule("save-link", 120, _MINUTE, local=True)
"""Ways to Google Wallet that one network asks for; those who wait ask again."""

DENIED = Rule("denied", 60, _HOUR)
"""Refusals of one account that go to the audit log."""


class TooOftenError(TooManyRequests):
    """The rule's number was reached; try again in *palier_retry_after* seconds."""

    palier_code = "too_often"

    def __init__(self, retry_after: int) -> None:
        super().__init__()
        self.palier_retry_after = retry_after


class Limits:
    """Counts tries and refuses those that are too many.

    Keys are kept as digests: a counter names no address and no e-mail.
    """

    def __init__(
        self, storage: Storage, clock: Clock, key: bytes, *, faults: tuple[Any, ...]
    ) -> None:
        self._clock = clock
        self._key = key
        self._faults = faults
        self._shared = FixedWindowRateLimiter(storage)
        self._own = FixedWindowRateLimiter(MemoryStorage())

    def take(self, rule: Rule, key: str) -> None:
        """Count one try.

        Raises:
            TooOftenError: there were too many; it counts no more until they expire.
            BusyError: the counters cannot be had and the rule is closed.
        """
        self.check(rule, key)
        if not self._ask(
            rule, lambda: self._limiter(rule).hit(*self._named(rule, key))
        ):
            raise TooOftenError(self._wait(rule, key))

    def check(self, rule: Rule, key: str) -> None:
        """Refuse like `take`, without counting: a flood writes nothing."""
        if not self._ask(
            rule, lambda: self._limiter(rule).test(*self._named(rule, key))
        ):
            raise TooOftenError(self._wait(rule, key))

    def allows(self, rule: Rule, key: str) -> bool:
        """Count one try and tell whether it was among the allowed."""
        try:
            self.take(rule, key)
        except TooOftenError:
            return False
        return True

    def forget(self, rule: Rule, key: str) -> None:
        """Begin anew for the key."""
        self._ask(rule, lambda: self._clear(rule, key))

    def give_back(self, rule: Rule, key: str) -> None:
        """Uncount one try that turned out to be right."""
        self._ask(rule, lambda: self._uncount(rule, key))

    def _uncount(self, rule: Rule, key: str) -> bool:
        item, name = self._named(rule, key)
        storage = self._limiter(rule).storage
        storage.incr(item.key_for(name), item.get_expiry(), -1)
        return True

    def _clear(self, rule: Rule, key: str) -> bool:
        self._limiter(rule).clear(*self._named(rule, key))
        return True

    def _limiter(self, rule: Rule) -> FixedWindowRateLimiter:
        return self._own if rule.local else self._shared

    def _named(self, rule: Rule, key: str) -> tuple[RateLimitItemPerSecond, str]:
        digest = hmac.new(self._key, f"{rule.name}:{key}".encode(), hashlib.sha256)
        return rule.item, digest.hexdigest()[:32]

    def _ask(self, rule: Rule, question: Callable[[], bool]) -> bool:
        try:
            return question()
        except self._faults as error:
            if rule.closed:
                raise BusyError from error
            return True

    def _wait(self, rule: Rule, key: str) -> int:
        item, name = self._named(rule, key)
        expires = self._limiter(rule).storage.get_expiry(item.key_for(name))
        return max(1, round(expires - self._clock().timestamp()))


def in_database(sessions: Sessions, clock: Clock, key: bytes) -> Limits:
    """Return limits whose counters stand in the database."""
    storage = DatabaseStorage(sessions=sessions, clock=clock)
    return Limits(storage, clock, key, faults=(DBAPIError, BusyError))


def at(url: str, clock: Clock, key: bytes) -> Limits:
    """Return limits whose counters stand in the Redis at *url*."""
    storage = cast("Storage", storage_from_string(url, socket_timeout=2))
    return Limits(storage, clock, key, faults=(storage.base_exceptions,))
