"""What Apple's benchmarks sign with, and the limit they are measured against."""

from collections.abc import Callable
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from wallet_apple import authority, certificates, chains
from wallet_apple.authority import Authority
from wallet_apple.signing import Signer

NOW = datetime.now(UTC)


def make() -> Signer:
    """Return a signer of an authority made for the run."""
    made, key = Authority(at=NOW), authority.new_key()
    leaf = made.pass_type_certificate(key.public_key(), begin=NOW)
    trust = chains.Trust((made.root,))
    return Signer(
        certificates.match(leaf, key, [made.intermediate], trust=trust, at=NOW)
    )


def raw(signer: Signer) -> Callable[[], bytes]:
    """Return what no signature can be faster than: one RSA operation."""
    sign, text = signer.credentials.key.sign, bytes(120)
    pad, algorithm = padding.PKCS1v15(), hashes.SHA256()
    return lambda: sign(text, pad, algorithm)
