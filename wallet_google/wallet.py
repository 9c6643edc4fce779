"""Google's wallet: an object for each card that somebody saves, kept as the card is."""

import contextlib
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from passes import clock as clocks
from passes import db
from passes.cards.card import Card
from passes.clock import Clock
from passes.content.card_content import Looks
from passes.delivery import claims, lanes
from passes.delivery.circuit import Circuit
from passes.delivery.claims import Claim
from passes.delivery.lanes import Lane
from passes.delivery.state import DeliveryState
from passes.delivery.wallet import Claimed, Report, Room
from wallet_google import classes, deliveries, errors, objects, scans, sending
from wallet_google.classes import Classes
from wallet_google.client import Client
from wallet_google.crew import Crew
from wallet_google.deliveries import Ended, Outcome
from wallet_google.errors import CredentialsError, GoogleWalletError, NotYetError
from wallet_google.identity import Identity, Loaded
from wallet_google.objects import Wanted
from wallet_google.pictures import Pictures
from wallet_google.save_link import SaveLinks
from wallet_google.sender import Sender
from wallet_google.sending import Parcel
from wallet_google.slots import PATIENCE, RATE, Slots
from wallet_google.tables import GoogleObject

CALLBACK_PATH = "/google/callback"
"""Where Google calls, below the base URL."""

_CREW = 8
_CLICKS = 2
_BATCH_SECONDS = 35.0
_CLICK_SECONDS = 6.0
_SOON = 2.0
_LONGEST_WAIT = 30.0
_WORTH_WAITING = 60.0


