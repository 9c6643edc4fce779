"""Classes: what all cards of a programme share is at Google before they are.

Nothing has to be remembered for that: each card that is sent compares what its
programme shows now with what Google was sent. A new design is one request for all
holders, whoever is killed in between.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy import Table, or_, select, update
from sqlalchemy.orm import Session

from passes import db
from passes.clock import Clock
from passes.content import card_content
from passes.content.shown import Look
from passes.programmes import design, rules
from passes.programmes.programme import Programme
from wallet_google import errors, fingerprint, loyalty_class
from wallet_google.client import Client
from wallet_google.localisation import Json
from wallet_google.pictures import Pictures
from wallet_google.tables import GoogleClass

LEASE = timedelta(seconds=45)
"""How long one worker alone may send a class; a request ends well before."""

REFUSED_FOR = timedelta(minutes=15)
"""How long a class that was refused is not sent again."""

_BUSY = timedelta(seconds=1)

_rows = cast("Table", GoogleClass.__table__)


_KNOWN = (
    _rows.c.class_id,
    _rows.c.programme_id,
    _rows.c.fingerprint,
    _rows.c.last_error,
    _rows.c.refused,
    _rows.c.retry_at,
    _rows.c.tries,
)


@dataclass(frozen=True, slots=True)
class Held:
    """What is known of a class: *fingerprint* of what Google holds, if it does.

    What was refused last, if that was the last, is *refused* and rests until
    *retry_at*. *tries* tells whether somebody sent the class since.
    """

    class_id: str
    programme_id: int
    fingerprint: str | None
    last_error: str | None
    refused: str | None
    retry_at: datetime | None
    tries: int

    def rests(self, at: datetime) -> bool:
        """Tell whether what was refused is not to be sent again at *at*."""
        return self.retry_at is not None and at < self.retry_at


class Classes:
    """Keeps the classes at Google as they are to be; safe to share between threads."""

    def __init__(
        self,
        sessions: db.Sessions,
        client: Client,
        pictures: Pictures,
        *,
        callback_url: str,
        clock: Clock,
    ) -> None:
        """Send nothing yet. Google calls *callback_url* about saves and deletions."""
        self._sessions = sessions
        self._client = client
        self._pictures = pictures
        self._callback_url = callback_url
        self._clock = clock

    def body(self, look: Look, class_id: str, language: str) -> Json:
        """Return the whole class of a programme that has this *language*."""
        return loyalty_class.body(
            look,
            class_id,
            self._pictures,
            language=language,
            callback_url=self._callback_url,
        )

    def look_now(self, programme_id: int) -> tuple[Look, str]:
        """Return the published look and the programme's language."""
        with db.read(self._sessions) as session:
            programme = session.get_one(Programme, programme_id)
            published = design.live(session, programme)
            in_force = rules.live(session, programme)
            look = card_content.look_of(programme, published, in_force)
            return look, programme.language

    def is_current(self, held: Held | None, look: Look, language: str) -> bool:
        """Tell whether Google holds what the look makes of the class.

        It does not where the last that was sent was refused, or where the owner's
        picture cannot be drawn: `bring` says so.
        """
        if held is None or held.fingerprint is None or held.last_error is not None:
            return False
        try:
            body = self.body(look, held.class_id, language)
        except errors.PictureError:
            return False
        return held.fingerprint == fingerprint.of(body)

    def bring(
        self, programme_id: int, class_id: str, within: float, *, anyway: bool = False
    ) -> None:
        """Have Google take the class as it is to be now, in *within* seconds.

        *anyway* says that Google may hold something else than it is known to. A class
        that Google refuses is left as it was, if it is there; the same is not sent
        again for `REFUSED_FOR`.

        Raises:
            ClassRefusedError: it is not there yet, or is not taken.
            UnavailableError: Google has trouble.
            CredentialsError: nothing can be sent.
            ForbiddenError: the service account may not.
        """
        with self._alone(programme_id, class_id) as held:
            self._bring(held, within, anyway=anyway)

    def bring_back(
        self, programme_id: int, class_id: str, within: float, *, tries: int
    ) -> None:
        """Have Google take a class anew that it seems to have lost.

        Nothing is sent if somebody sent it after those *tries*, or while it rests.

        Raises:
            GoogleWalletError: as for `bring`.
        """
        with self._alone(programme_id, class_id) as held:
            if held.tries == tries and not held.rests(self._clock()):
                self._bring(held, within, anyway=True)

    def try_again(self, held: Held, within: float) -> None:
        """Send a class that was refused and has rested; in trouble it rests again."""
        try:
            self.bring(held.programme_id, held.class_id, within)
        except errors.ClassRefusedError:
            return
        except errors.GoogleWalletError:
            self._note(held.programme_id, retry_at=self._clock() + REFUSED_FOR)

    def _bring(self, held: Held, within: float, *, anyway: bool) -> None:
        wanted = None
        try:
            # What was read before it was this worker's turn may be old.
            look, language = self.look_now(held.programme_id)
            body = self.body(look, held.class_id, language)
            wanted = fingerprint.of(body)
            if not anyway and wanted == held.refused and held.rests(self._clock()):
                self._go_on_without(held, held.last_error or "", held.retry_at)
                return
            if anyway or wanted != held.fingerprint:
                self._put(held, loyalty_class.patch(body), within)
        except (errors.ForbiddenError, errors.CredentialsError):
            raise
        except (errors.RefusedError, errors.PictureError) as error:
            self._rest(held, wanted, str(error))
        else:
            self._note(
                held.programme_id,
                fingerprint=wanted,
                last_error=None,
                refused=None,
                retry_at=None,
            )

    def _put(self, held: Held, body: Json, within: float) -> None:
        self._note(held.programme_id, tries=held.tries + 1)
        self._client.put("loyaltyClass", body, within=within)

    def _rest(self, held: Held, refused: str | None, reason: str) -> None:
        again_at = self._clock() + REFUSED_FOR
        self._note(
            held.programme_id, last_error=reason, refused=refused, retry_at=again_at
        )
        self._go_on_without(held, reason, again_at)

    def _go_on_without(
        self, held: Held, reason: str, again_at: datetime | None
    ) -> None:
        if held.fingerprint is None:
            again_at = again_at or self._clock() + REFUSED_FOR
            raise errors.ClassRefusedError(reason, again_at)

    @contextmanager
    def _alone(self, programme_id: int, class_id: str) -> Iterator[Held]:
        """Be the only one to send the class: of two, the older could arrive last."""
        at = self._clock()
        held = db.transact(
            self._sessions, lambda session: _take(session, programme_id, class_id, at)
        )
        if held is None:
            raise errors.ClassRefusedError("it is being sent.", at + _BUSY)
        try:
            yield held
        finally:
            self._note(programme_id, busy_until=None)

    def _note(self, programme_id: int, **values: object) -> None:
        def write(session: Session) -> None:
            mine = _rows.c.programme_id == programme_id
            session.connection().execute(update(_rows).where(mine).values(**values))

        db.transact(self._sessions, write)


