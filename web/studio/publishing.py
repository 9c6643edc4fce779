"""Publishing a design, and the people who did."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.cards import rollout
from passes.people import audit
from passes.programmes import design as designs
from passes.programmes.design import Design
from passes.programmes.programme import Programme
from web import access
from web.accounts.account import Account
from web.services import services


def publish(session: Session, programme: Programme, design: Design) -> int | None:
    """Publish *design* and begin to raise the cards; return how many there are.

    None says that it is what is published already, and nothing was done.
    """
    at, actor = services().clock(), access.current_actor()
    before = programme.design_version
    number = designs.publish(session, programme, design, by=actor.name, at=at)
    if number == before:
        return None
    rollout.begin(session, programme, at)
    progress = rollout.progress(session, programme)
    cards = progress.total if progress else 0
    audit.record(
        session,
        actor,
        "design.publish",
        f"design:{number}",
        programme_id=programme.id,
        at=at,
        facts={"version": number, "cards": cards},
    )
    return cards


def authors(session: Session, names: Iterable[str]) -> dict[str, str]:
    """Return how to call the actors of those *names* (``account:12``)."""
    numbers = {
        int(name.removeprefix("account:")): name
        for name in names
        if name.startswith("account:") and name.removeprefix("account:").isdecimal()
    }
    found = session.scalars(select(Account).where(Account.id.in_(numbers)))
    return {numbers[one.id]: one.name or one.email for one in found}
