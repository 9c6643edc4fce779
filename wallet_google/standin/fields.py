"""What a field of a card shows: found by its path, said in a phone's language.

https://developers.google.com/wallet/retail/loyalty-cards/resources/template
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from babel.numbers import format_decimal

from wallet_google.standin import wallets

Body = Mapping[str, Any]

_STEP = re.compile(r"\.?(\w+)|\['([\w-]+)'\]", re.ASCII)
_LABELS = {
    "object.accountName": "accountNameLabel",
    "object.accountId": "accountIdLabel",
    "class.rewardsTier": "rewardsTierLabel",
    "class.secondaryRewardsTier": "secondaryRewardsTierLabel",
}
_BALANCES = ("loyaltyPoints", "secondaryLoyaltyPoints")


@dataclass(frozen=True, slots=True)
class Shown:
    """A value under its label, which may be empty."""

    label: str
    value: str


def text(held: Body, name: str, language: str) -> str:
    """The text *name* of a body as a phone set to *language* shows it."""
    twin = held.get(f"localized{name[0].upper()}{name[1:]}")
    return string(twin, language) or str(held.get(name, ""))


def string(localized: Body | None, language: str) -> str:
    """A LocalizedString in *language*, else as it is for everybody."""
    if not localized:
        return ""
    default: Body = localized.get("defaultValue", {})
    for one in (default, *localized.get("translatedValues", [])):
        if str(one.get("language", "")).partition("-")[0].lower() == language:
            return str(one.get("value", ""))
    return str(default.get("value", ""))


def at(path: str, body: Body, loyalty_class: Body, language: str) -> Shown | None:
    """What the field at *path* shows; None where there is nothing to show."""
    root, _, rest = path.partition(".")
    held: Any = {"object": body, "class": loyalty_class}.get(root)
    steps = [one[1] or one[2] for one in _STEP.finditer(rest)]
    if held is None or not steps:
        return None
    for step in steps[:-1]:
        held = _into(held, step)
    return _shown(path, held, steps[-1], loyalty_class, language)


def points(body: Body, name: str, language: str) -> Shown | None:
    """A balance under its label."""
    held = body.get(name)
    if not held:
        return None
    return Shown(text(held, "label", language), _balance(held, language))


def rows(loyalty_class: Body, body: Body, language: str) -> list[list[Shown]]:
    """The rows on the front of a card; without a template Google shows balances."""
    override = loyalty_class.get("classTemplateInfo", {}).get("cardTemplateOverride")
    if override is None:
        named = [points(body, name, language) for name in _BALANCES]
        return [[one for one in named if one]]
    found = [
        [
            shown
            for item in _items(info)
            if (shown := _first(item, body, loyalty_class, language))
        ]
        for info in override.get("cardRowTemplateInfos", [])
    ]
    return [row for row in found if row]


def _items(info: Body) -> Iterator[Body]:
    for row in info.values():
        for name in ("item", "startItem", "middleItem", "endItem"):
            if name in row:
                yield row[name]


def _first(item: Body, body: Body, loyalty_class: Body, language: str) -> Shown | None:
    """The first of an item's fields that has a value, with its second beside it."""
    found = []
    for value in ("firstValue", "secondValue"):
        paths = [one["fieldPath"] for one in item.get(value, {}).get("fields", [])]
        shown = (at(path, body, loyalty_class, language) for path in paths)
        found.append(next((one for one in shown if one and one.value), None))
    first, second = found
    if first and second:
        return Shown(first.label, f"{first.value} / {second.value}")
    return first or second


def _into(held: Any, step: str) -> Any:
    if isinstance(held, list):
        return next((one for one in held if one.get("id") == step), {})
    return held.get(step, {}) if isinstance(held, Mapping) else {}


def _shown(
    path: str, held: Any, last: str, loyalty_class: Body, language: str
) -> Shown | None:
    if last == "balance":
        return Shown(text(held, "label", language), _balance(held, language))
    value = _into(held, last)
    if isinstance(value, Mapping) and "header" in value:
        return Shown(text(value, "header", language), text(value, "body", language))
    label = text(loyalty_class, _LABELS.get(path, "-"), language)
    return Shown(label, text(held, last, language)) if held else None


def _balance(held: Body, language: str) -> str:
    number = held.get("balance", {}).get("int")
    if number is not None:
        return format_decimal(number, locale=language)
    return wallets.balance(held)
