"""Amounts as people type them at a till."""

import re

from passes.errors import InvalidError

_TYPED = re.compile(r"(\d{1,7})(?:[.,](\d{1,4}))?", re.ASCII)


def read(typed: str, decimals: int) -> int:
    """Return minor units from ``12``, ``12,5`` or ``12.50``.

    Raises:
        InvalidError: it is no amount of a currency with that many *decimals*.
    """
    found = _TYPED.fullmatch("".join(typed.split()))
    if found is None:
        raise InvalidError("amount", "Enter an amount such as 12.50.")
    whole, fraction = str(found[1]), str(found[2] or "")
    if len(fraction.rstrip("0")) > decimals:
        raise InvalidError("amount", f"Use at most {decimals} decimals.")
    minor = fraction[:decimals].ljust(decimals, "0")
    return int(whole + minor)
