"""Whom a certificate comes from, and whether that is somebody to trust."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import exceptions, x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from OpenSSL import crypto

from wallet_apple import errors

G4_FINGERPRINT = bytes.fromhex(
    "EA4757885538DD8CB59FF4556F676087D83C85E70902C122E42C0808B5BCE14C"
)
"""SHA-256 of Apple's WWDR intermediate G4, as published by Apple."""

_WWDR_HINT = (
    "Get Apple's intermediate G4 with `palier certs wwdr`, or from "
    "https://www.apple.com/certificateauthority/."
)


@dataclass(frozen=True, slots=True)
class Trust:
    """What a chain may end in: *roots*, and intermediates by SHA-256 fingerprint."""

    roots: tuple[x509.Certificate, ...] = ()
    fingerprints: frozenset[bytes] = frozenset({G4_FINGERPRINT})


APPLE = Trust()
"""The trust of production: Apple's intermediate G4 and nothing else."""


def issuer_of(
    certificate: x509.Certificate, intermediates: Iterable[x509.Certificate]
) -> x509.Certificate:
    """The intermediate that issued *certificate*: by name, key identifier, signature.

    Raises:
        ChainError: none of *intermediates* did.
    """
    offered = list(intermediates)
    for intermediate in offered:
        if _names_issuer(certificate, intermediate) and _issued(
            certificate, intermediate
        ):
            return intermediate
    wanted = _generation(certificate.issuer)
    given = ", ".join(_generation(one.subject) for one in offered) or "none"
    raise errors.ChainError(
        f"The certificate was issued by {wanted}; the intermediate given is {given}.",
        remedy=_WWDR_HINT,
    )


def _names_issuer(leaf: x509.Certificate, intermediate: x509.Certificate) -> bool:
    if leaf.issuer != intermediate.subject:
        return False
    try:
        wanted = leaf.extensions.get_extension_for_class(
            x509.AuthorityKeyIdentifier
        ).value.key_identifier
        given = intermediate.extensions.get_extension_for_class(
            x509.SubjectKeyIdentifier
        ).value.digest
    except (x509.ExtensionNotFound, ValueError):
        return True
    return wanted is None or wanted == given


def _issued(leaf: x509.Certificate, intermediate: x509.Certificate) -> bool:
    try:
        leaf.verify_directly_issued_by(intermediate)
    except (exceptions.InvalidSignature, ValueError, TypeError):
        return False
    return True


def _generation(name: x509.Name) -> str:
    """An authority in the words of Apple's page: its name, and G4 where it says so."""
    parts = [
        str(attribute.value)
        for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME)
        for attribute in name.get_attributes_for_oid(oid)
    ]
    return f"“{' '.join(parts) or 'an authority without a name'}”"


def refuse_untrusted(
    certificate: x509.Certificate,
    intermediate: x509.Certificate,
    trust: Trust,
    at: datetime,
) -> None:
    """Refuse a certificate whose chain ends in nothing trusted, or ended.

    Raises:
        ChainError: with the remedy.
    """
    if at > intermediate.not_valid_after_utc:
        raise errors.ChainError(
            f"The intermediate {_generation(intermediate.subject)} ended on "
            f"{intermediate.not_valid_after_utc:%Y-%m-%d}.",
            remedy=_WWDR_HINT,
        )
    if is_apple(intermediate, trust):
        verify_chain(certificate, [], [intermediate], at)
        return
    if not trust.roots:
        raise errors.ChainError(
            f"The intermediate {_generation(intermediate.subject)} has the fingerprint "
            f"{fingerprint(intermediate).hex()}, which is not the one Apple publishes.",
            remedy=_WWDR_HINT,
        )
    verify_chain(certificate, [intermediate], trust.roots, at)


def is_apple(intermediate: x509.Certificate, trust: Trust = APPLE) -> bool:
    """Whether the intermediate is one whose fingerprint is known."""
    return fingerprint(intermediate) in trust.fingerprints


def fingerprint(certificate: x509.Certificate) -> bytes:
    """The SHA-256 fingerprint, 32 bytes."""
    return certificate.fingerprint(hashes.SHA256())


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether the certificate issues others."""
    try:
        return certificate.extensions.get_extension_for_class(
            x509.BasicConstraints
        ).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def verify_chain(
    certificate: x509.Certificate,
    between: Iterable[x509.Certificate],
    trusted: Iterable[x509.Certificate],
    at: datetime,
) -> None:
    """Check every signature and date from *certificate* up to one of *trusted*.

    Raises:
        ChainError: with OpenSSL's reason.
    """
    store = crypto.X509Store()
    store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
    store.set_time(at)
    try:
        for anchor in trusted:
            store.add_cert(crypto.X509.from_cryptography(anchor))
        chain = [crypto.X509.from_cryptography(one) for one in between]
        leaf = crypto.X509.from_cryptography(certificate)
        crypto.X509StoreContext(store, leaf, chain).verify_certificate()
    except (crypto.X509StoreContextError, crypto.Error) as error:
        raise errors.ChainError(
            f"The certificates do not follow from one another: {error}.",
            remedy=_WWDR_HINT,
        ) from error
