"""Google's stand-in beside the server in a test, refusing what the schema refuses."""

from pathlib import Path

from passes import clock as clocks
from passes.clock import Clock
from tests.wallet_google import accounts
from wallet_google.standin.accounts import ISSUER_ID
from wallet_google.standin.server import GoogleStandin
from web.config import Settings


def standin(folder: Path, clock: Clock = clocks.now) -> GoogleStandin:
    """Return the stand-in, to be started with ``with``."""
    return GoogleStandin(folder, clock=clock, key=accounts.key("usual"))


def pointed(settings: Settings, google: GoogleStandin) -> Settings:
    """Return *settings* of a shop whose Google is the stand-in."""
    values = settings.model_dump() | {
        "google_issuer_id": ISSUER_ID,
        "google_service_account": google.account_file,
        "google_api_url": google.url,
        "google_callback_keys_url": google.keys_url,
        "google_save_url": google.save_url,
    }
    return Settings.model_validate(values)


def environment(google: GoogleStandin) -> dict[str, str]:
    """Return the same for a command."""
    return {
        "PALIER_GOOGLE_ISSUER_ID": ISSUER_ID,
        "PALIER_GOOGLE_SERVICE_ACCOUNT": str(google.account_file),
        "PALIER_GOOGLE_API_URL": google.url,
        "PALIER_GOOGLE_CALLBACK_KEYS_URL": google.keys_url,
        "PALIER_GOOGLE_SAVE_URL": google.save_url,
    }
