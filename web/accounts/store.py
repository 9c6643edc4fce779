"""Accounts in the database: found and changed in transactions as short as can be."""

import secrets
from datetime import datetime
from typing import Any

from flask import g
from flask_security.datastore import UserDatastore
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from passes import db
from passes.db import Sessions
from passes.errors import InvalidError
from passes.programmes.programme import LANGUAGES
from web.accounts import passwords, sessions
from web.accounts.account import Account, AccountRole


class AccountStore(UserDatastore):
    """What Flask-Security asks for, on the one session factory of Palier.

    SQLite has a single writer, so no transaction spans a request: a search is a
    snapshot of its own, and what was `put` is written when the library commits.
    """

    def __init__(self, factory: Sessions) -> None:
        super().__init__(Account, AccountRole)
        self._sessions = factory

    def find_user(
        self, case_insensitive: bool = False, **kwargs: Any
    ) -> Account | None:
        """Return the account that has these values, or None."""
        query = select(Account)
        for name, value in kwargs.items():
            column = getattr(Account, name)
            if case_insensitive:
                query = query.where(func.lower(column) == value.lower())
            else:
                query = query.where(column == value)
        with db.read(self._sessions) as session:
            return session.scalar(query)

    def find_role(self, role: str) -> None:
        """Return nothing: roles belong to programmes (passes.people.team)."""

    def put(self, model: Any) -> Any:
        """Note the account for the next `commit`."""
        g.setdefault("changed_accounts", []).append(model)
        return model

    def commit(self) -> None:
        """Write what was put, in one transaction."""
        changed = g.pop("changed_accounts", [])
        if changed:
            with db.write(self._sessions) as session:
                for account in changed:
                    session.merge(account)


def normal_email(email: str) -> str:
    """Return the address as accounts keep it."""
    return email.strip().casefold()


def by_email(session: Session, email: str) -> Account | None:
    """Return the account with the e-mail address, or None."""
    return session.scalar(select(Account).where(Account.email == normal_email(email)))


def create(
    session: Session,
    *,
    email: str,
    at: datetime,
    name: str | None = None,
    password: str | None = None,
    language: str = "fr",
) -> Account:
    """Add an account and return it; without *password* nobody can sign in to it yet.

    Raises:
        InvalidError: the address is none or is taken, or the password is too weak.
    """
    address = normal_email(email)
    local, _, domain = address.partition("@")
    if not local or not domain or len(address) > _LONGEST_EMAIL or " " in address:
        raise InvalidError("email", "Give an e-mail address.")
    if by_email(session, address) is not None:
        raise InvalidError("email", "Another account has this address.")
    if language not in LANGUAGES:
        raise InvalidError("language", "Use fr or en.")
    account = Account(
        email=address,
        name=name,
        password=None,
        active=True,
        language=language,
        fs_uniquifier=secrets.token_hex(32),
        created_at=at,
    )
    session.add(account)
    session.flush()
    if password is not None:
        set_password(session, account, password)
    return account


def set_password(
    session: Session, account: Account, password: str, *, keep: str | None = None
) -> None:
    """Give the account this password; every session ends, but the row *keep*.

    Raises:
        InvalidError: the password is too weak.
    """
    keep_password(
        session,
        account,
        passwords.chosen(password, about=account.known_words),
        keep=keep,
    )


def keep_password(
    session: Session, account: Account, digest: str, *, keep: str | None = None
) -> None:
    """Give the account a password that was `passwords.chosen`, as `set_password`."""
    account.password = digest
    end_sessions(session, account, keep=keep)


def renew_digest(session: Session, account: Account, digest: str) -> None:
    """Keep a stronger *digest* of the password that *account* had when it was read.

    A password that was chosen since then stays.
    """
    session.execute(
        update(Account)
        .where(Account.id == account.id, Account.password == account.password)
        .values(password=digest)
        .execution_options(synchronize_session=False)
    )


def end_sessions(
    session: Session, account: Account, *, keep: str | None = None
) -> None:
    """Sign the account out everywhere, at the next request of each browser."""
    account.fs_uniquifier = secrets.token_hex(32)
    sessions.end_all(session, account.id, but=keep)
    session.flush()


_LONGEST_EMAIL = 254
