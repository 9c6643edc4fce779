"""The pass type certificate, its key and its intermediate: load, match, explain.

What is read comes from the certificate by object identifier, never by cutting its
printed name at commas.
https://developer.apple.com/documentation/walletpasses/building-a-pass
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from wallet_apple import chains, der, errors, keyfiles

CERTIFICATE_FILE = "pass.pem"
KEY_FILE = "pass.key"
INTERMEDIATE_FILE = "wwdr.pem"
ROOT_FILE = "root.pem"

PASS_TYPE_EXTENSION = x509.ObjectIdentifier("1.2.840.113635.100.6.1.16")
"""The extension in which Apple repeats the pass type identifier."""

_APPLE = "Apple"
_PASS_TYPE_NAME = "Pass Type ID"  # noqa: S105 - the words that a certificate begins with


@dataclass(frozen=True, slots=True)
class Facts:
    """What a pass type certificate says about itself; times are aware UTC."""

    pass_type_identifier: str
    team_identifier: str
    organisation: str
    nfc: bool
    serial_number: int
    not_before: datetime
    not_after: datetime

    def days_left(self, at: datetime) -> int:
        """Whole days until the end; negative once it is over."""
        return (self.not_after - at) // timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Credentials:
    """Everything that a signature needs, loaded once and checked."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey
    intermediate: x509.Certificate
    facts: Facts


def load(
    certificate: Path,
    key: Path,
    intermediate: Path,
    *,
    passphrase: str | None = None,
    trust: chains.Trust = chains.APPLE,
    at: datetime,
) -> Credentials:
    """Load the three files and check that they sign passes at the time *at*.

    The files are PEM or DER; *intermediate* may hold several, of which the issuer
    of the certificate is taken.

    Raises:
        CertificateError: one of its kinds, with the remedy.
    """
    leaf = keyfiles.read(keyfiles.contents(certificate, "pass type certificate"))[0]
    secret = keyfiles.private_key(keyfiles.contents(key, "private key"), passphrase)
    keyfiles.refuse_exposed(key)
    found = keyfiles.read(
        keyfiles.contents(intermediate, "Apple intermediate certificate")
    )
    return match(leaf, secret, found, trust=trust, at=at)


def load_folder(
    folder: Path, *, passphrase: str | None = None, at: datetime
) -> Credentials:
    """Load the files of a folder by their names here; its own root is trusted too.

    Only a folder of development certificates holds a root.
    """
    return load(
        folder / CERTIFICATE_FILE,
        folder / KEY_FILE,
        folder / INTERMEDIATE_FILE,
        passphrase=passphrase,
        trust=trust_of(folder / ROOT_FILE),
        at=at,
    )


def trust_of(root: Path) -> chains.Trust:
    """Apple's trust, and the certificates in the file *root* where it is there."""
    return (
        chains.Trust(tuple(keyfiles.read(root.read_bytes())))
        if root.is_file()
        else chains.APPLE
    )


def match(
    certificate: x509.Certificate,
    key: rsa.RSAPrivateKey,
    intermediates: Iterable[x509.Certificate],
    *,
    trust: chains.Trust = chains.APPLE,
    at: datetime,
) -> Credentials:
    """Check that the parts belong together, are trusted, and count at *at*.

    Raises:
        CertificateError: one of its kinds, with the remedy.
    """
    facts = explain(certificate)
    refuse_outside(facts, at)
    if key.public_key() != certificate.public_key():
        raise errors.KeyMismatchError(
            "The private key does not belong to the certificate "
            f"{facts.pass_type_identifier}.",
            remedy="Use the key that was made with the request you sent to Apple, or "
            "make both anew: `palier certs csr`.",
        )
    intermediate = chains.issuer_of(certificate, intermediates)
    chains.refuse_untrusted(certificate, intermediate, trust, at)
    return Credentials(certificate, key, intermediate, facts)


def explain(certificate: x509.Certificate) -> Facts:
    """What a pass type certificate says about itself.

    Raises:
        WrongCertificateError: it is for something else than passes.
    """
    name = _named(certificate, NameOID.COMMON_NAME)
    claimed = _named(certificate, NameOID.USER_ID)
    stated = _pass_type_extension(certificate)
    if not (stated or name.startswith(_PASS_TYPE_NAME)):
        raise _wrong(f"This is {_described(certificate, name)}.")
    if not claimed or stated not in ("", claimed):
        raise _wrong(
            f"The certificate names two pass types, {claimed or 'none'} and "
            f"{stated or 'none'}; iPhones refuse its passes."
        )
    team = _named(certificate, NameOID.ORGANIZATIONAL_UNIT_NAME)
    if not team:
        raise _wrong(f"The certificate {claimed} names no team.")
    return Facts(
        pass_type_identifier=claimed,
        team_identifier=team,
        organisation=_named(certificate, NameOID.ORGANIZATION_NAME),
        nfc="NFC" in name.partition(":")[0],
        serial_number=certificate.serial_number,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
    )


def _wrong(message: str) -> errors.WrongCertificateError:
    return errors.WrongCertificateError(
        message,
        remedy="Create a Pass Type ID certificate under Certificates, Identifiers & "
        "Profiles at https://developer.apple.com/account and import that.",
    )


def _described(certificate: x509.Certificate, name: str) -> str:
    """What a certificate is that signs no passes, in words an owner knows."""
    if chains.is_authority(certificate):
        return f"the authority “{name}”, not a certificate of your own"
    if "Push" in name:
        return f"a push certificate (“{name}”), not a pass type certificate"
    if name.startswith((_APPLE, "iPhone", "iOS", "Mac", "Developer ID")):
        return f"a certificate for apps (“{name}”), not for passes"
    return f"not an Apple pass type certificate (“{name}”)"


def _named(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str:
    values = certificate.subject.get_attributes_for_oid(oid)
    return str(values[0].value) if values else ""


def _pass_type_extension(certificate: x509.Certificate) -> str:
    try:
        found = certificate.extensions.get_extension_for_oid(PASS_TYPE_EXTENSION).value
    except (x509.ExtensionNotFound, ValueError):
        return ""
    if not isinstance(found, x509.UnrecognizedExtension):
        return ""
    try:
        return der.read(found.value).text()
    except errors.MalformedError:
        return ""


def refuse_outside(facts: Facts, at: datetime) -> None:
    """Refuse a certificate that has ended, or has not begun.

    Raises:
        NotYetValidError, ExpiredError: with both times, for a wrong clock.
    """
    if at < facts.not_before:
        raise errors.NotYetValidError(
            f"The certificate begins on {facts.not_before:%Y-%m-%d %H:%M} UTC, and "
            f"this machine's clock says {at:%Y-%m-%d %H:%M} UTC.",
            remedy="Set the clock right (time synchronisation), or wait.",
        )
    if at > facts.not_after:
        raise errors.ExpiredError(
            f"The certificate {facts.pass_type_identifier} ended on "
            f"{facts.not_after:%Y-%m-%d}, and this machine's clock says "
            f"{at:%Y-%m-%d}.",
            remedy="Make a new request (`palier certs csr`), have Apple issue a new "
            "certificate for the same pass type, and import it; cards already on "
            "phones go on with it.",
        )
