"""The barcode of a card as a phone draws it, a rotating one at a time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

import qrcode
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

_BORDER = 4


@dataclass(frozen=True, slots=True)
class Barcode:
    """A code's bars as an SVG path on *size* squares; *caption* is below it.

    Kinds that are not drawn here have no *path*, and are read by their caption.
    """

    path: str
    size: int
    caption: str


def of(body: Mapping[str, Any], at: datetime) -> Barcode | None:
    """The barcode that the card shows at that time; a rotating one comes first."""
    rotating = body.get("rotatingBarcode")
    shown = rotating or body.get("barcode")
    if not shown:
        return None
    value = rotated(rotating, at) if rotating else str(shown.get("value", ""))
    caption = str(shown.get("alternateText", ""))
    if shown.get("type") != "QR_CODE":
        return Barcode("", 0, caption or value)
    code = qrcode.QRCode(border=_BORDER)
    code.add_data(value)
    code.make(fit=True)
    matrix = code.get_matrix()
    return Barcode(_path(matrix), len(matrix), caption)


def rotated(barcode: Mapping[str, Any], at: datetime) -> str:
    """The value of a rotating barcode at a time, as its pattern makes it.

    https://developers.google.com/wallet/retail/loyalty-cards/use-cases/rotating-barcodes
    """
    details = barcode.get("totpDetails", {})
    period = int(details.get("periodMillis", 30_000))
    milliseconds = int(at.timestamp() * 1000)
    value = str(barcode.get("valuePattern", ""))
    for number, one in enumerate(details.get("parameters", [])):
        made = HOTP(bytes.fromhex(one["key"]), int(one["valueLength"]), SHA1())  # noqa: S303
        digits = made.generate(milliseconds // period).decode()
        value = value.replace(f"{{totp_value_{number}}}", digits)
    value = value.replace("{totp_timestamp_millis}", str(milliseconds))
    return value.replace("{totp_timestamp_seconds}", str(milliseconds // 1000))


def _path(matrix: list[list[bool]]) -> str:
    """One bar for every run of black squares."""
    bars = []
    for y, line in enumerate(matrix):
        x = 0
        for black, run in groupby(line):
            length = len(list(run))
            if black:
                bars.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length
    return "".join(bars)
