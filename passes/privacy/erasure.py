"""Erasure: a member is forgotten, and no sum of the ledger changes (GDPR art. 17)."""

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.cards import holder
from passes.loyalty.entry import Entry, Note
from passes.people import audit
from passes.people import member as members
from passes.people.actor import Actor
from passes.people.member import Member


def erase(session: Session, member: Member, *, actor: Actor, at: datetime) -> None:
    """Forget who the member was and void their cards, on every phone too.

    Entries keep their amounts under an id that leads to nobody any more; what was
    written as a reason is erased, its digest stays.

    Raises:
        NotFoundError: the member was erased before.
    """
    held = holder.lock(session, member)
    for card in held:
        cards.void(session, card, at)
    _erase_notes(session, [card.id for card in held])
    members.erase(session, member, at)
    audit.record(
        session,
        actor,
        "member.erase",
        f"member:{member.public_id}",
        programme_id=member.programme_id,
        at=at,
    )


def _erase_notes(session: Session, card_ids: list[int]) -> None:
    movements = select(Entry.movement).where(Entry.card_id.in_(card_ids))
    session.execute(
        delete(Note)
        .where(Note.movement.in_(movements))
        .execution_options(synchronize_session=False)
    )
