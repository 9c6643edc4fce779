"""Who an instance is for Google: an issuer id, and a service account from its file.

A renewed key counts without a restart: the file is looked at again, at most once a
second.
"""

import logging
import stat
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from google.auth import crypt
from google.oauth2 import service_account as google_accounts

from wallet_google import errors, service_account
from wallet_google.errors import CredentialsError
from wallet_google.service_account import ServiceAccount

SCOPE = "https://www.googleapis.com/auth/wallet_object.issuer"

_log = logging.getLogger(__name__)
_LOOK_AGAIN = 1.0

Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Loaded:
    """An identity that can be used.

    *credentials* hold the access token, which all threads share.
    """

    issuer_id: str
    account: ServiceAccount
    credentials: google_accounts.Credentials
    stamp: Stamp

    @property
    def email(self) -> str:
        """The address to invite in Google's console."""
        return self.account.email


class Identity:
    """Keeps the newest usable identity; safe to share between threads."""

    def __init__(
        self,
        file: Path,
        issuer_id: str,
        *,
        local: bool = False,
        look_again: float = _LOOK_AGAIN,
    ) -> None:
        """Read nothing yet. *local*: see `service_account.read`."""
        self.issuer_id = issuer_id
        self._file = file
        self._local = local
        self._look_again = look_again
        self._lock = threading.Lock()
        self._looked: float | None = None
        self._loaded: Loaded | None = None
        self._refusal: tuple[Stamp, CredentialsError] | None = None

    def loaded(self) -> Loaded:
        """Return the newest identity; whether Google takes it shows in its use.

        A file that cannot be used does not replace an identity that can.

        Raises:
            CredentialsError: nothing usable was ever there.
        """
        now = time.monotonic()
        held = self._loaded
        if held and self._looked and now - self._looked < self._look_again:
            return held
        with self._lock:
            self._looked = now
            self._refresh()
            if self._loaded is None:
                raise self._refused()
            return self._loaded

    def _refused(self) -> CredentialsError:
        if self._refusal is None:
            raise RuntimeError("An identity is either loaded or refused.")
        error = self._refusal[1]
        # One exception raised by many threads would mix up their traces.
        return type(error)(error.message, remedy=error.remedy)

    def _refresh(self) -> None:
        stamp = _stamp(self._file)
        if self._loaded and self._loaded.stamp == stamp:
            return
        try:
            self._loaded = self._load(stamp)
            self._refusal = None
        except CredentialsError as error:
            if self._refusal is None or self._refusal[0] != stamp:
                _log.warning("The service account is not used: %s", error)
            self._refusal = (stamp, error)

    def _load(self, stamp: Stamp) -> Loaded:
        issuer_id = service_account.issuer_id(self.issuer_id)
        account = service_account.read(_contents(self._file), local=self._local)
        credentials = google_accounts.Credentials(
            crypt.RSASigner(account.key, account.key_id),
            service_account_email=account.email,
            token_uri=account.token_url,
            scopes=[SCOPE],
        )
        return Loaded(issuer_id, account, credentials, stamp)


def _contents(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(path.stat().st_mode)
            data = file.read(service_account.MOST_BYTES + 1)
    except OSError as error:
        raise errors.CredentialsMissingError(
            f"The service account's file cannot be read from {path}: {error.strerror}.",
            remedy="Set PALIER_GOOGLE_SERVICE_ACCOUNT to the JSON file of its key.",
        ) from error
    if mode & 0o077:
        raise errors.CredentialsExposedError(
            f"The service account's file {path} has the mode {mode:04o}; others can "
            "reach the key in it.",
            remedy=f"Run `chmod 600 {path}`.",
        )
    return data


def _stamp(path: Path) -> Stamp:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino
