"""Service accounts of the stand-in: files as Google's console hands them out."""

import json
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER_ID = "3388000000000000001"
EMAIL = "palier@stand-in.iam.gserviceaccount.com"
FILE = "service-account.json"

_KEY_SIZE = 2048


def new_key() -> rsa.RSAPrivateKey:
    """Return a key of the size that Google makes."""
    return rsa.generate_private_key(65537, _KEY_SIZE)


def write(
    folder: Path,
    token_url: str,
    *,
    email: str = EMAIL,
    key: rsa.RSAPrivateKey | None = None,
) -> Path:
    """Write a service account's file, readable for its owner only; return its path.

    Tokens are asked of *token_url*, the stand-in's.
    """
    pem = (key or new_key()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    held = {
        "type": "service_account",
        "project_id": "stand-in",
        "private_key_id": secrets.token_hex(20),
        "private_key": pem.decode(),
        "client_email": email,
        "client_id": "1",
        "token_uri": token_url,
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(held, indent=2))
    return path
