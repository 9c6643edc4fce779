"""Who did what: an append-only log, sealed into a hash chain from time to time."""

import hashlib
import itertools
import json
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import ForeignKey, Index, Table, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes import db, prepared
from passes.db import Base, Json
from passes.people.actor import Actor
from passes.prepared import Prepared

_BATCH = 1_000
_FIRST = "0" * 64


class AuditRecord(Base):
    """One act. Never changed or removed: the database refuses both."""

    __tablename__ = "audit_record"
    __table_args__ = (Index("ix_audit_record_programme", "programme_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int | None] = mapped_column(ForeignKey("programme.id"))
    at: Mapped[datetime]
    actor: Mapped[str]
    role: Mapped[str | None]
    ip: Mapped[str | None]
    request_id: Mapped[str | None]
    action: Mapped[str]
    subject: Mapped[str]
    facts: Mapped[object] = mapped_column(Json)


_RECORD = Prepared(
    insert(cast("Table", AuditRecord.__table__)).values(
        prepared.values(
            "programme_id",
            "at",
            "actor",
            "role",
            "ip",
            "request_id",
            "action",
            "subject",
            "facts",
        )
    )
)


class AuditSeal(Base):
    """The hash over all records up to *last_id*, chained to the seal before."""

    __tablename__ = "audit_seal"

    id: Mapped[int] = mapped_column(primary_key=True)
    first_id: Mapped[int]
    last_id: Mapped[int] = mapped_column(unique=True)
    records: Mapped[int]
    hash: Mapped[str]
    sealed_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class BrokenSeal:
    """The records from *first_id* to *last_id* are not what was sealed."""

    first_id: int
    last_id: int


def record(
    session: Session,
    actor: Actor,
    action: str,
    subject: str,
    *,
    programme_id: int | None,
    at: datetime,
    facts: dict[str, object] | None = None,
) -> None:
    """Write down that *actor* did *action* (``card.earn``) to *subject* (``card:x``).

    *facts* are numbers and ids only: nothing that names a person.
    """
    session.flush()
    _RECORD.run(
        db.connection(session),
        programme_id=programme_id,
        at=at,
        actor=actor.name,
        role=actor.role.value if actor.role else None,
        ip=actor.ip,
        request_id=actor.request_id,
        action=action,
        subject=subject,
        facts=facts or {},
    )


def seal(session: Session, at: datetime, settled: datetime) -> int:
    """Seal the records written before *settled* and return how many.

    *settled* lies far enough back that no open transaction can still add an
    earlier record.
    """
    last = _last_seal(session)
    waiting = _records(session, last.last_id if last else 0)
    rows = list(itertools.takewhile(lambda row: row.at < settled, waiting))
    if not rows:
        return 0
    session.add(
        AuditSeal(
            first_id=rows[0].id,
            last_id=rows[-1].id,
            records=len(rows),
            hash=_digest(last.hash if last else _FIRST, rows),
            sealed_at=at,
        )
    )
    session.flush()
    return len(rows)


def verify(session: Session) -> list[BrokenSeal]:
    """Recompute every seal and return those that no longer fit."""
    broken = []
    previous = _FIRST
    for sealed in session.scalars(select(AuditSeal).order_by(AuditSeal.id)):
        rows = list(
            session.scalars(
                select(AuditRecord)
                .where(AuditRecord.id.between(sealed.first_id, sealed.last_id))
                .order_by(AuditRecord.id)
            )
        )
        if len(rows) != sealed.records or _digest(previous, rows) != sealed.hash:
            broken.append(BrokenSeal(sealed.first_id, sealed.last_id))
        previous = sealed.hash
    return broken


def _last_seal(session: Session) -> AuditSeal | None:
    return session.scalar(select(AuditSeal).order_by(AuditSeal.id.desc()).limit(1))


def _records(session: Session, after: int) -> list[AuditRecord]:
    return list(
        session.scalars(
            select(AuditRecord)
            .where(AuditRecord.id > after)
            .order_by(AuditRecord.id)
            .limit(_BATCH)
        )
    )


def _digest(previous: str, rows: list[AuditRecord]) -> str:
    digest = hashlib.sha256(previous.encode())
    # The network address is left out: it is shortened when it grows old.
    for row in rows:
        parts = [
            row.id,
            row.programme_id,
            row.at.isoformat(),
            row.actor,
            row.role,
            row.request_id,
            row.action,
            row.subject,
            row.facts,
        ]
        digest.update(json.dumps(parts, sort_keys=True).encode())
    return digest.hexdigest()
