"""The secret key, and the keys derived from it, one for each purpose.

Nothing that a card in the field depends on comes from here: losing the file signs
people out and voids open forms, no more.
"""

import os
import secrets
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FILE = "SECRET_KEY"
"""The name of the key's file in the data directory."""

_LENGTH = 32


def derive(master_key: bytes, purpose: str) -> bytes:
    """Return 32 bytes for *purpose* (RFC 5869), unrelated to those of any other."""
    info = f"palier/{purpose}".encode()
    return HKDF(SHA256(), _LENGTH, salt=None, info=info).derive(master_key)


@lru_cache(maxsize=4)
def master(path: Path) -> bytes:
    """Return the key in the file at *path*, which is made when it is not there."""
    try:
        return path.read_bytes().strip()
    except FileNotFoundError:
        return _make(path)


def _make(path: Path) -> bytes:
    key = secrets.token_urlsafe(_LENGTH * 2).encode()
    draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(file, key)
        os.fsync(file)
    finally:
        os.close(file)
    try:
        # Two servers may start at once: the first link wins, both read it.
        os.link(draft, path)
    except FileExistsError:
        return path.read_bytes().strip()
    finally:
        draft.unlink()
    return key
