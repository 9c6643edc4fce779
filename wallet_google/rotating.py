"""A barcode that changes with the time, so that a screenshot of it soon is worthless.

Phones and we compute the same value from a secret and the time: RFC 6238 with
HMAC-SHA-1, the one algorithm that Google knows.
https://developers.google.com/wallet/retail/loyalty-cards/use-cases/rotating-barcodes
"""

import hmac
import secrets
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

from wallet_google.localisation import Json

PERIOD = timedelta(seconds=30)
DIGITS = 8
SEED = 20
"""Bytes: what RFC 4226 advises for HMAC-SHA-1."""


def new_seed() -> bytes:
    """A secret for one card; it goes to Google's API and nowhere else."""
    return secrets.token_bytes(SEED)


def step(at: datetime) -> int:
    """The number of the period that *at* is in."""
    return int(at.timestamp()) // int(PERIOD.total_seconds())


def value(seed: bytes, number: int) -> str:
    """The digits of a card in the period of that *number*."""
    made = HOTP(seed, DIGITS, SHA1()).generate(number)  # noqa: S303
    return made.decode()


def accepted(seed: bytes, shown: str, at: datetime) -> int | None:
    """The number of the period that *shown* is of; None is a refusal.

    A phone's clock may be one period early or late. That a period counts once is for
    whoever remembers which were accepted (`scans`).
    """
    now = step(at)
    for number in (now, now - 1, now + 1):
        if number < 0:
            continue
        if hmac.compare_digest(value(seed, number).encode(), _plain(shown)):
            return number
    return None


def _plain(shown: str) -> bytes:
    return shown.encode("utf-8", "replace")


def parted(scanned: str) -> tuple[str, str] | None:
    """The member code and the digits of a scanned barcode, None when it has none."""
    code, _, digits = scanned.rpartition(".")
    if (
        not code
        or len(digits) != DIGITS
        or not (digits.isascii() and digits.isdecimal())
    ):
        return None
    return code, digits


def barcode(seed: bytes, code: str, short_code: str) -> Json:
    """The RotatingBarcode of a card: its member code, a dot, and the digits."""
    parameters = {"key": seed.hex().upper(), "valueLength": DIGITS}
    return {
        "type": "QR_CODE",
        "valuePattern": f"{code}.{{totp_value_0}}",
        "alternateText": short_code,
        "renderEncoding": "UTF_8",
        "totpDetails": {
            "algorithm": "TOTP_SHA1",
            "periodMillis": str(PERIOD // timedelta(milliseconds=1)),
            "parameters": [parameters],
        },
    }
