"""What the web keeps for itself: accounts, sessions, keys, answers given, counters."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from passes.db import Base, Json


class WebSession(Base):
    """A browser that is signed in. *id* is the SHA-256 of what its cookie says."""

    __tablename__ = "web_session"
    __table_args__ = (Index("ix_web_session_seen", "seen_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"), index=True)
    document: Mapped[object] = mapped_column(Json)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class ApiKey(Base):
    """An integrator's key. *digest* is its SHA-256; *prefix* tells it from others."""

    __tablename__ = "api_key"
    __table_args__ = (UniqueConstraint("programme_id", "name", name="uq_api_key_name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"))
    name: Mapped[str]
    prefix: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    scopes: Mapped[object] = mapped_column(Json)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class GivenAnswer(Base):
    """The first answer to an idempotency key, written with the work it answers.

    *subject* names the member (``member:<id>``) whom *body* speaks of.
    """

    __tablename__ = "given_answer"
    __table_args__ = (
        Index("ix_given_answer_at", "at"),
        Index(
            "ix_given_answer_subject",
            "programme_id",
            "subject",
            sqlite_where=text("subject IS NOT NULL"),
            postgresql_where=text("subject IS NOT NULL"),
        ),
    )

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programme.id"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    fingerprint: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    subject: Mapped[str | None]
    at: Mapped[datetime]


class RateCounter(Base):
    """How often something was tried in one window; for the limiter alone."""

    __tablename__ = "rate_counter"
    __table_args__ = (Index("ix_rate_counter_expires", "expires_at"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[datetime]
