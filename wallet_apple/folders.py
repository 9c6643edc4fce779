"""Writing keys and certificates: folders 0700, keys 0600, never half a file."""

import os
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


def make(folder: Path) -> None:
    """Make the folder, for its owner alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)


def write(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace the file at once; it never exists with a wider mode or half-written."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_key(path: Path, key: rsa.RSAPrivateKey) -> None:
    """Write the key as PEM, mode 0600."""
    write(
        path,
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
    )


def write_certificates(path: Path, *certificates: x509.Certificate) -> None:
    """Write the certificates as PEM, one after the other."""
    pem = serialization.Encoding.PEM
    write(path, b"".join(one.public_bytes(pem) for one in certificates), mode=0o644)
