"""The holder of cards changes: what the cards show of them changes too."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from passes.cards import card as cards
from passes.cards import finding
from passes.cards.card import CardRow
from passes.people import member as members
from passes.people.member import Details, Member
from passes.programmes.programme import Programme


def change(
    session: Session,
    programme: Programme,
    member: Member,
    details: Details,
    *,
    removed: Collection[str] = (),
    at: datetime,
) -> None:
    """Write *details* over the member's, take the *removed* ones away.

    Every card of theirs is raised when the name on it changed.

    Raises:
        NotFoundError: the member was erased.
        InvalidError: a field cannot be what it says it is.
        ContactTakenError: the contact belongs to somebody else.
    """
    held = lock(session, member)
    before = member.name
    members.remove(member, removed)
    members.change(session, programme, member, details, at)
    if member.name == before:
        return
    for card in held:
        cards.revise(session, card, at)


def lock(session: Session, member: Member) -> list[CardRow]:
    """Hold the member and their cards until the transaction ends; return the cards.

    Raises:
        NotFoundError: the member was erased.
    """
    # In the order of everybody else, or two of them would wait for each other.
    of = [card.id for card in finding.of_member(session, member.id)]
    held = [cards.lock(session, card_id) for card_id in of]
    members.lock(session, member)
    return held