class GoogleWallet:
    """Implements `passes.delivery.wallet.Wallet`; safe to share between threads."""

    name: str = "google"
    rows: type[DeliveryState] = GoogleObject

    def __init__(
        self,
        sessions: db.Sessions,
        identity: Identity,
        client: Client,
        *,
        slots: Slots,
        pictures: Pictures,
        save_links: SaveLinks,
        base_url: str,
        clock: Clock = clocks.now,
    ) -> None:
        """Connect to nothing and read nothing yet.

        *slots* are also the *client*'s pace. *base_url* is the public address that
        Google calls and that the cards lead to.
        """
        self.sessions = sessions
        self.identity = identity
        self.client = client
        self.slots = slots
        self.clock = clock
        self.base_url = base_url.rstrip("/")
        brought = Classes(
            sessions,
            client,
            pictures,
            callback_url=self.base_url + CALLBACK_PATH,
            clock=clock,
        )
        self.sender = Sender(client, brought, pictures, slots, clock)
        self._save_links = save_links
        self._looks = Looks()
        self._crew = Crew(_CREW, client.close)
        self._clicks = Crew(_CLICKS, client.close)
        self._lock = threading.Lock()
        self._circuits: defaultdict[str, Circuit] = defaultdict(Circuit)
        self._stopped: dict[str, Loaded | None] = {}

    def opened(self, session: Session, card_ids: Sequence[int], at: datetime) -> None:
        """Do nothing: a card is Google's business once somebody wants it there."""

    def changed(
        self, session: Session, card_ids: Sequence[int], at: datetime, *, priority: int
    ) -> bool:
        """Owe the objects of the locked cards what those show now."""
        return objects.changed(db.connection(session), card_ids, at, priority=priority)

    def room(self, lane: str, at: datetime) -> Room:
        """Return how many due rows Google's rate has room for, reserved for them."""
        with db.read(self.sessions) as session:
            due = claims.count_due(session, self.rows, lane, at, RATE)
        if not due or not self._is_usable(lane):
            # What nobody may send needs no turn, and is told so.
            return Room(due)
        reserved = self.slots.reserve(due)
        if reserved:
            return Room(reserved)
        return Room(0, self.clock() + timedelta(seconds=self.slots.ahead()))

    def deliver(self, lane: str, claimed: Sequence[Claimed], at: datetime) -> Report:
        """Bring Google the cards of the rows, each in one request if it needs any."""
        return self._deliver(self._crew, lane, claimed, _BATCH_SECONDS)[0]

    def save_url(self, card_id: int, at: datetime) -> str:
        """Return where the holder saves the card; Google has it by then.

        No transaction is open. The address stands for the card: only its holder is to
        be sent there.

        Raises:
            NotFoundError: there is no such card any more.
            NotYetError: Google cannot be given it now, or not soon enough.
            GoogleWalletError: nor before somebody lends a hand.
        """
        with db.read(self.sessions) as session:
            found = objects.find(session, card_id)
        if found is None or not found.held:
            found = self._bring(card_id, at)
        # A link is of the issuer that has the card, which is not always ours any more.
        self._usable(found.lane)
        return self._save_links.link(found.object_id, at)

    def state(self, session: Session, card_id: int) -> str:
        """Return ``none``, ``offered``, ``saved`` or ``removed``, as Google told."""
        return objects.state_of(session, card_id)

    def rotates(self, scanned: str) -> bool:
        """Tell whether *scanned* is a code that changes, to be accepted once."""
        return scans.rotates(scanned)

    def accept(
        self, session: Session, programme_id: int, scanned: str, at: datetime
    ) -> Card:
        """Return the card whose phone shows *scanned* now, and use that code up.

        Raises:
            NotFoundError: no card of this programme has such a code.
            CodeReplacedError: the card has a newer member code.
            CodeUsedError: this code or a later one of the card was accepted before.
            CodeExpiredError: the code is none of this moment's.
        """
        return scans.accept(session, programme_id, scanned, at)

    def tick(self) -> None:
        """Let a mended lane go on, and try a refused class again when it has rested."""
        for lane in list(self._stopped):
            self._resume_if_mended(lane)
        with contextlib.suppress(GoogleWalletError):
            self._bring_rested(self.identity.loaded().issuer_id)

    def close(self) -> None:
        """End the threads and their connections."""
        self._crew.close()
        self._clicks.close()

    def parcels(self, row_ids: Sequence[int], at: datetime) -> list[Parcel]:
        """Return what rows are to have at Google, in one snapshot."""
        with self.sessions.reading.connect() as connection:
            return sending.read(connection, row_ids, self.base_url, self._looks, at)

    def _bring(self, card_id: int, at: datetime) -> Wanted:
        """Owe the card's object, and try at once to pay."""
        issuer_id = self.identity.loaded().issuer_id
        ahead = self.slots.ahead()
        found, taken = db.transact(
            self.sessions,
            lambda session: self._want(
                session, card_id, issuer_id, at, soon=ahead <= PATIENCE
            ),
        )
        if found.held:
            return found
        if taken is None:
            raise NotYetError(self._seconds_to_wait(found.lane, ahead, at))
        if not taken.rows:
            # Somebody is sending it.
            raise NotYetError(_SOON)
        report, ended = self._deliver(
            self._clicks, found.lane, taken.rows, _CLICK_SECONDS
        )
        lanes.keep(self.sessions, self, taken, report, self.clock())
        if not ended:
            raise NotYetError(_LONGEST_WAIT)
        _refuse(ended[0], self.clock())
        return found

    def _want(
        self,
        session: Session,
        card_id: int,
        issuer_id: str,
        at: datetime,
        *,
        soon: bool,
    ) -> tuple[Wanted, Claim | None]:
        """Owe the card's object; claim it, unless it is there or has to wait."""
        found = objects.want(session, card_id, issuer_id, at)
        lane = session.get(Lane, found.lane)
        if found.held or not soon or (lane is not None and lane.rests(at)):
            return found, None
        claim = claims.claim_one(session, self.rows, found.lane, found.row_id, at)
        return found, claim

    def _seconds_to_wait(self, lane: str, ahead: float, at: datetime) -> float:
        with db.read(self.sessions) as session:
            state = session.get(Lane, lane)
        if state is not None and state.paused_until and state.rests(at):
            ahead = max(ahead, (state.paused_until - at).total_seconds())
        return min(max(ahead, _SOON), _LONGEST_WAIT)

    def _deliver(
        self, crew: Crew, lane: str, claimed: Sequence[Claimed], seconds: float
    ) -> tuple[Report, list[Ended]]:
        at = self.clock()
        try:
            loaded = self._usable(lane)
        except CredentialsError as error:
            self._stopped[lane] = None
            ended = [Ended(row, Outcome.STOPPED, error) for row in claimed]
            return deliveries.stopped(claimed, str(error), at), ended
        circuit = self._circuit(lane)
        if not circuit.admits(at):
            return deliveries.postponed(claimed, at), []
        until = time.monotonic() + seconds
        parcels = self.parcels([row.row_id for row in claimed], at)
        ended = self.sender.send(
            crew, claimed, parcels, until=until, probing=circuit.is_open
        )
        report = deliveries.report(ended, circuit, max(at, self.clock()))
        if any(one.outcome is Outcome.STOPPED for one in ended):
            self._stopped[lane] = loaded
        return report, ended

    def _usable(self, lane: str) -> Loaded:
        loaded = self.identity.loaded()
        if objects.lane(loaded.issuer_id) != lane:
            raise errors.IssuerIdError(
                f"The cards are of {lane}, the settings of {loaded.issuer_id}.",
                remedy="Set PALIER_GOOGLE_ISSUER_ID to the issuer that has the cards.",
            )
        return loaded

    def _is_usable(self, lane: str) -> bool:
        try:
            self._usable(lane)
        except CredentialsError:
            return False
        return True

    def _resume_if_mended(self, lane: str) -> None:
        try:
            loaded = self._usable(lane)
        except CredentialsError:
            return
        if loaded is self._stopped[lane]:
            return
        del self._stopped[lane]
        db.transact(self.sessions, lambda session: lanes.resume(session, lane))

    def _bring_rested(self, issuer_id: str) -> None:
        """Send classes that were refused, though no card may need them just now."""
        lane, at = objects.lane(issuer_id), self.clock()
        with db.read(self.sessions) as session:
            state = session.get(Lane, lane)
            rested = classes.rested(session, issuer_id, at)
        resting = state is not None and state.rests(at)
        if rested and not resting and not self._circuit(lane).is_open:
            # The crew's threads have connections, and this one is anybody's.
            again = partial(self.sender.classes.try_again, rested[0], _CLICK_SECONDS)
            self._crew.run([again])

    def _circuit(self, lane: str) -> Circuit:
        with self._lock:
            return self._circuits[lane]


def _refuse(one: Ended, at: datetime) -> None:
    """Let a card through that Google has; raise what stood in its way."""
    if one.outcome in {Outcome.TAKEN, Outcome.SAME}:
        return
    if one.error and one.outcome in {Outcome.STOPPED, Outcome.REFUSED}:
        raise one.error
    if isinstance(one.error, errors.ClassRefusedError):
        seconds = (one.error.again_at - at).total_seconds()
        if seconds > _WORTH_WAITING:
            raise one.error
        raise NotYetError(max(seconds, _SOON))
    raise NotYetError(_SOON)
