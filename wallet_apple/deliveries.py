"""What Apple's answers to a batch of pushes mean for the rows that it was for.

One decision, free of network and database: `wallet_apple.wallet` acts on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from passes.delivery import circuit as circuits
from passes.delivery import wallet
from passes.delivery.circuit import Circuit
from passes.delivery.wallet import Claimed, Report
from wallet_apple.apns_answers import Answer, Outcome

MENDING = timedelta(minutes=15)
"""How long a lane rests when only a person can mend what stopped it."""

_SOON = timedelta(seconds=5)
_BUSY = timedelta(minutes=1)
_LONGEST_BUSY = timedelta(minutes=30)
_ASIDE = timedelta(hours=1)
# A day of refusals, one an hour, and then not before the card changes again.
_REFUSALS = 24

_UNTRIED = {Outcome.UNAVAILABLE, Outcome.UNSENT}
_UNANSWERED = {Outcome.UNAVAILABLE, Outcome.UNKNOWN, Outcome.UNSENT}


@dataclass(frozen=True, slots=True)
class Batch:
    """The claimed rows, the push token of each, and what Apple said of the tokens.

    *removed* are the tokens whose devices were forgotten for it.
    """

    claimed: Sequence[Claimed]
    tokens: Mapping[int, str]
    answers: Mapping[str, Answer]
    removed: frozenset[str] = frozenset()


def dead(answers: Mapping[str, Answer]) -> dict[str, datetime | None]:
    """Return the tokens that died, and when; None for what never was a token."""
    return {
        token: answer.gone_at
        for token, answer in answers.items()
        if answer.outcome in {Outcome.GONE, Outcome.BAD_TOKEN}
    }


def report(batch: Batch, circuit: Circuit, at: datetime) -> Report:
    """Return the end of each row, and whether and why the lane is to rest."""
    pause_until, reason = _rest(batch.answers, circuit, at)
    ends = (
        _end(row, batch.answers[batch.tokens[row.row_id]], pause_until, at)
        for row in batch.claimed
        # A row whose device is gone went with it.
        if row.row_id in batch.tokens and batch.tokens[row.row_id] not in batch.removed
    )
    return Report(list(ends), pause_until, reason)


def stopped(claimed: Sequence[Claimed], reason: str, at: datetime) -> Report:
    """Return that nothing was sent, because a person has to mend something."""
    until = at + MENDING
    return Report([_unsent(row, reason, until) for row in claimed], until, reason)


def postponed(claimed: Sequence[Claimed], at: datetime) -> Report:
    """Return that nothing was sent, because another worker tries the service."""
    later = at + circuits.SHORTEST
    return Report([_unsent(row, "waiting for the service", later) for row in claimed])


def _rest(
    answers: Mapping[str, Answer], circuit: Circuit, at: datetime
) -> tuple[datetime | None, str | None]:
    stops = [a for a in answers.values() if a.outcome.stops_the_lane]
    if stops:
        return at + MENDING, _said(stops[0])
    if not answers or any(a.outcome not in _UNANSWERED for a in answers.values()):
        circuit.succeeded()
        return None, None
    worst = next(iter(answers.values()))
    return circuit.failed(at), _said(worst)


def _end(
    row: Claimed, answer: Answer, pause_until: datetime | None, at: datetime
) -> wallet.Answer:
    if answer.outcome is Outcome.ACCEPTED:
        return wallet.Answer(row.row_id, wallet.Outcome.DELIVERED)
    said = _said(answer)
    if answer.outcome is Outcome.REFUSED and row.attempts >= _REFUSALS:
        return wallet.Answer(row.row_id, wallet.Outcome.DEAD, said)
    again_at = _again(row, answer.outcome, pause_until, at)
    if answer.outcome in _UNTRIED or answer.outcome.stops_the_lane:
        return _unsent(row, said, again_at)
    return wallet.Answer(row.row_id, wallet.Outcome.RETRY, said, again_at)


def _again(
    row: Claimed, outcome: Outcome, pause_until: datetime | None, at: datetime
) -> datetime | None:
    """Return when to try the row again; None for the usual growing wait."""
    match outcome:
        case Outcome.BUSY:
            doublings: int = 2 ** min(row.attempts - 1, 10)
            return at + min(_BUSY * doublings, _LONGEST_BUSY)
        case Outcome.REFUSED:
            return at + _ASIDE
        case Outcome.UNAVAILABLE | Outcome.UNSENT:
            # The lane's own rest protects the service; a row adds nothing to it.
            return pause_until or at + _SOON
        case _:
            return pause_until


def _unsent(row: Claimed, error: str, retry_at: datetime | None) -> wallet.Answer:
    """A retry that tells nothing of the row itself, and counts for nothing."""
    retry, attempts = wallet.Outcome.RETRY, row.attempts - 1
    return wallet.Answer(row.row_id, retry, error, retry_at, attempts)


def _said(answer: Answer) -> str:
    status = f"{answer.status} " if answer.status else ""
    return f"{status}{answer.reason or answer.outcome.value}"
