"""One e-mail address or telephone number, as people type it and as it is kept."""

import re

import phonenumbers

from passes.errors import InvalidError

_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,250}\.[^@\s.]{2,63}")


def email(typed: str) -> str:
    """Return the address in lower case, or raise `InvalidError`."""
    address = typed.strip().lower()
    if not _EMAIL.fullmatch(address):
        raise InvalidError("email", "This does not look like an e-mail address.")
    return address


def phone(typed: str, region: str) -> str:
    """Return the number in E.164 (``+33612345678``), or raise `InvalidError`.

    *region* (``FR``) tells which country a number without prefix is of.
    """
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException as error:
        raise _not_a_number() from error
    if len(typed) > 40 or not phonenumbers.is_valid_number(number):  # noqa: PLR2004
        raise _not_a_number()
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _not_a_number() -> InvalidError:
    return InvalidError("phone", "This does not look like a telephone number.")
