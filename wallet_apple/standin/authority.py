"""A server certificate for loopback, from an authority that exists for it alone."""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAYS: Final = 365
_RENEW_BEFORE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class ServerFiles:
    """Where the PEM files are: *authority* for clients, *server* with its key."""

    authority: Path
    server: Path


def server_files(folder: Path, at: datetime | None = None) -> ServerFiles:
    """Return files in *folder* that serve 127.0.0.1, ::1 and localhost.

    They are made when they are missing or end within a month of *at*, and are the
    owner's alone to read. The authority's key is thrown away.
    """
    at = at or datetime.now(UTC)
    files = ServerFiles(folder / "standin-ca.pem", folder / "standin-server.pem")
    if not _usable(files, at):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        authority, server = _make(at)
        _write(files.authority, authority)
        _write(files.server, server)
    return files


def _usable(files: ServerFiles, at: datetime) -> bool:
    try:
        found = [
            x509.load_pem_x509_certificate(path.read_bytes())
            for path in (files.authority, files.server)
        ]
        found[1].verify_directly_issued_by(found[0])
    except (OSError, ValueError, TypeError, InvalidSignature):
        return False
    return all(one.not_valid_after_utc > at + _RENEW_BEFORE for one in found)


def _make(at: datetime) -> tuple[bytes, bytes]:
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = _name("Palier stand-in authority")
    authority = (
        _draft(ca_name, ca_name, ca_key, at)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    server = (
        _draft(_name("localhost"), ca_name, key, at)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
        .add_extension(x509.SubjectAlternativeName(_LOOPBACK), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()),
            critical=False,
        )
        .sign(ca_key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    pem = serialization.Encoding.PEM
    return authority.public_bytes(pem), server.public_bytes(pem) + secret


_LOOPBACK = [
    x509.DNSName("localhost"),
    x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    x509.IPAddress(ipaddress.ip_address("::1")),
]


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _draft(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    at: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # The clock of a phone or a container beside us may be a little behind.
        .not_valid_before(at - timedelta(days=1))
        .not_valid_after(at + timedelta(days=_DAYS))
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
        )
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _write(path: Path, content: bytes) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(content)
