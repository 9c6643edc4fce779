"""Why points came or went, in one sentence of each language."""

import functools
from collections.abc import Mapping
from decimal import Decimal
from typing import cast

from babel.numbers import format_currency, get_currency_precision

from passes.loyalty.entry import Entry, Kind
from passes.programmes.programme import LANGUAGES

_LOCALES = {"fr": "fr_FR", "en": "en_GB"}


def entry(written: Entry, currency: str) -> Mapping[str, str]:
    """Return the sentence for a ledger entry of points."""
    facts = cast("Mapping[str, object]", written.explanation)
    return sentence(written.kind, facts, currency)


def sentence(
    kind: str, facts: Mapping[str, object], currency: str
) -> Mapping[str, str]:
    """Return the sentence for an entry of that kind with those facts."""
    if kind == Kind.EARN:
        return purchase(cast("int", facts["amount"]), currency)
    if kind == Kind.UNDO:
        return {"fr": "Annulation", "en": "Undone"}
    return {"fr": "Correction par la boutique", "en": "Corrected by the shop"}


# The same few amounts come back on every card of a shop.
@functools.lru_cache(maxsize=4096)
def purchase(amount: int, currency: str) -> Mapping[str, str]:
    """Return the sentence for a purchase of *amount* minor units."""
    said = {"fr": "Achat de", "en": "Purchase of"}
    return {
        language: f"{said[language]} {money(amount, currency, language)}"
        for language in LANGUAGES
    }


def money(amount: int, currency: str, language: str) -> str:
    """Return *amount* minor units as people of that language write money."""
    value = Decimal(amount).scaleb(-get_currency_precision(currency))
    return format_currency(value, currency, locale=_LOCALES[language])
