"""Amounts as people type them at a till."""

import re

from passes.errors import InvalidError

_WHOLE = r"([0-9]{1,7}|[0-9]{1,3}(?:\s[0-9]{3}){1,2})"
_TYPED = re.compile(rf"{_WHOLE}(?:[.,]([0-9]{{1,4}}))?")


def read(typed: str, decimals: int) -> int:
    """Return minor units from ``12``, ``12,5``, ``12.50`` or ``1 234,50``.

    Nothing is guessed: ``12 50`` could be twelve fifty as well as twelve hundred
    and fifty, and ``1.250`` a thousand.

    Raises:
        InvalidError: it is no amount of a currency with that many *decimals*.
    """
    found = _TYPED.fullmatch(typed.strip())
    if found is None:
        raise InvalidError("amount", "Enter an amount such as 12.50.")
    whole, fraction = "".join(found[1].split()), found[2] or ""
    if len(fraction) > decimals:
        raise InvalidError("amount", f"Use at most {decimals} decimals.")
    return int(whole + fraction.ljust(decimals, "0"))
