"""The pass type that passes are signed and pushed for, taken up from its files.

A renewed certificate counts without a restart: the files are looked at again, at
most once a second.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from wallet_apple import apns_wire, certificates, chains, keyfiles
from wallet_apple.bundle import PassFactory
from wallet_apple.errors import CertificateError
from wallet_apple.signing import Signer

_log = logging.getLogger(__name__)
_LOOK_AGAIN = 1.0

Stamp = tuple[tuple[int, int, int] | None, ...]


@dataclass(frozen=True, slots=True)
class Files:
    """Where certificate, key and intermediate are; PEM or DER.

    *root* is trusted besides Apple's where the file exists (development).
    """

    certificate: Path
    key: Path
    intermediate: Path
    root: Path | None = None
    passphrase: str | None = None

    @classmethod
    def in_folder(cls, folder: Path, passphrase: str | None = None) -> "Files":
        """Return the files of a folder by their names here."""
        return cls(
            folder / certificates.CERTIFICATE_FILE,
            folder / certificates.KEY_FILE,
            folder / certificates.INTERMEDIATE_FILE,
            folder / certificates.ROOT_FILE,
            passphrase,
        )

    def __repr__(self) -> str:
        """Say nothing of the passphrase."""
        return f"Files({self.certificate})"


@dataclass(frozen=True, slots=True)
class Loaded:
    """An identity that can be used: what builds passes, and what pushes."""

    facts: certificates.Facts
    factory: PassFactory
    push: apns_wire.Identity
    stamp: Stamp

    @property
    def pass_type(self) -> str:
        """The pass type that the certificate is for."""
        return self.facts.pass_type_identifier


class Identity:
    """Keeps the newest usable identity; safe to share between threads."""

    def __init__(
        self,
        files: Files,
        media: Callable[[str], bytes],
        *,
        look_again: float = _LOOK_AGAIN,
    ) -> None:
        """Read nothing yet. *media* gives a picture's bytes by its hash."""
        self._files = files
        self._media = media
        self._look_again = look_again
        self._lock = threading.Lock()
        self._looked: float | None = None
        self._loaded: Loaded | None = None
        self._named: tuple[Stamp, str] | None = None
        self._refusal: tuple[Stamp, CertificateError] | None = None

    def loaded(self, at: datetime) -> Loaded:
        """Return the newest identity; whether it still counts shows in its use.

        Files that cannot be used do not replace an identity that can.

        Raises:
            CertificateError: nothing usable was ever there.
        """
        now = time.monotonic()
        held = self._loaded
        if held and self._looked and now - self._looked < self._look_again:
            return held
        with self._lock:
            self._looked = now
            self._refresh(at)
            if self._loaded is None:
                raise self._refused()
            return self._loaded

    def _refused(self) -> CertificateError:
        if self._refusal is None:
            raise RuntimeError("An identity is either loaded or refused.")
        error = self._refusal[1]
        # One exception raised by many threads would mix up their traces.
        return type(error)(error.message, remedy=error.remedy)

    @property
    def pass_type(self) -> str | None:
        """The pass type, also of a certificate that has ended; None without one."""
        if self._loaded:
            return self._loaded.pass_type
        stamp = self._stamp()
        if self._named and self._named[0] == stamp:
            return self._named[1]
        try:
            data = keyfiles.contents(self._files.certificate, "pass type certificate")
            name = certificates.explain(keyfiles.read(data)[0]).pass_type_identifier
        except CertificateError:
            return None
        self._named = (stamp, name)
        return name

    def _refresh(self, at: datetime) -> None:
        stamp = self._stamp()
        if self._loaded and self._loaded.stamp == stamp:
            return
        try:
            self._loaded = self._load(stamp, at)
            self._refusal = None
        except CertificateError as error:
            if self._refusal is None or self._refusal[0] != stamp:
                _log.warning("The pass type certificate is not used: %s", error)
            self._refusal = (stamp, error)

    def _load(self, stamp: Stamp, at: datetime) -> Loaded:
        files = self._files
        credentials = certificates.load(
            files.certificate,
            files.key,
            files.intermediate,
            passphrase=files.passphrase,
            trust=certificates.trust_of(files.root) if files.root else chains.APPLE,
            at=at,
        )
        push = apns_wire.Identity(
            credentials.certificate.public_bytes(serialization.Encoding.PEM),
            credentials.key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
        signer = Signer(credentials)
        return Loaded(signer.facts, PassFactory(signer, self._media), push, stamp)

    def _stamp(self) -> Stamp:
        files = self._files
        return tuple(
            _stamp(path) for path in (files.certificate, files.key, files.intermediate)
        )


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size, state.st_ino
