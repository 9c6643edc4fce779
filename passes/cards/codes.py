"""Member codes: what the QR says, and the short one that is typed at the till.

Both are drawn at random, so that knowing one card says nothing of another, and
carry a check, so that a mis-scan is known for one before any database is asked.
"""

from passes import names
from passes.names import ALPHABET

_PREFIX = "L1"
_RANDOM = 20
_SHORT_RANDOM = 9
_MODULUS = 1021
_SHORT_MODULUS = 31
# What people type for the letters that the alphabet leaves out.
_LOOKALIKES = str.maketrans("ILO", "110")


def member_code() -> str:
    """Return a new code: ``L1.<20 characters, 100 bits>.<2 of check>``."""
    body = names.draw(_RANDOM)
    return f"{_PREFIX}.{body}.{_check(body)}"


def short_code() -> str:
    """Return a new code of ten characters, the last of them a check."""
    body = names.draw(_SHORT_RANDOM)
    return body + _short_check(body)


def read(typed: str) -> str | None:
    """Return the code that was scanned or typed, or None when it cannot be one.

    Case, spaces and hyphens do not matter, nor I, L and O for 1 and 0.
    """
    if len(typed) > 64 or not typed.isascii():  # noqa: PLR2004
        return None
    plain = "".join(typed.upper().replace("-", "").split()).translate(_LOOKALIKES)
    prefix, _, rest = plain.partition(".")
    return _read_member_code(prefix, rest) if rest else _read_short_code(plain)


def grouped(code: str) -> str:
    """Return a short code as people read it: ``ABCDE-FGHJK``."""
    return f"{code[:5]}-{code[5:]}"


def _read_member_code(prefix: str, rest: str) -> str | None:
    body, _, check = rest.partition(".")
    if (
        prefix != _PREFIX.translate(_LOOKALIKES)
        or not _written(body, _RANDOM)
        or check != _check(body)
    ):
        return None
    return f"{_PREFIX}.{body}.{check}"


def _read_short_code(plain: str) -> str | None:
    if not _written(plain, _SHORT_RANDOM + 1):
        return None
    return plain if plain[-1] == _short_check(plain[:-1]) else None


def _written(text: str, length: int) -> bool:
    return len(text) == length and all(char in ALPHABET for char in text)


def _check(body: str) -> str:
    value = _weighed(body, _MODULUS)
    return ALPHABET[value // 32] + ALPHABET[value % 32]


def _short_check(body: str) -> str:
    return ALPHABET[_weighed(body, _SHORT_MODULUS)]


def _weighed(body: str, modulus: int) -> int:
    """Return a sum that one wrong character or two swapped ones change.

    The modulus is prime and the weights differ, so no such slip goes unseen,
    except that 31 tells 0 from the 32nd character no more.
    """
    return (
        sum(weight * ALPHABET.index(char) for weight, char in enumerate(body, start=2))
        % modulus
    )
