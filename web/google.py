"""Google Wallet, put together as the settings ask for it, or not at all."""

from passes.clock import Clock
from passes.db import Sessions
from passes.programmes.media import MediaFiles
from wallet_google.callbacks import Callbacks
from wallet_google.client import Client
from wallet_google.identity import Identity
from wallet_google.keys import RootKeys
from wallet_google.pictures import Pictures
from wallet_google.save_link import SaveLinks
from wallet_google.slots import Slots
from wallet_google.wallet import GoogleWallet
from web import addresses
from web.config import Settings


def identity(settings: Settings) -> Identity | None:
    """Return who the shop is for Google, None where Google Wallet is not set up."""
    issuer_id, file = settings.google_issuer_id, settings.google_service_account
    if issuer_id is None or file is None:
        return None
    return Identity(file, issuer_id, local=settings.local)


def wallet(
    settings: Settings, sessions: Sessions, media: MediaFiles, clock: Clock
) -> GoogleWallet | None:
    """Return the shop's Google Wallet, None where it is not set up.

    Nothing is connected or read yet.
    """
    known = identity(settings)
    if known is None:
        return None
    slots = Slots(sessions, known.issuer_id)
    return GoogleWallet(
        sessions,
        known,
        Client(known, settings.google_api_url, pace=slots),
        slots=slots,
        pictures=Pictures(media.save, media.load, settings.base_url),
        save_links=save_links(settings, known),
        base_url=settings.base_url,
        clock=clock,
    )


def save_links(settings: Settings, identity: Identity) -> SaveLinks:
    """Return what mints the links that offer cards to Android."""
    return SaveLinks(identity, settings.google_save_url, [settings.base_url])


def callbacks(settings: Settings, sessions: Sessions, clock: Clock) -> Callbacks | None:
    """Return what hears Google, None where Google Wallet is not set up."""
    issuer_id = settings.google_issuer_id
    if issuer_id is None:
        return None
    keys = RootKeys(settings.google_callback_keys_url)
    return Callbacks(sessions, keys, lambda: (issuer_id,), clock=clock)


def is_stood_in(settings: Settings) -> bool:
    """Tell whether what plays Google is on this machine."""
    return addresses.is_loopback(settings.google_api_url)


def address_problem(settings: Settings) -> str | None:
    """Say why Google cannot fetch pictures and call back here, None where it may."""
    if is_stood_in(settings) or addresses.is_public(settings.base_url):
        return None
    return (
        f"Google cannot reach {settings.base_url}, where the cards' pictures are; set"
        " PALIER_BASE_URL to a public https address."
    )
