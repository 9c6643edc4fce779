"""The holder of cards changes: what the cards show of them changes too."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from passes.cards import card as cards
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
        InvalidError: a field cannot be what it says it is.
        ContactTakenError: the contact belongs to somebody else.
    """
    before = member.name
    members.remove(member, removed)
    members.change(session, programme, member, details, at)
    if member.name == before:
        return
    for card_id in sorted(card.id for card in cards.of_member(session, member.id)):
        cards.revise(session, cards.lock(session, card_id), at)
