"""Who works for a programme, and as what."""

from datetime import datetime

from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes.db import Base
from passes.people.actor import Role


class TeamMember(Base):
    """An account (web.accounts) works for a programme in one role."""

    __tablename__ = "team_member"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programme.id"), primary_key=True, index=True
    )
    role: Mapped[str]
    since: Mapped[datetime]


def join(
    session: Session, account_id: int, programme_id: int, role: Role, at: datetime
) -> None:
    """Give the account this role in the programme, instead of any other."""
    row = session.get(TeamMember, (account_id, programme_id))
    if row is None:
        row = TeamMember(account_id=account_id, programme_id=programme_id, since=at)
        session.add(row)
    row.role = role.value
    session.flush()


def roles(session: Session, account_id: int) -> dict[int, Role]:
    """Return the account's role in each of its programmes, by programme id."""
    rows = session.execute(
        select(TeamMember.programme_id, TeamMember.role).where(
            TeamMember.account_id == account_id
        )
    )
    return {programme_id: Role(role) for programme_id, role in rows}
