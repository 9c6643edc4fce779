"""Apple's wallet: passes for cards, a push for each change, and the pass itself."""

import secrets
import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Row, Table, bindparam, func, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from passes import clock as clocks
from passes import db, names
from passes.clock import Clock
from passes.content import card_content
from passes.content.card_content import Looks
from passes.content.shown import CardContent
from passes.delivery import lanes
from passes.delivery.circuit import Circuit
from passes.delivery.state import DeliveryState
from passes.delivery.wallet import Claimed, Report, Room
from passes.errors import NotFoundError
from passes.prepared import Prepared
from wallet_apple import certificates, deliveries, registrations, timeline
from wallet_apple.connections import Pushes
from wallet_apple.deliveries import Batch
from wallet_apple.errors import CertificateError
from wallet_apple.identity import Identity, Loaded
from wallet_apple.pass_json import PassIdentity
from wallet_apple.sightings import Sightings
from wallet_apple.tables import ApplePass, Device, Registration

_SERIAL_NUMBER = 26
_TOKEN_BYTES = 32

_rows = cast("Table", Registration.__table__)
_devices = cast("Table", Device.__table__)
_INSTALLED = Prepared(select(func.count()).where(_rows.c.card_id == bindparam("card")))


class AppleWallet:
    """Implements `passes.delivery.wallet.Wallet`; safe to share between threads."""

    name: str = "apple"
    rows: type[DeliveryState] = Registration

    def __init__(
        self,
        sessions: db.Sessions,
        identity: Identity,
        pushes: Pushes,
        *,
        base_url: str,
        clock: Clock = clocks.now,
    ) -> None:
        """Connect to nothing and read nothing yet.

        *base_url* is the public address that passes are given.
        """
        self.sessions = sessions
        self.identity = identity
        self.sightings = Sightings()
        self.clock = clock
        self._pushes = pushes
        self._looks = Looks()
        self._base_url = base_url.rstrip("/")
        self._lock = threading.Lock()
        self._circuits: defaultdict[str, Circuit] = defaultdict(Circuit)
        self._stopped: dict[str, Loaded | None] = {}

    def opened(self, session: Session, card_ids: Sequence[int], at: datetime) -> None:
        """Give each card a pass, unless it has one; nothing of it ever changes."""
        rows = [
            {
                "card_id": card_id,
                "serial_number": names.draw(_SERIAL_NUMBER).lower(),
                "authentication_token": secrets.token_urlsafe(_TOKEN_BYTES),
                # Without a slash at the end: some wallets would make it two.
                "web_service_url": f"{self._base_url}/apple",
                "created_at": at,
                "fetched_revision": 0,
            }
            for card_id in card_ids
        ]
        session.connection().execute(db.insert_new(session, ApplePass), rows)

    def changed(
        self, session: Session, card_ids: Sequence[int], at: datetime, *, priority: int
    ) -> bool:
        """Give every registration of the locked cards a new tag, and owe it a push."""
        return registrations.changed(
            db.connection(session), card_ids, at, priority=priority
        )

    def room(self, lane: str, at: datetime) -> Room:
        """Return that Apple sets no bound; what is too much, it says in its answers."""
        return Room(lanes.BATCH)

    def deliver(self, lane: str, claimed: Sequence[Claimed], at: datetime) -> Report:
        """Push once to each distinct device of the rows, and act on the answers."""
        try:
            loaded = self._usable(lane, at)
        except CertificateError as error:
            self._stopped[lane] = None
            return deliveries.stopped(claimed, error.message, at)
        circuit = self._circuit(lane)
        if not circuit.admits(at):
            return deliveries.postponed(claimed, at)
        tokens = self._tokens(claimed)
        answers = self._pushes.push(loaded, sorted(set(tokens.values())))
        removed = self._remove(loaded.pass_type, deliveries.dead(answers))
        batch = Batch(claimed, tokens, answers, removed)
        ended = deliveries.report(batch, circuit, max(at, self.clock()))
        if any(answer.outcome.stops_the_lane for answer in answers.values()):
            self._stopped[lane] = loaded
        return ended

    def pass_file(
        self, session: Session, card_id: int, at: datetime | None = None
    ) -> bytes:
        """Return the card's .pkpass as it is now, signed at *at* or else now.

        Raises:
            NotFoundError: the card has no pass.
            CertificateError: nothing can be signed now; the message says why.
        """
        row = session.execute(
            select(
                ApplePass.serial_number,
                ApplePass.authentication_token,
                ApplePass.web_service_url,
            ).where(ApplePass.card_id == card_id)
        ).first()
        if row is None:
            raise NotFoundError("pass")
        at = at or self.clock()
        content = card_content.shown(session, card_id, self._base_url)
        data = self.build(content, PassIdentity(*row), at)
        self.sightings.fetched(card_id, content.revision, at)
        return data

    def content(
        self, connection: Connection, card: Row[*tuple[Any, ...]]
    ) -> CardContent:
        """Return what a card shows that was read in the *connection*'s snapshot."""
        return card_content.read(connection, card, self._base_url, self._looks)

    def build(
        self, content: CardContent, identity: PassIdentity, at: datetime
    ) -> bytes:
        """Return the signed .pkpass of *content*; see `pass_file` for refusals."""
        loaded = self.identity.loaded(at)
        return loaded.factory.build(content, identity, at=at)

    def installed(self, session: Session, card_id: int) -> int:
        """Return on how many devices the card is, as far as they have told."""
        return _INSTALLED.scalar(db.connection(session), card=card_id) or 0

    def state_for_operator(self, session: Session, card_id: int) -> timeline.Timeline:
        """Return how far each device has come, and why it may be behind.

        Raises:
            NotFoundError: the card has no pass.
        """
        return timeline.of_card(session, card_id)

    def tick(self) -> None:
        """Write down what was seen, and let a mended lane go on; every few seconds."""
        self.flush()
        for lane in list(self._stopped):
            self._resume_if_mended(lane)

    def flush(self) -> int:
        """Write down what was seen; return how many rows that touched."""
        if self.sightings.empty:
            return 0
        return self.sightings.flush(self.sessions, self.clock())

    def close(self) -> None:
        """Write down what was seen and close the connections."""
        self.flush()
        self._pushes.close()

    def _usable(self, lane: str, at: datetime) -> Loaded:
        loaded = self.identity.loaded(at)
        certificates.refuse_outside(loaded.facts, at)
        if registrations.lane(loaded.pass_type) != lane:
            raise CertificateError(
                f"The certificate is for {loaded.pass_type}, not for {lane}.",
                remedy="Import a certificate of the pass type that the cards have.",
            )
        return loaded

    def _resume_if_mended(self, lane: str) -> None:
        try:
            loaded = self._usable(lane, self.clock())
        except CertificateError:
            return
        if loaded is self._stopped[lane]:
            return
        del self._stopped[lane]
        db.transact(self.sessions, lambda session: lanes.resume(session, lane))

    def _circuit(self, lane: str) -> Circuit:
        with self._lock:
            return self._circuits[lane]

    def _tokens(self, claimed: Sequence[Claimed]) -> dict[int, str]:
        query = (
            select(_rows.c.id, _devices.c.push_token)
            .join_from(_rows, _devices, _devices.c.id == _rows.c.device_id)
            .where(_rows.c.id.in_([row.row_id for row in claimed]))
        )
        with self.sessions.reading.connect() as connection:
            return dict(connection.execute(query).all())

    def _remove(
        self, pass_type: str, dead: Mapping[str, datetime | None]
    ) -> frozenset[str]:
        if not dead:
            return frozenset()
        return frozenset(
            db.transact(
                self.sessions,
                lambda session: registrations.remove(
                    session.connection(), pass_type, dead
                ),
            )
        )
