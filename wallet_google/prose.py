"""The limits that Google's discovery document has only words for."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]

_ID = {
    "pattern": r"^[0-9]+\.[A-Za-z0-9._-]+$",
    "description": "the issuer's number, a dot, and letters, digits, . _ or -",
}
_MODULE_ID = {
    "pattern": "^[A-Za-z0-9_-]+$",
    "description": "letters, digits, _ or -; a dot would end it in a template",
}
_LINK = {
    "pattern": r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$",
    "description": "an address that begins with its scheme, such as https:",
}
_TEN = {"maxItems": 10}
_FIFTEEN = {"maxItems": 15}
_ONE_ROW = "exactly one of oneItem, twoItems and threeItems"
_ONE_BALANCE = "exactly one of string, int, double and money"
_ONE_IMAGE = "exactly one of sourceUri and privateImageId"

LIMITS: Mapping[str, Json] = {
    "LoyaltyClass.id": _ID,
    "LoyaltyClass.hexBackgroundColor": {
        "pattern": "^#(?:[0-9A-Fa-f]{3}){1,2}$",
        "description": "a colour such as #ffcc00",
    },
    # Google alone approves and rejects.
    "LoyaltyClass.reviewStatus": {"enum": ["DRAFT", "UNDER_REVIEW"]},
    "LoyaltyClass.messages": _TEN,
    "LoyaltyClass.merchantLocations": _TEN,
    "LoyaltyClass.textModulesData": _TEN,
    "LoyaltyClass.imageModulesData": {"maxItems": 1},
    "LoyaltyClass.valueAddedModuleData": _FIFTEEN,
    "LoyaltyObject.id": _ID,
    "LoyaltyObject.classId": _ID,
    "LoyaltyObject.messages": _TEN,
    "LoyaltyObject.merchantLocations": _TEN,
    "LoyaltyObject.textModulesData": _TEN,
    "LoyaltyObject.imageModulesData": {"maxItems": 1},
    "LoyaltyObject.valueAddedModuleData": _FIFTEEN,
    "LoyaltyPointsBalance": {
        "minProperties": 1,
        "maxProperties": 1,
        "description": _ONE_BALANCE,
    },
    "CardRowTemplateInfo": {
        "minProperties": 1,
        "maxProperties": 1,
        "description": _ONE_ROW,
    },
    "CardTemplateOverride.cardRowTemplateInfos": {
        "minItems": 1,
        "maxItems": 3,
        "description": "one row at least",
    },
    "FieldSelector.fields": {"minItems": 1, "description": "one field at least"},
    "Image": {
        "oneOf": [{"required": ["sourceUri"]}, {"required": ["privateImageId"]}],
        "description": _ONE_IMAGE,
    },
    "ImageModuleData.id": _MODULE_ID,
    "TextModuleData.id": _MODULE_ID,
    "MerchantLocation": {"required": ["latitude", "longitude"]},
    "MerchantLocation.latitude": {"minimum": -90, "maximum": 90},
    "MerchantLocation.longitude": {"minimum": -180, "maximum": 180},
    "TranslatedString": {"required": ["language", "value"]},
    "TranslatedString.language": {
        "pattern": "^[A-Za-z]{2,8}(?:-[A-Za-z0-9]{1,8})*$",
        "description": "a language tag such as fr or fr-CA",
    },
    "LocalizedString": {"required": ["defaultValue"]},
    "Barcode": {"required": ["type"]},
    "RotatingBarcode": {"required": ["type", "valuePattern", "totpDetails"]},
    "RotatingBarcodeTotpDetails": {
        "required": ["algorithm", "periodMillis", "parameters"]
    },
    "RotatingBarcodeTotpDetailsTotpParameters": {"required": ["key", "valueLength"]},
    "RotatingBarcodeTotpDetailsTotpParameters.key": {
        "pattern": "^(?:[0-9A-Fa-f]{2})+$",
        "description": "the key in base 16",
    },
    "DateTime": {"required": ["date"]},
    "DateTime.date": {
        "pattern": (
            r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
            r"(?:Z|[+-][0-9]{2}:[0-9]{2})?$"
        ),
        "description": "a date and time such as 2027-01-31T23:00:00Z",
    },
    "Uri": {"required": ["uri"]},
    "Uri.uri": _LINK,
    "ImageUri": {"required": ["uri"]},
    "AddMessageRequest": {"required": ["message"]},
    "JwtValidateRequest": {
        "minProperties": 1,
        "maxProperties": 1,
        "description": "exactly one of jwtResource and jsonResource",
    },
}
"""Keywords of JSON schema, by the schema or the property that they are for."""

_OFFSET = re.compile(r"(?:Z|[+-][0-9]{2}:[0-9]{2})$")
_TOTP = re.compile(r"\{totp_value_([0-9]+)\}")
_LISTS = ("textModulesData", "messages", "uris")


def findings(body: Mapping[str, Any], *, local: bool) -> list[str]:
    """What the form of a *body* cannot show; *local* addresses may be allowed."""
    found = list(_of_one_issuer(body))
    for at, part in parts(body):
        for check in (_twins, _interval, _values, _different):
            found.extend(check(at, part))
        found.extend(_addresses(at, part, local=local))
    return found


def parts(body: Any, at: str = "") -> Iterator[tuple[str, Json]]:
    """Every object inside of *body*, itself included, and where it is."""
    if isinstance(body, Mapping):
        yield at, dict(body)
        for name, value in body.items():
            yield from parts(value, within(at, name))
    elif isinstance(body, list):
        for number, value in enumerate(body):
            yield from parts(value, f"{at}[{number}]")


def _of_one_issuer(body: Mapping[str, Any]) -> Iterator[str]:
    ids = [body[name].partition(".")[0] for name in ("id", "classId") if name in body]
    if len(set(ids)) > 1:
        yield "classId: another issuer's class."


def _twins(at: str, part: Json) -> Iterator[str]:
    """A phone that reads no translations shows the plain field."""
    for name in part:
        plain = name.removeprefix("localized")
        if plain != name and plain[0].lower() + plain[1:] not in part:
            yield f"{within(at, name)}: the plain field has to be there too."


def _interval(at: str, part: Json) -> Iterator[str]:
    ends = [part[end]["date"] for end in ("start", "end") if _is_time(part.get(end))]
    if len({bool(_OFFSET.search(end)) for end in ends}) > 1:
        yield f"{at}: give both ends an offset, or none."


def _is_time(value: object) -> bool:
    return isinstance(value, Mapping) and "date" in value


def _values(at: str, part: Json) -> Iterator[str]:
    """Each value in the pattern of a rotating barcode comes from a parameter."""
    if "valuePattern" not in part:
        return
    held = len(part["totpDetails"]["parameters"])
    for number in _TOTP.findall(part["valuePattern"]):
        if int(number) >= held:
            yield f"{within(at, 'valuePattern')}: there is no parameter {number}."


def _different(at: str, part: Json) -> Iterator[str]:
    for name in _LISTS:
        ids = [one["id"] for one in part.get(name, ()) if "id" in one]
        for twice in sorted({one for one in ids if ids.count(one) > 1}):
            yield f"{within(at, name)}: two have the id {twice}."


def _addresses(at: str, part: Json, *, local: bool) -> Iterator[str]:
    """Google itself fetches pictures and calls back, from the public internet."""
    for name, key in (("sourceUri", "uri"), ("callbackOptions", "url")):
        inner = part.get(name, {})
        if key in inner and not _reachable(inner[key], local=local):
            place = f"{within(at, name)}.{key}"
            yield f"{place}: Google reaches public https addresses only."


def _reachable(address: str, *, local: bool) -> bool:
    try:
        parsed = urlsplit(address)
    except ValueError:
        return False
    host = parsed.hostname or ""
    if local and _loopback(host):
        return True
    return parsed.scheme == "https" and _public(host)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def _public(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and not _loopback(host)


def within(at: str, name: str) -> str:
    """Where the field *name* of what is *at* is."""
    return f"{at}.{name}" if at else name
