"""Getting a certificate: the request for Apple's portal, and what comes back.

No Mac is needed: the key is made here and never leaves. What other people made with
Keychain Access, old RC2-encrypted .p12 files included, is taken as well.
https://developer.apple.com/documentation/walletpasses/building-a-pass
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from wallet_apple import certificates, chains, der, errors, folders, keyfiles

REQUEST_FILE = "request.csr"
REQUEST_KEY_FILE = "request.key"

G4_URL = "https://www.apple.com/certificateauthority/AppleWWDRCAG4.cer"

_P12_VERSION = b"\x03"


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a file that somebody handed in holds."""

    certificates: tuple[x509.Certificate, ...]
    key: rsa.RSAPrivateKey | None


def request(folder: Path, *, email: str, name: str) -> Path:
    """Make a key and the request for it, and return the request's path.

    A request that was made before is given again: the certificate Apple issues for
    it would be lost with its key.
    """
    folders.make(folder)
    key_path, path = folder / REQUEST_KEY_FILE, folder / REQUEST_FILE
    if key_path.is_file() and path.is_file():
        return path
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.EMAIL_ADDRESS, email),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    made = x509.CertificateSigningRequestBuilder(subject).sign(key, hashes.SHA256())
    folders.write_key(key_path, key)
    folders.write(path, made.public_bytes(serialization.Encoding.PEM), mode=0o644)
    return path


def store(
    folder: Path,
    data: bytes,
    *,
    passphrase: str | None = None,
    trust: chains.Trust = chains.APPLE,
    pass_type: str | None = None,
    at: datetime,
) -> certificates.Facts:
    """Take in what Apple or somebody's Mac gave, and return what it is.

    *pass_type* is the one that passes in the field have: a certificate for another
    could update none of them, and is refused.

    *data* is PEM, DER or a .p12. A certificate without a key is matched with the key
    of the request. Nothing is written before everything is checked; what signed
    until now is replaced at once.

    Raises:
        CertificateError: one of its kinds, with the remedy.
    """
    folders.make(folder)
    parcel = opened(data, passphrase)
    leaf = _leaf(parcel)
    key = parcel.key or _kept_key(folder, leaf)
    found = (*parcel.certificates, *_kept_intermediates(folder))
    credentials = certificates.match(leaf, key, found, trust=trust, at=at)
    _refuse_other(credentials.facts.pass_type_identifier, pass_type)
    folders.write_certificates(
        folder / certificates.INTERMEDIATE_FILE, credentials.intermediate
    )
    folders.write_key(folder / certificates.KEY_FILE, credentials.key)
    folders.write_certificates(folder / certificates.CERTIFICATE_FILE, leaf)
    _forget_request(folder, key)
    return credentials.facts


def _refuse_other(pass_type: str, issued: str | None) -> None:
    if issued is None or pass_type == issued:
        return
    raise errors.CertificateError(
        f"The certificate is for {pass_type}, and the passes that people hold are of "
        f"{issued}: none of them would be updated again.",
        remedy=f"Import one for {issued}, or say --replace-pass-type.",
    )


def store_intermediate(
    folder: Path, data: bytes, *, trust: chains.Trust = chains.APPLE
) -> x509.Certificate:
    """Take in Apple's intermediate, after comparing its fingerprint.

    Raises:
        CertificateUnreadableError: *data* is no certificate.
        ChainError: its fingerprint is not the one that Apple publishes.
    """
    for certificate in keyfiles.read(data):
        if chains.is_apple(certificate, trust):
            folders.make(folder)
            path = folder / certificates.INTERMEDIATE_FILE
            folders.write_certificates(path, certificate)
            return certificate
    raise errors.ChainError(
        "This is not Apple's intermediate G4: the fingerprint differs from the one "
        "that Apple publishes.",
        remedy=f"Get it from {G4_URL}.",
    )


def opened(data: bytes, passphrase: str | None) -> Parcel:
    """The certificates and the key in *data*.

    Raises:
        PassphraseError: *passphrase* does not open it.
        CertificateUnreadableError: it holds neither.
    """
    if b"-----BEGIN" in data:
        return _from_pem(data, passphrase)
    if _is_p12(data):
        return _from_p12(data, passphrase)
    return Parcel(tuple(keyfiles.read(data)), None)


