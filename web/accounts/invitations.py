"""Links by which a person chooses a password: a first one, or a new one.

The link is signed and names the account and its *fs_uniquifier*, which a new password
changes: it works once, and not at all after any other change of credentials.
"""

from datetime import timedelta

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from passes.errors import NotFoundError
from web.accounts.account import Account

VALID = timedelta(days=3)
"""How long a link can be used."""

PURPOSE = "invitation"
"""The label of the key that signs links."""

_SALT = "invitation-1"


def link(account: Account, *, base_url: str, key: bytes) -> str:
    """Return the address where the account's person chooses a password."""
    token = URLSafeTimedSerializer(key, salt=_SALT).dumps(
        [account.id, account.fs_uniquifier]
    )
    return f"{base_url}/welcome/{token}"


def account(session: Session, token: str, *, key: bytes) -> Account:
    """Return the account that the link is for.

    Raises:
        NotFoundError: it is no link of ours, too old, or was used.
    """
    return _found(session, _query(token, key))


def accepted(session: Session, token: str, *, key: bytes) -> Account:
    """Return the same, held: of two who follow one link, the second is refused.

    Raises:
        NotFoundError: it is no link of ours, too old, or was used.
    """
    return _found(session, _query(token, key).with_for_update())


def _query(token: str, key: bytes) -> Select[Account]:
    try:
        account_id, uniquifier = URLSafeTimedSerializer(key, salt=_SALT).loads(
            token, max_age=int(VALID.total_seconds())
        )
    except BadSignature as error:
        raise NotFoundError("invitation") from error
    return select(Account).where(
        Account.id == account_id, Account.fs_uniquifier == uniquifier
    )


def _found(session: Session, query: Select[Account]) -> Account:
    found = session.scalar(query)
    if found is None or not found.active:
        raise NotFoundError("invitation")
    return found
