"""Certificate and key files: reading what people hand in, refusing what is unsafe."""

import stat
from pathlib import Path

from cryptography import exceptions, x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from wallet_apple import errors

BROKEN = (
    *(TypeError, ValueError),
    *(exceptions.UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension),
    # Of odd names and serial numbers; raised only where warnings are errors.
    UserWarning,
)
"""What broken certificates raise while they are read."""


def read(data: bytes) -> list[x509.Certificate]:
    """The certificates in *data*: one in DER, or any number in PEM.

    Raises:
        CertificateUnreadableError: there is none, or one is broken.
    """
    try:
        if b"-----BEGIN" in data:
            return [whole(one) for one in x509.load_pem_x509_certificates(data)]
        return [whole(x509.load_der_x509_certificate(data))]
    except BROKEN as error:
        what = "a private key" if b"PRIVATE KEY-----" in data else "no certificate"
        raise errors.CertificateUnreadableError(
            f"The file holds {what} where a certificate is wanted.",
            remedy="Give the .cer file from Apple's portal, or its PEM form.",
        ) from error


def whole(certificate: x509.Certificate) -> x509.Certificate:
    """The certificate, once all of it was read: cryptography reads it lazily.

    Raises:
        One of `BROKEN`: a part of it is.
    """
    for part in ("subject", "issuer", "extensions", "not_valid_after_utc"):
        getattr(certificate, part)
    certificate.public_key()
    if certificate.serial_number <= 0:
        raise ValueError("A serial number is positive.")
    return certificate


def private_key(data: bytes, passphrase: str | None) -> rsa.RSAPrivateKey:
    """The RSA key in *data*, PEM or DER.

    Raises:
        PassphraseError: it is encrypted and *passphrase* does not open it.
        CertificateUnreadableError: there is no RSA key.
    """
    secret = passphrase.encode() if passphrase else None
    pem = b"-----BEGIN" in data
    loader = (
        serialization.load_pem_private_key
        if pem
        else serialization.load_der_private_key
    )
    try:
        key = loader(data, secret)
    except TypeError as error:
        # A key in clear is as good: the passphrase was for nothing.
        if secret:
            return private_key(data, None)
        raise passphrase_refused("private key") from error
    except ValueError as error:
        if secret and (b"ENCRYPTED" in data or not pem):
            raise passphrase_refused("private key") from error
        raise errors.CertificateUnreadableError(
            "The file holds no private key.",
            remedy="Give the key that was made with the request (`pass.key`).",
        ) from error
    return rsa_only(key)


def rsa_only(key: object) -> rsa.RSAPrivateKey:
    """*key* itself where it is RSA, the only kind that Apple issues passes for."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key
    raise errors.CertificateUnreadableError(
        "The private key is not an RSA key, and Apple signs passes with RSA only.",
        remedy="Make a new request with `palier certs csr`.",
    )


def passphrase_refused(what: str) -> errors.PassphraseError:
    """The refusal of a passphrase for *what*."""
    return errors.PassphraseError(
        f"The passphrase does not open the {what}.",
        remedy="Give the one that was chosen when it was exported (for the instance's "
        "own key: PALIER_APPLE_PRIVATE_KEY_PASSWORD).",
    )


def contents(path: Path, what: str) -> bytes:
    """The bytes of the file that holds *what*.

    Raises:
        CertificateMissingError: it is not there, or cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise errors.CertificateMissingError(
            f"The {what} cannot be read from {path}: {error.strerror}.",
            remedy="For development run `palier certs dev`; for real cards begin with "
            "`palier certs csr`.",
        ) from error


def refuse_exposed(key: Path) -> None:
    """Refuse a key that others on the machine may read or write.

    Raises:
        KeyExposedError: its mode is wider than 0600.
    """
    mode = stat.S_IMODE(key.stat().st_mode)
    if mode & 0o077:
        raise errors.KeyExposedError(
            f"The private key {key} has the mode {mode:04o}; others can reach it.",
            remedy=f"Run `chmod 600 {key}`.",
        )