def _from_pem(data: bytes, passphrase: str | None) -> Parcel:
    has_key = b"PRIVATE KEY-----" in data
    key = keyfiles.private_key(_key_part(data), passphrase) if has_key else None
    found = keyfiles.read(data) if b"BEGIN CERTIFICATE-----" in data else []
    if key is None and not found:
        raise errors.CertificateUnreadableError(
            "The file holds neither a certificate nor a key.",
            remedy="Give the .cer file that Apple's portal offers for download.",
        )
    return Parcel(tuple(found), key)


def _key_part(pem: bytes) -> bytes:
    """The part of a PEM file with the key; certificates may stand around it."""
    end = pem.index(b"PRIVATE KEY-----")
    start = pem.rindex(b"-----BEGIN", 0, end)
    last = pem.find(b"PRIVATE KEY-----", end + 1)
    return pem[start : last + len(b"PRIVATE KEY-----")] if last > 0 else pem[start:]


def _is_p12(data: bytes) -> bool:
    """A .p12 is a sequence that begins with its version, 3."""
    try:
        first = der.read(data).children()[:1]
    except errors.MalformedError:
        return False
    return [(one.tag, one.content) for one in first] == [(der.INTEGER, _P12_VERSION)]


def _from_p12(data: bytes, passphrase: str | None) -> Parcel:
    bag = _unlocked(data, passphrase)
    own = [bag.cert] if bag.cert else []
    try:
        found = tuple(
            keyfiles.whole(one.certificate) for one in (*own, *bag.additional_certs)
        )
    except keyfiles.BROKEN as error:
        raise errors.CertificateUnreadableError(
            "A certificate in the .p12 file is broken.", remedy="Export it again."
        ) from error
    return Parcel(found, keyfiles.rsa_only(bag.key) if bag.key else None)


def _unlocked(data: bytes, passphrase: str | None) -> pkcs12.PKCS12KeyAndCertificates:
    # An empty passphrase and none at all are two things in a .p12, and one to people.
    secrets = [passphrase.encode()] if passphrase else [b"", None]
    for secret in secrets:
        try:
            return pkcs12.load_pkcs12(data, secret)
        except ValueError:
            continue
    raise keyfiles.passphrase_refused(".p12 file")


def _leaf(parcel: Parcel) -> x509.Certificate:
    """The certificate of the parcel that is nobody's authority."""
    for certificate in parcel.certificates:
        if not chains.is_authority(certificate):
            return certificate
    if parcel.certificates:
        certificates.explain(parcel.certificates[0])
    raise errors.CertificateUnreadableError(
        "The file holds a key and no certificate.",
        remedy="Give the .cer file from Apple's portal, or a .p12 with both.",
    )


def _kept_key(folder: Path, leaf: x509.Certificate) -> rsa.RSAPrivateKey:
    """The key of the request, or the one in use, that *leaf* was made for."""
    for name in (REQUEST_KEY_FILE, certificates.KEY_FILE):
        path = folder / name
        if path.is_file():
            key = keyfiles.private_key(path.read_bytes(), None)
            if key.public_key() == leaf.public_key():
                return key
    raise errors.KeyMismatchError(
        "The certificate comes without its key, and no key made here belongs to it.",
        remedy="Import it where its request was made, give a .p12 with both, or make "
        "a new request: `palier certs csr`.",
    )


def _kept_intermediates(folder: Path) -> Iterable[x509.Certificate]:
    path = folder / certificates.INTERMEDIATE_FILE
    return keyfiles.read(path.read_bytes()) if path.is_file() else ()


def _forget_request(folder: Path, key: rsa.RSAPrivateKey) -> None:
    path = folder / REQUEST_KEY_FILE
    if not path.is_file():
        return
    if keyfiles.private_key(path.read_bytes(), None).public_key() == key.public_key():
        path.unlink()
        (folder / REQUEST_FILE).unlink(missing_ok=True)
