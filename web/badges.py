"""The wallets' official badges, which only the owner may put here.

Their licences let each shop use them and nobody hand them on: they lie in the data
directory, ``badges/apple-fr.svg``, and where there is none a neutral button stands.
https://developer.apple.com/wallet/add-to-apple-wallet-guidelines/
"""

import base64
from pathlib import Path

_LARGEST = 64 * 1024


def find(data_dir: Path, wallet: str, language: str) -> str | None:
    """Return the badge as an address for an <img>, or None when there is none."""
    path = data_dir / "badges" / f"{wallet}-{language}.svg"
    try:
        if path.stat().st_size > _LARGEST:
            return None
        drawn = path.read_bytes()
    except FileNotFoundError:
        return None
    return f"data:image/svg+xml;base64,{base64.b64encode(drawn).decode()}"
