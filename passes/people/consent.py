"""Consents: each given or taken back by itself, with the words that were shown.

Joining never needs one (GDPR art. 7(4)); the log is the proof (art. 7(1)).
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes.db import Base


class Purpose(StrEnum):
    """What a member may agree to, apart from holding the card."""

    EMAIL_OFFERS = "email_offers"
    WALLET_OFFERS = "wallet_offers"


class Consent(Base):
    """One answer of a member; the newest one for a purpose counts."""

    __tablename__ = "consent"

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey("member.id"), index=True)
    purpose: Mapped[str]
    granted: Mapped[bool]
    text_version: Mapped[str]
    source: Mapped[str]
    at: Mapped[datetime]


def record(
    session: Session,
    member_id: int,
    purpose: Purpose,
    *,
    granted: bool,
    text_version: str,
    source: str,
    at: datetime,
) -> None:
    """Write down one answer; *source* says where it was given (``join``, ``api``)."""
    session.add(
        Consent(
            member_id=member_id,
            purpose=purpose.value,
            granted=granted,
            text_version=text_version,
            source=source,
            at=at,
        )
    )


def current(session: Session, member_id: int) -> dict[Purpose, bool]:
    """Return the member's last answer for every purpose that was ever asked."""
    rows = session.execute(
        select(Consent.purpose, Consent.granted)
        .where(Consent.member_id == member_id)
        .order_by(Consent.id)
    )
    return {Purpose(purpose): granted for purpose, granted in rows}
