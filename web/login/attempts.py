"""Who may sign in: password, limits, and the audit log of those who may not."""

from sqlalchemy.orm import Session

from passes.people import audit
from passes.people.actor import Actor
from web import limits, requests
from web.accounts import passwords, store
from web.accounts.account import Account
from web.services import services


def sign_in(email: str, password: str) -> Account | None:
    """Return the account when the password is its own and it may be used.

    Unknown, inactive and wrong look and last the same.

    Raises:
        TooOftenError: too many wrong ones for this address or from this network.
        BusyError: they cannot be counted, so nobody is let in.
    """
    address = store.normal_email(email)
    network = requests.network(requests.address())
    counted = ((limits.SIGN_IN_ACCOUNT, address), (limits.SIGN_IN_ADDRESS, network))
    # Counted before the slow check, or many tries at once would all be let through.
    for rule, key in counted:
        services().limits.take(rule, key)
    with services().read() as session:
        account = store.by_email(session, address)
    right = passwords.matches(account.password if account else None, password)
    if account is None or not right or not account.active:
        _note(account, "sign_in.failed")
        return None
    services().limits.forget(limits.SIGN_IN_ACCOUNT, address)
    services().limits.give_back(limits.SIGN_IN_ADDRESS, network)
    _renew_digest(account, password)
    _note(account, "sign_in")
    return account


def _renew_digest(account: Account, password: str) -> None:
    if account.password and passwords.outdated(account.password):
        digest = passwords.digest(password)
        with services().write() as session:
            store.renew_digest(session, account, digest)


def record(session: Session, account: Account | None, action: str) -> None:
    """Write down what the account's person did, with the change itself."""
    actor = _actor(account)
    audit.record(
        session, actor, action, actor.name, programme_id=None, at=services().clock()
    )


def _actor(account: Account | None) -> Actor:
    return Actor(
        kind="account" if account else "visitor",
        id=str(account.id) if account else "unknown",
        ip=requests.address(),
        request_id=requests.request_id(),
    )


def _note(account: Account | None, action: str) -> None:
    with services().write() as session:
        record(session, account, action)
