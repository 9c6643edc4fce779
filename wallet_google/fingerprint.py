"""A short name for what was sent, to see whether Google holds it already."""

import hashlib
import json
from collections.abc import Mapping

_PASSING = {"notifyPreference"}
"""Belongs to one request and not to what it leaves behind."""


def of(body: Mapping[str, object]) -> str:
    """The SHA-256 of a class or object, the same for the same content."""
    lasting = {name: value for name, value in body.items() if name not in _PASSING}
    plain = json.dumps(lasting, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(plain.encode()).hexdigest()
