"""Passwords: argon2id, and no more than two at a time."""

import threading
import unicodedata

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from passes.errors import InvalidError
from web.accounts import common_passwords

SHORTEST = 12
LONGEST = 128

# 19 MiB, two passes, one lane: about 33 ms (OWASP's parameters).
_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
# Eight people who sign in at once must not take eight times the memory.
_turns = threading.BoundedSemaphore(2)
# An unknown account costs as much time as a wrong password.
_NOBODY = (
    "$argon2id$v=19$m=19456,t=2,p=1$OUHkQRownGn+ITsVdTpBQA"
    "$ADLopi05mvrHp4Wc3U864GDucC1diXqBalkt3Fx6WTQ"
)


def check(password: str, *, about: tuple[str, ...] = ()) -> None:
    """Refuse a password that is too short, too long or too common.

    *about* are words that others know of the person: e-mail address, name.

    Raises:
        InvalidError: with the reason, for the field ``password``.
    """
    if len(password) < SHORTEST:
        raise InvalidError("password", f"Use {SHORTEST} characters or more.")
    if len(password) > LONGEST:
        raise InvalidError("password", f"Use {LONGEST} characters or fewer.")
    if common_passwords.contain(password, about):
        raise InvalidError(
            "password", "This password is easy to guess. Use several unrelated words."
        )


def chosen(password: str, *, about: tuple[str, ...] = ()) -> str:
    """Return what is kept of a new password.

    It takes its time: call it outside of any transaction.

    Raises:
        InvalidError: as `check` says.
    """
    check(password, about=about)
    return digest(password)


def digest(password: str) -> str:
    """Return what is kept of the password."""
    with _turns:
        return _hasher.hash(_normal(password))


def matches(kept: str | None, password: str) -> bool:
    """Tell whether *password* is the one that *kept* was made from.

    It takes as long when nothing is kept, so that nobody learns who has an account.
    """
    if len(password) > LONGEST:
        return False
    with _turns:
        try:
            _hasher.verify(kept or _NOBODY, _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def outdated(kept: str) -> bool:
    """Tell whether *kept* was made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


def _normal(password: str) -> str:
    # Two keyboards may write one letter in two ways.
    return unicodedata.normalize("NFKC", password)
