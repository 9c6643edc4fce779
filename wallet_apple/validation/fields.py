"""The fields of a pass: how many, how named, what they hold and announce.

https://developer.apple.com/documentation/walletpasses/passfieldcontent
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from wallet_apple.validation import document
from wallet_apple.validation.findings import Report

GROUPS = (
    *("headerFields", "primaryFields", "secondaryFields"),
    *("auxiliaryFields", "backFields", "additionalInfoFields"),
)
_MOST: Mapping[str, int] = {"headerFields": 3, "primaryFields": 1}
_MOST_BOARDING = 2
_MOST_BELOW = 4
_LONG = 24
_ALIGNMENTS = {
    f"PKTextAlignment{side}" for side in ("Left", "Center", "Right", "Natural")
}
_NUMBERS = {
    f"PKNumberStyle{kind}" for kind in ("Decimal", "Percent", "Scientific", "SpellOut")
}
_DATES = {f"PKDateStyle{size}" for size in ("None", "Short", "Medium", "Long", "Full")}
_CHOICES: Mapping[str, set[str]] = {
    "textAlignment": _ALIGNMENTS,
    "numberStyle": _NUMBERS,
    "dateStyle": _DATES,
    "timeStyle": _DATES,
}


def check(shown: Mapping[str, Any], report: Report) -> None:
    """Check the fields of all groups."""
    style = document.style(shown)
    if style is None:
        return
    _check_counts(style, shown[style], report)
    found = list(each(shown))
    for place, group, field in found:
        _check_field(place, group, field, report)
    keys = Counter(
        field["key"]
        for _, _, field in found
        if isinstance(field, dict) and isinstance(field.get("key"), str)
    )
    for key in (key for key, count in keys.items() if count > 1):
        report.error("key_twice", f"Two fields have the key {key!r}.", document.NAME)
    told = [place for place, _, field in found if _announces(field)]
    if len(told) > 1:
        report.note(
            "messages",
            f"{len(told)} fields have a change message; when several change at once, "
            "a phone shows one that says nothing.",
            document.NAME,
        )
    if not shown[style].get("backFields"):
        report.warning(
            "contact", "Apple wants the organisation's contact on the back.", style
        )


def each(shown: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Every field with its place and group; what is no field included."""
    style = document.style(shown)
    if style is None:
        return
    for group in GROUPS:
        listed = shown[style].get(group, [])
        if isinstance(listed, list):
            for number, field in enumerate(listed):
                yield f"{style}.{group}[{number}]", group, field


def _announces(field: object) -> bool:
    return isinstance(field, dict) and "changeMessage" in field


def _check_counts(style: str, card: Mapping[str, Any], report: Report) -> None:
    counts = {}
    for group in GROUPS:
        listed = card.get(group, [])
        if not isinstance(listed, list):
            report.error("fields", "It must be a list.", f"{style}.{group}")
        counts[group] = len(listed) if isinstance(listed, list) else 0
    for group, most in _MOST.items():
        allowed = (
            _MOST_BOARDING
            if (style, group) == ("boardingPass", "primaryFields")
            else most
        )
        if counts[group] > allowed:
            _report_many(counts[group], allowed, f"{style}.{group}", report)
    below = counts["secondaryFields"] + counts["auxiliaryFields"]
    if style in ("storeCard", "coupon") and below > _MOST_BELOW:
        _report_many(
            below, _MOST_BELOW, f"{style}: secondary and auxiliary fields", report
        )


def _report_many(count: int, most: int, place: str, report: Report) -> None:
    report.warning("too_many", f"{count} fields; phones show {most}.", place)


def _check_field(place: str, group: str, field: object, report: Report) -> None:
    if not isinstance(field, dict):
        report.error("field", "A field must be an object.", place)
        return
    if not isinstance(field.get("key"), str) or not field["key"]:
        report.error("field_key", "The field has no key.", place)
    _check_value(place, group, field, report)
    message = field.get("changeMessage")
    if message is not None and not isinstance(message, str):
        report.error("message", "changeMessage must be a text.", place)
    for key, choices in _CHOICES.items():
        if key in field and str(field[key]) not in choices:
            report.error("choice", f"{field[key]!r} is no {key}.", place)
    if "textAlignment" in field and group in ("primaryFields", "backFields"):
        report.warning("alignment", "Alignment does not work here.", place)
    if "dataDetectorTypes" in field and group != "backFields":
        report.warning("detectors", "Detectors work on the back only.", place)


def _check_value(
    place: str, group: str, field: Mapping[str, Any], report: Report
) -> None:
    value = field.get("value")
    if value is None or isinstance(value, bool | list | dict):
        report.error("value", "The value must be a text, a number or a date.", place)
        return
    number = isinstance(value, int | float)
    if ("numberStyle" in field or "currencyCode" in field) and not number:
        report.error("value_number", "The value must be a number.", place)
    if ("dateStyle" in field or "timeStyle" in field) and not document.is_moment(value):
        report.error("value_date", "The value must be a date with time zone.", place)
    if (
        isinstance(value, str)
        and len(value) > _LONG
        and group
        not in (
            "backFields",
            "additionalInfoFields",
        )
    ):
        report.note("long", "Long values are cut off on the front.", place)
