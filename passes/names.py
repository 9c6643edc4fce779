"""Random names in Crockford's base32: readable, case-blind, safe in an address."""

import os
from datetime import datetime

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford base32: no I, L, O or U (https://www.crockford.com/base32.html)."""

_MOMENT = 9
_REST = 12


def draw(characters: int) -> str:
    """Return *characters* random ones, 5 bits each, from the system's generator."""
    # 32 characters divide 256, so that each of them is equally likely.
    return "".join([ALPHABET[byte & 31] for byte in os.urandom(characters)])


def public_id() -> str:
    """Return an opaque, stable name for an address of the API: 80 bits."""
    return draw(16).lower()


def ordered_id(at: datetime) -> str:
    """Return an id for a row that is added at *at*: later ones sort behind it.

    45 bits of milliseconds since 1970, then 60 random ones. Where rows are added
    without end, ids without an order would scatter each new row over the whole
    index; and so none of these may be a secret, or stand where its age is one.
    """
    moment = int(at.timestamp() * 1000)
    shifts = range(5 * (_MOMENT - 1), -1, -5)
    known = "".join([ALPHABET[moment >> shift & 31] for shift in shifts])
    return (known + draw(_REST)).lower()
