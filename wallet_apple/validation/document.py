"""pass.json: required keys, types, addresses, colours, codes, places.

https://developer.apple.com/documentation/walletpasses/pass
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from wallet_apple.validation.findings import Report

NAME = "pass.json"
STYLES = ("boardingPass", "coupon", "eventTicket", "generic", "storeCard")

_REQUIRED: Mapping[str, type] = {
    "description": str,
    "formatVersion": int,
    "organizationName": str,
    "passTypeIdentifier": str,
    "serialNumber": str,
    "teamIdentifier": str,
}
_BOOLEANS = ("voided", "sharingProhibited", "suppressStripShine")
_COLOURS = ("backgroundColor", "foregroundColor", "labelColor")
_COLOUR = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)")
_HEX = re.compile(r"#[0-9A-Fa-f]{6}")
_SAFE = re.compile(r"[A-Za-z0-9._~-]+")
_LEAST_TOKEN = 16
_FORMATS = {
    *("PKBarcodeFormatQR", "PKBarcodeFormatPDF417", "PKBarcodeFormatAztec"),
    "PKBarcodeFormatCode128",
}
_NEWER_FORMATS = {
    *("PKBarcodeFormatCode39", "PKBarcodeFormatCodabar"),
    *("PKBarcodeFormatEAN13", "PKBarcodeFormatI2of5"),
}
_MOST_PLACES = 10


def check(files: Mapping[str, bytes], report: Report) -> dict[str, Any]:
    """Check the document, and return it; empty where it cannot be read."""
    if NAME not in files:
        report.error("document_missing", "The archive holds no pass.json.", NAME)
        return {}
    try:
        document = orjson.loads(files[NAME])
    except orjson.JSONDecodeError as error:
        report.error("json", f"It is no JSON: {error}.", NAME)
        return {}
    if not isinstance(document, dict):
        report.error("json", "It is no JSON object.", NAME)
        return {}
    _check_required(document, report)
    _check_service(document, report)
    _check_colours(document, report)
    _check_codes(document, report)
    _check_places(document, report)
    _check_end(document, report)
    return document


def style(document: Mapping[str, Any]) -> str | None:
    """The style of the pass where it has exactly one."""
    found = [name for name in STYLES if isinstance(document.get(name), dict)]
    return found[0] if len(found) == 1 else None


def _at(key: str) -> str:
    return f"{NAME}: {key}"


def _check_required(document: Mapping[str, Any], report: Report) -> None:
    for key, kind in _REQUIRED.items():
        if key not in document:
            report.error("required", f"The key {key} is required.", _at(key))
        elif type(document[key]) is not kind:
            word = "a number" if kind is int else "a text"
            report.error("type", f"{key} must be {word}.", _at(key))
        elif document[key] == "":
            report.error("empty", f"{key} is empty.", _at(key))
    if document.get("formatVersion", 1) != 1:
        report.error("format", "formatVersion must be 1.", _at("formatVersion"))
    if style(document) is None:
        report.error("style", f"Exactly one of {', '.join(STYLES)} is required.", NAME)
    for key in _BOOLEANS:
        if key in document and not isinstance(document[key], bool):
            report.error("type", f"{key} must be true or false.", _at(key))
    serial = document.get("serialNumber")
    if isinstance(serial, str) and serial and not _SAFE.fullmatch(serial):
        report.warning(
            "serial",
            "The serial number becomes a part of addresses; letters, digits and "
            "- . _ ~ are safe there.",
            _at("serialNumber"),
        )


def _check_service(document: Mapping[str, Any], report: Report) -> None:
    address, token = document.get("webServiceURL"), document.get("authenticationToken")
    if address is None and token is None:
        report.note("static", "Without webServiceURL the card never changes.", NAME)
        return
    if not isinstance(address, str) or not isinstance(token, str):
        report.error(
            "service", "webServiceURL and authenticationToken need each other.", NAME
        )
        return
    if len(token) < _LEAST_TOKEN:
        report.error(
            "token", "The token needs 16 characters.", _at("authenticationToken")
        )
    _check_address(address, report)


def _check_address(address: str, report: Report) -> None:
    place = _at("webServiceURL")
    try:
        parts = urlsplit(address)
    except ValueError:
        report.error("service_address", "The address is malformed.", place)
        return
    if parts.scheme not in ("http", "https") or not parts.hostname:
        report.error("service_address", "The address is not an https address.", place)
    elif parts.scheme == "http":
        report.warning(
            "service_plain",
            "Phones call http only with a developer's setting; use https.",
            place,
        )
    if re.search(r"/v1/?$", parts.path):
        report.error(
            "service_version",
            "Phones add /v1 by themselves: with it in the address no phone registers.",
            place,
        )
    elif address.endswith("/"):
        report.warning(
            "service_slash", "Some wallets then call //v1; end without a slash.", place
        )


def _check_colours(document: Mapping[str, Any], report: Report) -> None:
    for key in _COLOURS:
        colour = document.get(key)
        if colour is None:
            continue
        found = _COLOUR.fullmatch(colour) if isinstance(colour, str) else None
        if found and all(int(channel) <= 255 for channel in found.groups()):  # noqa: PLR2004 - the largest byte
            continue
        if isinstance(colour, str) and _HEX.fullmatch(colour):
            report.warning("colour", "Apple documents rgb(r, g, b), not #.", _at(key))
        else:
            report.error("colour", f"{colour!r} is no rgb(r, g, b).", _at(key))


def _check_codes(document: Mapping[str, Any], report: Report) -> None:
    codes = document.get("barcodes")
    if codes is None:
        if "barcode" in document:
            report.warning(
                "barcode", "barcode is outdated; use barcodes.", _at("barcode")
            )
            _check_code(document["barcode"], _at("barcode"), report)
        return
    if not isinstance(codes, list):
        report.error("barcode", "barcodes must be a list.", _at("barcodes"))
        return
    for number, code in enumerate(codes):
        _check_code(code, _at(f"barcodes[{number}]"), report)


def _check_code(code: object, place: str, report: Report) -> None:
    if not isinstance(code, dict):
        report.error("barcode", "A code must be an object.", place)
        return
    form = str(code.get("format"))
    if form in _NEWER_FORMATS:
        report.warning("barcode_format", f"{form} needs iOS 27.", place)
    elif form not in _FORMATS:
        report.error("barcode_format", f"{form!r} is no known format.", place)
    message, encoding = code.get("message"), code.get("messageEncoding")
    if not isinstance(message, str) or not message:
        report.error("barcode_message", "The code has no message.", place)
    elif not isinstance(encoding, str):
        report.error("barcode_encoding", "The code has no messageEncoding.", place)
    else:
        _check_encoding(message, encoding, place, report)


def _check_encoding(message: str, encoding: str, place: str, report: Report) -> None:
    try:
        message.encode(encoding)
    except LookupError:
        report.error("barcode_encoding", f"{encoding!r} is no encoding.", place)
    except UnicodeEncodeError:
        report.error("barcode_encoding", f"The message is not {encoding}.", place)
    else:
        if not message.isascii():
            report.warning("barcode_ascii", "Many scanners read ASCII only.", place)


def _check_places(document: Mapping[str, Any], report: Report) -> None:
    places = document.get("locations", [])
    if not isinstance(places, list):
        report.error("places", "locations must be a list.", _at("locations"))
        return
    if len(places) > _MOST_PLACES:
        report.error("places", "At most ten locations count.", _at("locations"))
    for number, place in enumerate(places):
        at = _at(f"locations[{number}]")
        if not isinstance(place, dict):
            report.error("places", "A location must be an object.", at)
            continue
        for key, limit in (("latitude", 90), ("longitude", 180)):
            if not _within(place.get(key), limit):
                report.error("places", f"{key} is not within ±{limit}°.", at)


def _within(degrees: object, limit: int) -> bool:
    if isinstance(degrees, bool) or not isinstance(degrees, int | float):
        return False
    return abs(degrees) <= limit


def _check_end(document: Mapping[str, Any], report: Report) -> None:
    end = document.get("expirationDate")
    if end is None:
        return
    if not is_moment(end):
        report.error(
            "date",
            "It must be a date with hours, minutes and time zone.",
            _at("expirationDate"),
        )


def is_moment(value: object) -> bool:
    """Whether it is an ISO 8601 date with a time and a time zone."""
    if not isinstance(value, str) or "T" not in value:
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
