"""Pass type certificates that exist for one test run."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from wallet_apple.apns_wire import Identity

PASS_TYPE = "pass.example.palier"


class Issued(NamedTuple):
    """A client's identity, and the authority (PEM) that a server has to trust."""

    identity: Identity
    authority: str


def issue(
    pass_type: str | None = PASS_TYPE,
    *,
    begin: datetime | None = None,
    days: int = 30,
) -> Issued:
    """Issue a pass type certificate; without *pass_type* it names none."""
    begin = begin or datetime.now(UTC) - timedelta(days=1)
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    called = f"Test authority {secrets.token_hex(4)}"
    ca_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, called)])
    names = [x509.NameAttribute(NameOID.COMMON_NAME, f"Pass Type ID: {pass_type}")]
    if pass_type:
        names.append(x509.NameAttribute(NameOID.USER_ID, pass_type))
    made = []
    for subject, public, is_authority in (
        (ca_name, ca_key.public_key(), True),
        (x509.Name(names), key.public_key(), False),
    ):
        made.append(
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(begin + timedelta(days=days))
            .add_extension(x509.BasicConstraints(is_authority, None), critical=True)
            .sign(ca_key, hashes.SHA256())
        )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    identity = Identity(made[1].public_bytes(pem), secret)
    return Issued(identity, made[0].public_bytes(pem).decode())
