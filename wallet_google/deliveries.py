"""What became of a batch of cards at Google, and what that means for their rows.

One decision, free of network and database: `wallet_google.wallet` acts on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from passes.delivery import circuit as circuits
from passes.delivery import wallet
from passes.delivery.circuit import Circuit
from passes.delivery.wallet import Claimed, Report
from wallet_google import errors, setup
from wallet_google.errors import GoogleWalletError

MENDING = timedelta(minutes=15)
"""How long a lane rests when only a person can mend what stopped it."""

REFUSALS = 24
"""After how many, about a day of them, a card is given up until it changes."""

_SOON = timedelta(seconds=5)
_EXHAUSTED = timedelta(minutes=5)
_AGREE = 2
# Google's words for an account that may do nothing at all.
_FORBIDDEN = {
    "permissionDenied",
    "PERMISSION_DENIED",
    "forbidden",
    "insufficientPermissions",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    *setup.DISABLED,
}
# What Google could not fetch a moment ago, it may fetch now.
_ASIDE = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))


class Outcome(StrEnum):
    """How it ended for one card."""

    TAKEN = "taken"
    SAME = "same"
    """Google holds it already; nothing was sent."""
    REFUSED = "refused"
    """Not as it is, or not now: even a picture that Google could not fetch is said
    to be malformed."""
    THROTTLED = "throttled"
    EXHAUSTED = "exhausted"
    """A quota of the whole account is used up, and nobody says until when."""
    UNAVAILABLE = "unavailable"
    STOPPED = "stopped"
    """Nothing can be sent before a person lends a hand."""
    UNSENT = "unsent"


@dataclass(frozen=True, slots=True)
class Ended:
    """The end for one row. *again_at* is when Google, or a class, wants it tried.

    *notes* are what the row is to remember of what was taken; *error* is what was
    raised, where something was, and *reason* what it means in plainer words. *left*
    says that Google may have got it, *erasing* that this is what has to be forgotten.
    """

    row: Claimed
    outcome: Outcome
    error: GoogleWalletError | None = None
    again_at: datetime | None = None
    notes: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None
    left: bool = False
    erasing: bool = False

    @property
    def answered(self) -> bool:
        """Whether it shows that Google is there."""
        refused = self.outcome is Outcome.REFUSED and self.left
        return refused or self.outcome is Outcome.TAKEN

    @property
    def attempts(self) -> int | None:
        """What the row counts as tried: refusals, and one if Google may hold more."""
        if self.outcome is Outcome.REFUSED:
            return None
        return max(self.row.attempts - 1, int(self.left))

    @property
    def said(self) -> str:
        """What the operator reads; no person is named in it."""
        return self.reason or str(self.error or self.outcome.value)


def failed(
    row: Claimed, error: GoogleWalletError, at: datetime, *, left: bool = False
) -> Ended:
    """Return what an error at *at* means for a row; *left* is as in `Ended`."""
    if isinstance(error, errors.UnavailableError):
        kind = Outcome.UNAVAILABLE
        if isinstance(error, errors.ThrottledError):
            kind = Outcome.THROTTLED
        pause = timedelta(seconds=error.retry_after) if error.retry_after else None
        return Ended(row, kind, error, at + pause if pause else None, left=left)
    if isinstance(error, errors.ClassRefusedError):
        return Ended(row, Outcome.UNSENT, error, error.again_at)
    if isinstance(error, errors.QuotaExceededError):
        return Ended(row, Outcome.EXHAUSTED, error, left=left)
    kind = Outcome.STOPPED if _is_of_all(error) else Outcome.REFUSED
    return Ended(row, kind, error, left=left)


def agreed(ended: Sequence[Ended]) -> list[Ended]:
    """Return the ends, stopped where it is not about a card.

    That is where two were forbidden and none was taken, whatever the reason.
    """
    forbidden = [
        one
        for one in ended
        if one.outcome is Outcome.REFUSED
        and isinstance(one.error, errors.ForbiddenError)
    ]
    taken = any(one.outcome is Outcome.TAKEN for one in ended)
    if taken or len(forbidden) < _AGREE:
        return list(ended)
    return [
        replace(one, outcome=Outcome.STOPPED) if one in forbidden else one
        for one in ended
    ]


def _is_of_all(error: GoogleWalletError) -> bool:
    """Tell whether no card can be sent for this error, whichever met it."""
    if isinstance(error, errors.ForbiddenError):
        return error.reason in _FORBIDDEN
    return isinstance(error, errors.CredentialsError)


def report(ended: Sequence[Ended], circuit: Circuit, at: datetime) -> Report:
    """Return the end of each row, and whether and why the lane is to rest."""
    pause_until, reason = _rest(ended, circuit, at)
    answers = [_answer(one, pause_until, at) for one in ended]
    return Report(answers, pause_until, reason)


def stopped(claimed: Sequence[Claimed], reason: str, at: datetime) -> Report:
    """Return that nothing was sent, because a person has to mend something."""
    until = at + MENDING
    return Report([_unsent(row, reason, until) for row in claimed], until, reason)


def postponed(claimed: Sequence[Claimed], at: datetime) -> Report:
    """Return that nothing was sent, because another worker tries Google."""
    later = at + circuits.SHORTEST
    return Report([_unsent(row, "waiting for Google", later) for row in claimed])


def _rest(
    ended: Sequence[Ended], circuit: Circuit, at: datetime
) -> tuple[datetime | None, str | None]:
    for one in ended:
        if one.outcome is Outcome.STOPPED:
            return at + MENDING, one.said
    for one in ended:
        if one.outcome is Outcome.EXHAUSTED:
            return at + _EXHAUSTED, one.said
    if any(one.answered for one in ended):
        circuit.succeeded()
    elif troubles := [one for one in ended if one.outcome is Outcome.UNAVAILABLE]:
        return circuit.failed(at), troubles[0].said
    return None, None


def _answer(one: Ended, pause_until: datetime | None, at: datetime) -> wallet.Answer:
    if one.outcome in {Outcome.TAKEN, Outcome.SAME}:
        delivered = wallet.Outcome.DELIVERED
        return wallet.Answer(one.row.row_id, delivered, notes=one.notes)
    if _is_dead(one):
        return wallet.Answer(one.row.row_id, wallet.Outcome.DEAD, one.said)
    again_at = _again(one, pause_until, at)
    return _retry(one.row, one.said, again_at, one.attempts)


def _is_dead(one: Ended) -> bool:
    if one.outcome is not Outcome.REFUSED or one.erasing:
        return False
    return one.row.attempts >= REFUSALS


def _again(one: Ended, pause_until: datetime | None, at: datetime) -> datetime | None:
    """Return when to try the row again; None for the usual growing wait."""
    match one.outcome:
        case Outcome.REFUSED if one.erasing:
            return at + MENDING
        case Outcome.REFUSED:
            return at + _ASIDE[min(one.row.attempts, len(_ASIDE)) - 1]
        case Outcome.THROTTLED:
            return one.again_at or at + timedelta(seconds=1)
        case Outcome.UNAVAILABLE | Outcome.UNSENT:
            # The lane's own rest protects Google; a row adds nothing to it.
            return pause_until or one.again_at or at + _SOON
        case _:
            return pause_until


def _unsent(row: Claimed, error: str, retry_at: datetime) -> wallet.Answer:
    return _retry(row, error, retry_at, row.attempts - 1)


def _retry(
    row: Claimed, error: str, retry_at: datetime | None, attempts: int | None
) -> wallet.Answer:
    return wallet.Answer(row.row_id, wallet.Outcome.RETRY, error, retry_at, attempts)