def _take(
    session: Session, programme_id: int, class_id: str, at: datetime
) -> Held | None:
    row = {"programme_id": programme_id, "class_id": class_id, "tries": 0}
    session.connection().execute(db.insert_new(session, _rows), row)
    busy = _rows.c.busy_until
    taken = session.connection().execute(
        update(_rows)
        .where(
            _rows.c.programme_id == programme_id,
            or_(busy.is_(None), busy <= at, busy > at + LEASE),
        )
        .values(busy_until=at + LEASE)
        .returning(*_KNOWN)
    )
    found = taken.first()
    return None if found is None else Held(*found)


def held(session: Session, programme_ids: list[int]) -> dict[int, Held]:
    """Return what is known of the programmes' classes."""
    query = select(*_KNOWN).where(_rows.c.programme_id.in_(programme_ids))
    return {row.programme_id: Held(*row) for row in session.execute(query)}


def of_issuer(session: Session, issuer_id: str) -> list[Held]:
    """Return what is known of the issuer's classes."""
    mine = _rows.c.class_id.startswith(f"{issuer_id}.", autoescape=True)
    query = select(*_KNOWN).where(mine).order_by(_rows.c.programme_id)
    return [Held(*row) for row in session.execute(query)]


def rested(session: Session, issuer_id: str, at: datetime) -> list[Held]:
    """Return which of the issuer's classes were refused and are worth another try."""
    return [
        held
        for held in of_issuer(session, issuer_id)
        if held.last_error is not None and not held.rests(at)
    ]
