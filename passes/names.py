"""Random names in Crockford's base32: readable, case-blind, safe in an address."""

import os

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford base32: no I, L, O or U (https://www.crockford.com/base32.html)."""


def draw(characters: int) -> str:
    """Return *characters* random ones, 5 bits each, from the system's generator."""
    # 32 characters divide 256, so that each of them is equally likely.
    return "".join([ALPHABET[byte & 31] for byte in os.urandom(characters)])


def public_id() -> str:
    """Return an opaque, stable name for an address of the API: 80 bits."""
    return draw(16).lower()
