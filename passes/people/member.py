"""Members: the people who hold cards. A member needs neither name nor contact."""

import unicodedata
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ForeignKey, Index, false, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, validates

from passes import names
from passes.db import Base
from passes.errors import ContactTakenError, InvalidError, NotFoundError
from passes.people import contact
from passes.programmes.programme import LANGUAGES, Programme

_MAX_NAME = 80
_CONTACTS = ("email", "phone")
# Letters that are written as others by who has no key for them.
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})
_SQLITE_UNIQUE = "UNIQUE constraint failed: "


def _one_owner(contact: str) -> Index:
    confirmed = text(f"{contact}_confirmed_at IS NOT NULL")
    return Index(
        f"ux_member_{contact}",
        "programme_id",
        contact,
        unique=True,
        sqlite_where=confirmed,
        postgresql_where=confirmed,
    )


class Member(Base):
    """A person in a programme. *birthday* is ``MM-DD``, without a year.

    *email* and *phone* are what the person typed, normalised; each belongs to one
    member alone only once confirmed. *name_search* is the name as it is searched.
    """

    __tablename__ = "member"
    __table_args__ = (
        _one_owner("email"),
        _one_owner("phone"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(unique=True)
    programme_id: Mapped[int] = mapped_column(ForeignKey("programme.id"), index=True)
    name: Mapped[str | None]
    name_search: Mapped[str | None]
    email: Mapped[str | None]
    email_confirmed_at: Mapped[datetime | None]
    phone: Mapped[str | None]
    phone_confirmed_at: Mapped[datetime | None]
    birthday: Mapped[str | None]
    language: Mapped[str]
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]

    @validates("name")
    def _searchable(self, _: str, name: str | None) -> str | None:
        self.name_search = None if name is None else _folded(name)
        return name


@dataclass(frozen=True, slots=True)
class Details:
    """What a person tells about themselves, all of it optional, as typed."""

    name: str | None = None
    email: str | None = None
    phone: str | None = None
    birthday: str | None = None
    language: str | None = None


def add(
    session: Session,
    programme: Programme,
    details: Details,
    *,
    confirmed: bool,
    at: datetime,
) -> Member:
    """Add a member and return it.

    *confirmed* says that whoever calls vouches for the contact (an integrator
    does; a signup page cannot).

    Raises:
        InvalidError: a field cannot be what it says it is.
        ContactTakenError: a confirmed contact belongs to somebody else.
    """
    member = Member(
        public_id=names.public_id(),
        programme_id=programme.id,
        language=programme.language,
        created_at=at,
    )
    _fill(member, programme, details, confirmed_at=at if confirmed else None)
    with _one_owner_each(session):
        session.add(member)
    return member


def change(
    session: Session,
    programme: Programme,
    member: Member,
    details: Details,
    at: datetime,
) -> None:
    """Write the details that are not None over the member's.

    Raises:
        InvalidError: a field cannot be what it says it is.
        ContactTakenError: the contact belongs to somebody else.
    """
    with _one_owner_each(session):
        _fill(member, programme, details, confirmed_at=at)


def remove(member: Member, fields: Collection[str]) -> None:
    """Take away those of name, email, phone and birthday that *fields* names."""
    for field in fields:
        setattr(member, field, None)
        if field in _CONTACTS:
            setattr(member, f"{field}_confirmed_at", None)


def by_public_id(session: Session, programme_id: int, public_id: str) -> Member:
    """Return the programme's member, or raise `NotFoundError`."""
    found = session.scalar(
        select(Member).where(
            Member.programme_id == programme_id,
            Member.public_id == public_id,
            Member.erased_at.is_(None),
        )
    )
    if found is None:
        raise NotFoundError("member")
    return found


def lock(session: Session, member: Member) -> None:
    """Read the member anew and hold it until the transaction ends.

    Raises:
        NotFoundError: it was erased.
    """
    # Whoever only refers to the member need not wait.
    session.refresh(member, with_for_update={"key_share": True})
    if member.erased_at is not None:
        raise NotFoundError("member")


def search(
    session: Session, programme_id: int, words: str, *, after: int, limit: int
) -> list[Member]:
    """Return members whose name, e-mail or number holds *words*, oldest first.

    In a name neither case nor accents matter. *after* is the id of the last one seen.
    """
    query = (
        select(Member)
        .where(
            Member.programme_id == programme_id,
            Member.erased_at.is_(None),
            Member.id > after,
        )
        .order_by(Member.id)
        .limit(limit)
    )
    if words:
        query = query.where(
            or_(
                Member.name_search.contains(_folded(words), autoescape=True),
                Member.email.contains(words.lower(), autoescape=True),
                Member.phone.contains(_digits(words), autoescape=True)
                if _digits(words)
                else false(),
            )
        )
    return list(session.scalars(query))


def erase(session: Session, member: Member, at: datetime) -> None:
    """Forget who the member was; the row stays, for the sums of the ledger."""
    member.name = member.email = member.phone = member.birthday = None
    member.email_confirmed_at = member.phone_confirmed_at = None
    member.erased_at = at
    session.flush()


def short_name(member: Member) -> str | None:
    """Return what the till may see: first name and initial (``Anna B.``)."""
    words = (member.name or "").split()
    if not words:
        return None
    return words[0] if len(words) == 1 else f"{words[0]} {words[-1][0]}."


def _folded(words: str) -> str:
    """Return *words* without case and accents: neither engine's own folding agrees."""
    apart = unicodedata.normalize("NFKD", words.casefold())
    plain = "".join(char for char in apart if not unicodedata.combining(char))
    return " ".join(plain.translate(_LETTERS).split())


def _digits(words: str) -> str:
    """Return the number in *words* without the zero that a country's calls begin by."""
    kept = "".join(char for char in words if char.isdigit() or char in "+ .-()")
    if kept != words:
        return ""
    return "".join(char for char in kept if char.isdigit()).removeprefix("0")


def _fill(
    member: Member,
    programme: Programme,
    details: Details,
    *,
    confirmed_at: datetime | None,
) -> None:
    if details.name is not None:
        member.name = _name(details.name)
    if details.email is not None:
        member.email = contact.email(details.email)
        member.email_confirmed_at = confirmed_at
    if details.phone is not None:
        member.phone = contact.phone(details.phone, programme.region)
        member.phone_confirmed_at = confirmed_at
    if details.birthday is not None:
        member.birthday = _birthday(details.birthday)
    if details.language is not None:
        if details.language not in LANGUAGES:
            raise InvalidError("locale", "Use fr or en.")
        member.language = details.language


@contextmanager
def _one_owner_each(session: Session) -> Iterator[None]:
    """Write what is done inside, or none of it when a contact is somebody else's."""
    try:
        with session.begin_nested():
            yield
            session.flush()
    except IntegrityError as error:
        taken = _taken(error)
        if taken is None:
            raise
        raise ContactTakenError(taken) from error


def _taken(error: IntegrityError) -> str | None:
    """Return the contact whose unique index refused the row."""
    refused = getattr(error.orig, "diag", None)
    # PostgreSQL names the index, SQLite its columns.
    said = refused.constraint_name if refused else str(error.orig)
    for contact_field in _CONTACTS:
        columns = f"member.programme_id, member.{contact_field}"
        if said in {f"ux_member_{contact_field}", f"{_SQLITE_UNIQUE}{columns}"}:
            return contact_field
    return None


def _name(typed: str) -> str | None:
    name = " ".join(typed.split())
    if len(name) > _MAX_NAME or not name.isprintable():
        raise InvalidError("name", f"Use at most {_MAX_NAME} printable characters.")
    return name or None


def _birthday(typed: str) -> str:
    try:
        # A leap year, so that the 29th of February is a birthday too.
        day = datetime.strptime(f"2024-{typed}", "%Y-%m-%d")  # noqa: DTZ007
    except ValueError as error:
        raise InvalidError("birthday", "Use MM-DD, without the year.") from error
    return f"{day:%m-%d}"
