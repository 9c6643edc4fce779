"""Publishing a design, and the people who did."""

from collections.abc import Iterable

from flask_babel import gettext
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.cards import rollout
from passes.errors import ConflictError
from passes.people import audit
from passes.programmes import design as designs
from passes.programmes.design import Design
from passes.programmes.programme import Programme
from web import access, google
from web.accounts.account import Account
from web.services import services


class HinderedError(ConflictError):
    """No design can be published here now; the text is for the owner."""

    code = "publishing_hindered"


def hindrance() -> str | None:
    """Return why no design can be published here now, None where one can.

    Google fetches the pictures of a card before it takes the card: one address that
    it cannot reach, and it refuses the whole.
    """
    settings = services().settings
    if services().google is None or google.address_problem(settings) is None:
        return None
    told: str = gettext(
        "Nothing can be published yet: Google Wallet could not fetch the card’s"
        " pictures from %(address)s. Whoever looks after this server has to give it a"
        " public address that begins with https://, and to set PALIER_BASE_URL to it.",
        address=settings.base_url,
    )
    return told


def publish(session: Session, programme: Programme, design: Design) -> int | None:
    """Publish *design* and begin to raise the cards; return how many there are.

    None says that it is what is published already, and nothing was done.

    Raises:
        HinderedError: the cards could not be brought to a wallet.
    """
    if reason := hindrance():
        raise HinderedError(reason)
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
