"""Whether Google lets this service in, as one named outcome with its remedy.

Nothing is stored by asking.
https://developers.google.com/wallet/retail/loyalty-cards/getting-started/auth/rest
"""

from dataclasses import dataclass
from enum import StrEnum

from wallet_google import errors
from wallet_google.client import Client
from wallet_google.errors import GoogleWalletError

DISABLED = {"accessNotConfigured", "SERVICE_DISABLED"}
"""Google's words where the API is off for the whole project."""


class Finding(StrEnum):
    """What came of asking."""

    OK = "ok"
    BAD_FILE = "bad_file"
    BAD_ISSUER_ID = "bad_issuer_id"
    REVOKED = "revoked"
    WRONG_CLOCK = "wrong_clock"
    NOT_ENABLED = "not_enabled"
    NOT_A_USER = "not_a_user"
    WRONG_ISSUER = "wrong_issuer"
    LINK_REFUSED = "link_refused"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finding, what it means and what to do, in plain words."""

    finding: Finding
    message: str
    remedy: str = ""

    @property
    def good(self) -> bool:
        """Whether cards can be stored."""
        return self.finding is Finding.OK


def check(client: Client, jwt: str | None = None, *, within: float = 10.0) -> Outcome:
    """Ask Google about the issuer, and then for its judgement of a save link's *jwt*.

    Whatever goes wrong is an outcome; nothing is raised. New rights take Google some
    minutes.
    """
    try:
        client.issuer(within=within)
    except GoogleWalletError as error:
        return explain(client, error)
    if jwt is not None:
        try:
            client.validate(jwt, within=within)
        except errors.RefusedError as error:
            return Outcome(
                Finding.LINK_REFUSED,
                f"Google lets this service in, but not its cards: {error.message}",
                "Publish the design again, so that class and cards are stored anew.",
            )
        except GoogleWalletError as error:
            return explain(client, error)
    return Outcome(Finding.OK, "Google lets this service store cards for the issuer.")


def explain(client: Client, error: GoogleWalletError) -> Outcome:
    """Return what an error of the *client* says about the setup."""
    match error:
        case errors.CredentialsError():
            return Outcome(_of_credentials(error), error.message, error.remedy)
        case errors.ForbiddenError(reason=reason) if reason in DISABLED:
            return Outcome(
                Finding.NOT_ENABLED,
                "The service account's project has the Google Wallet API not enabled.",
                "Enable “Google Wallet API” in the Google Cloud console, and wait some "
                "minutes.",
            )
        case errors.ForbiddenError():
            return _not_a_user(client)
        case errors.AbsentError():
            return Outcome(
                Finding.WRONG_ISSUER,
                f"Google knows no issuer {client.identity.issuer_id}.",
                "Take the issuer id from the Google Pay & Wallet Console, “Google "
                "Wallet API”.",
            )
        case errors.RefusedError():
            return Outcome(Finding.REFUSED, str(error), "Ask Google's support.")
    return Outcome(
        Finding.UNREACHABLE,
        str(error),
        "See whether this machine reaches https://walletobjects.googleapis.com and "
        "https://oauth2.googleapis.com; if it does, Google has trouble: try later.",
    )


def _not_a_user(client: Client) -> Outcome:
    """The most frequent one of all: rights in the cloud project are other rights."""
    return Outcome(
        Finding.NOT_A_USER,
        f"The service account is no user of the issuer {client.identity.issuer_id}.",
        f"Invite {client.identity.loaded().email} as Developer in the Google Pay & "
        "Wallet Console, “Users”, and wait some minutes. If it was invited, the issuer "
        "id is somebody else's.",
    )


def _of_credentials(error: errors.CredentialsError) -> Finding:
    match error:
        case errors.IssuerIdError():
            return Finding.BAD_ISSUER_ID
        case errors.RevokedError():
            return Finding.REVOKED
        case errors.ClockError():
            return Finding.WRONG_CLOCK
    return Finding.BAD_FILE
