"""Sending a batch: classes before the cards that need them, several at a time."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from passes.clock import Clock
from passes.delivery.wallet import Claimed
from passes.errors import BusyError
from wallet_google import deliveries, sending, setup
from wallet_google.classes import Classes
from wallet_google.client import Client
from wallet_google.crew import Crew
from wallet_google.deliveries import Ended, Outcome
from wallet_google.errors import GoogleWalletError, MistakeError, UnavailableError
from wallet_google.pictures import Pictures
from wallet_google.sending import Letter, Parcel
from wallet_google.slots import Slots

_CALL_SECONDS = 12.0
# For less, nothing is begun.
_LEAST_SECONDS = 0.5

_log = logging.getLogger(__name__)

_TROUBLES = {Outcome.UNAVAILABLE, Outcome.EXHAUSTED, Outcome.STOPPED}


class Sender:
    """Brings parcels to Google; safe to share between threads."""

    def __init__(
        self,
        client: Client,
        classes: Classes,
        pictures: Pictures,
        slots: Slots,
        clock: Clock,
    ) -> None:
        """Send nothing yet."""
        self.client = client
        self.classes = classes
        self.pictures = pictures
        self._slots = slots
        self.clock = clock

    def send(
        self,
        crew: Crew,
        claimed: Sequence[Claimed],
        parcels: Sequence[Parcel],
        *,
        until: float,
        probing: bool = False,
    ) -> list[Ended]:
        """Send what is not at Google already, and return how it ended for each row.

        *parcels* are what the rows are owed, and leave in that order. It ends soon
        after *until*, in seconds of `time.monotonic`. When *probing*, one card goes
        before all others, which stay here if Google is not there.
        """
        letters, ended = self._write_all(claimed, parcels)
        self._slots.give_back(len(claimed) - sum(not letter.same for letter in letters))
        batch = _Batch(self, until)
        refused = batch.bring_classes(letters)
        ended += refused.values()
        letters = [one for one in letters if one.row.row_id not in refused]
        ended += [Ended(one.row, Outcome.SAME) for one in letters if one.same]
        leaving = [one for one in letters if not one.same]
        first = 1 if probing else 0
        for part in (leaving[:first], leaving[first:]):
            ended += crew.run([partial(batch.send, letter) for letter in part])
        return [self._explained(one) for one in deliveries.agreed(ended)]

    def _write_all(
        self, claimed: Sequence[Claimed], parcels: Sequence[Parcel]
    ) -> tuple[list[Letter], list[Ended]]:
        """Return what is to be sent, and the end of what cannot even be written."""
        rows = {row.row_id: row for row in claimed}
        written = [self._write(rows[parcel.row_id], parcel) for parcel in parcels]
        letters = [one for one in written if isinstance(one, Letter)]
        return letters, [one for one in written if isinstance(one, Ended)]

    def _write(self, row: Claimed, parcel: Parcel) -> Letter | Ended:
        try:
            return sending.write(row, parcel, self.pictures)
        except Exception as error:
            return deliveries.failed(row, _foreseen(error), self.clock())

    def _explained(self, one: Ended) -> Ended:
        """Say in plain words what only a person can mend."""
        if one.outcome is not Outcome.STOPPED or one.error is None:
            return one
        found = setup.explain(self.client, one.error)
        said = f"{found.message} {found.remedy}"
        return replace(one, reason=said)


class _Batch:
    """What is on its way together: it ends together, and gives up together."""

    def __init__(self, sender: Sender, until: float) -> None:
        self._sender = sender
        self._until = until
        self._trouble = threading.Event()
        self._bringing = threading.Lock()

    def bring_classes(self, letters: Sequence[Letter]) -> Mapping[int, Ended]:
        """Have Google hold the classes; return the rows whose class it does not."""
        refused: dict[int, Ended] = {}
        of: dict[int, list[Letter]] = {}
        for letter in letters:
            if not letter.parcel.erased:
                of.setdefault(letter.parcel.programme_id, []).append(letter)
        for waiting in of.values():
            for one in self._bring_first(waiting):
                refused[one.row.row_id] = one
        return refused

    def send(self, letter: Letter) -> Ended:
        """Send one card, and its class when Google has lost that."""
        try:
            ended = self._send_with_class(letter)
        except Exception as error:
            at = self._sender.clock()
            ended = deliveries.failed(letter.row, _foreseen(error), at, left=True)
        if ended.outcome in _TROUBLES:
            self._trouble.set()
        return ended

    def _send_with_class(self, letter: Letter) -> Ended:
        ended = self._send(letter)
        if sending.lacks_class(ended.error, letter.parcel.class_id):
            error = self._bring_back(letter.parcel)
            if error is None:
                ended = self._send(letter)
            else:
                ended = deliveries.failed(letter.row, error, self._sender.clock())
        return ended

    def _send(self, letter: Letter) -> Ended:
        within = self._seconds()
        if self._trouble.is_set() or within < _LEAST_SECONDS:
            return Ended(letter.row, Outcome.UNSENT)
        at = self._sender.clock()
        return sending.send(self._sender.client, letter, within, at)

    def _bring_first(self, waiting: Sequence[Letter]) -> list[Ended]:
        """Bring the class that all *waiting* are of; return their end if it is not."""
        parcel = waiting[0].parcel
        if self._is_current(parcel):
            return []
        within = self._seconds()
        if self._trouble.is_set() or within < _LEAST_SECONDS:
            return [Ended(letter.row, Outcome.UNSENT) for letter in waiting]
        bring = self._sender.classes.bring
        error = _raised(partial(bring, parcel.programme_id, parcel.class_id, within))
        if error is None:
            return []
        at = self._sender.clock()
        ended = [deliveries.failed(letter.row, error, at) for letter in waiting]
        if ended[0].outcome in _TROUBLES:
            self._trouble.set()
        return ended

    def _is_current(self, parcel: Parcel) -> bool:
        return self._sender.classes.is_current(
            parcel.loyalty_class, parcel.content.look, parcel.class_language
        )

    def _bring_back(self, parcel: Parcel) -> GoogleWalletError | None:
        """Have Google take a lost class anew: once, for all that miss it."""
        known = parcel.loyalty_class
        tries = known.tries if known else 0
        with self._bringing:
            bring_back = partial(self._sender.classes.bring_back, tries=tries)
            within = max(_LEAST_SECONDS, self._seconds())
            return _raised(
                partial(bring_back, parcel.programme_id, parcel.class_id, within)
            )

    def _seconds(self) -> float:
        return min(_CALL_SECONDS, self._until - time.monotonic())


def _raised(work: Callable[[], None]) -> GoogleWalletError | None:
    try:
        work()
    except Exception as error:
        return _foreseen(error)
    return None


def _foreseen(error: Exception) -> GoogleWalletError:
    """Return what an error is to a row: no card's mistake is to be all cards'."""
    if isinstance(error, GoogleWalletError):
        return error
    if isinstance(error, BusyError | DBAPIError | PoolTimeoutError):
        return UnavailableError("The database is not to be had.")
    _log.error("A card met a mistake", exc_info=error)
    return MistakeError(error)
