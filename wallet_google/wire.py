"""Values as strangers write them: read strictly, or refused with a ValueError.

Whatever stands there, nothing else than ValueError is raised: a reader of these must
not have to know how JSON, numbers and keys can be spoiled.
"""

import base64
import json
import re
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_der_public_key

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = 253_402_300_799_999  # The last millisecond of the year 9999.
_DIGITS = re.compile(r"[0-9]{1,15}")


def mapping(data: bytes) -> dict[str, object]:
    """Return a JSON object in UTF-8, in which no name comes twice."""
    try:
        said = json.loads(
            data.decode(), object_pairs_hook=_once, parse_constant=_refuse
        )
    except RecursionError:
        raise ValueError("nested too deep") from None
    if not isinstance(said, dict):
        raise ValueError("no object")  # noqa: TRY004 - the one error of this module
    return said


def text(value: object) -> bytes:
    """Return a string as UTF-8, exactly as it stands between its quotes."""
    if not isinstance(value, str):
        raise ValueError("no string")  # noqa: TRY004
    return value.encode()


def decoded(value: object) -> bytes:
    """Return what a string says in base64, in the one way to write it."""
    written = text(value)
    found = base64.b64decode(written)
    if base64.b64encode(found) != written:
        raise ValueError("no base64")
    return found


def moment(value: object) -> datetime:
    """Return a time given in milliseconds since 1970, as a number or its digits."""
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if type(value) is not int or not 0 <= value <= _END:
        raise ValueError("no time")
    return _EPOCH + timedelta(milliseconds=value)


def public_key(value: object) -> ec.EllipticCurvePublicKey:
    """Return a key on the curve P-256, given as base64 of its DER form."""
    try:
        key = load_der_public_key(decoded(value))
    except UnsupportedAlgorithm:
        raise ValueError("no P-256 key") from None
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("no P-256 key")  # noqa: TRY004
    if not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("no P-256 key")  # noqa: TRY004
    return key


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # Two readers could each take another one for the truth.
        raise ValueError("a name comes twice")
    return found


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")
