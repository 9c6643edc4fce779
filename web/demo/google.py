"""Google Wallet as a stand-in in this process, and the cards that were saved there."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.cards.card import Card
from passes.people import member as members
from passes.people.member import Member
from wallet_google import objects
from wallet_google.standin import accounts, wallets
from wallet_google.standin.replies import RefusedError
from wallet_google.standin.resources import OBJECT
from wallet_google.standin.server import GoogleStandin
from wallet_google.standin.wallets import Holding
from wallet_google.tables import GoogleObject
from web.config import Settings
from web.services import Services


@dataclass(frozen=True, slots=True)
class SavedCard:
    """A card in somebody's Google Wallet, with the points that Google knows of.

    *token* is of the card's page.
    """

    token: str
    holder: str
    points: str


def pointed(of: Settings, google: GoogleStandin) -> Settings:
    """Return the settings of the stand-in's issuer, with everything going to it."""
    return of.model_copy(
        update={
            "google_issuer_id": accounts.ISSUER_ID,
            "google_service_account": google.account_file,
            "google_api_url": google.url,
            "google_callback_keys_url": google.keys_url,
            "google_save_url": google.save_url,
        }
    )


def start(settings: Settings) -> GoogleStandin:
    """Start the stand-in, which refuses whatever the strict schema does."""
    return GoogleStandin(settings.data_dir / "standin" / "google").start()


def give_back(services: Services, google: GoogleStandin) -> None:
    """Give the stand-in back what it held before the demo was started again."""
    with services.write() as session:
        rows = session.scalars(select(GoogleObject)).all()
        objects.owe_anew(
            session.connection(), [row.id for row in rows], services.clock()
        )
    for row in rows:
        if row.in_wallet and row.saved_at is not None:
            google.wallets.holdings[row.object_id] = Holding(
                row.object_id, row.class_id, row.saved_at
            )


def saved(session: Session, google: GoogleStandin) -> list[SavedCard]:
    """Return the cards in people's Google Wallets, the newest first."""
    holdings = sorted(
        google.wallets.holdings.values(),
        key=lambda one: one.saved_at,
        reverse=True,
    )
    query = (
        select(GoogleObject.object_id, Card.page_token, Member)
        .join(Card, Card.id == GoogleObject.card_id)
        .join(Member, Member.id == Card.member_id)
        .where(GoogleObject.object_id.in_([one.object_id for one in holdings]))
    )
    known_cards = {
        object_id: SavedCard(
            token, members.short_name(member) or "", _points(google, object_id)
        )
        for object_id, token, member in session.execute(query)
    }
    return [
        known_cards[one.object_id] for one in holdings if one.object_id in known_cards
    ]


def _points(google: GoogleStandin, object_id: str) -> str:
    try:
        body = google.resources.get(OBJECT, object_id)
    except RefusedError:
        # After a new start it takes a moment until Google has the cards again.
        return ""
    return wallets.balance(body.get("loyaltyPoints", {}))
