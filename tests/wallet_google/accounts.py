"""Service accounts that exist for one test run."""

import functools
import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from wallet_google import service_account
from wallet_google.standin import accounts


@functools.cache
def key(name: str) -> rsa.RSAPrivateKey:
    """A key, the same under the same name: making one takes long."""
    return accounts.new_key()


def write(
    folder: Path, token_url: str = service_account.TOKEN_URL, name: str = "usual"
) -> Path:
    return accounts.write(folder, token_url, key=key(name))


def held(path: Path) -> dict[str, Any]:
    return dict(json.loads(path.read_text()))
