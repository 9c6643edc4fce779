"""The words of a card, and how Google wants a text in several languages.

Every such field has a twin: the plain one, and a ``localized…`` one that phones in
another language read. Both are always set.
https://developers.google.com/wallet/reference/rest/v1/LocalizedString
"""

import functools
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date
from babel.numbers import format_decimal

from passes.content.shown import Movement, Text
from passes.programmes.programme import LANGUAGES

Json = dict[str, Any]

_LOCALES = {"fr": "fr_FR", "en": "en_GB"}
_JOINED = {"Mn", "Mc", "Me", "Cf", "Sk"}
"""Categories of what only changes the character before it."""

POINTS: Text = {"fr": "Points", "en": "Points"}
TIER: Text = {"fr": "Niveau", "en": "Tier"}
MEMBER: Text = {"fr": "Membre", "en": "Member"}
NUMBER: Text = {"fr": "N° de carte", "en": "Card number"}
HISTORY: Text = {"fr": "Derniers mouvements", "en": "Latest movements"}
RULES: Text = {"fr": "Comment ça marche", "en": "How it works"}
CONTACT: Text = {"fr": "Contact", "en": "Contact"}
TERMS: Text = {"fr": "Conditions", "en": "Terms"}
PAGE: Text = {"fr": "Votre page", "en": "Your page"}
WEBSITE: Text = {"fr": "Site internet", "en": "Website"}
WRITE: Text = {"fr": "Nous écrire", "en": "Write to us"}
NEXT: Text = {"fr": "Points avant {}", "en": "Points to {}"}
LAST: Text = {"fr": "Prochain niveau", "en": "Next tier"}
TOP: Text = {"fr": "Niveau le plus haut", "en": "Highest tier"}
NO_MOVEMENT: Text = {"fr": "Pas encore de mouvement.", "en": "No movement yet."}


def said(text: Text, language: str) -> str:
    """The text in *language*, else in English, else in whatever it has."""
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def same(text: str) -> Text:
    """A text that is the same in every language, such as a name."""
    return dict.fromkeys(LANGUAGES, text)


def field(name: str, text: Text, language: str, longest: int) -> Json:
    """The field *name* and its localized twin, each of *longest* characters at most.

    *language* is that of the plain one, for phones that speak none of ours.
    """
    twin = f"localized{name[0].upper()}{name[1:]}"
    short = {each: shorten(said(text, each), longest) for each in LANGUAGES}
    return {name: short[language], twin: string(short, language)}


def string(text: Text, language: str) -> Json:
    """A LocalizedString: *language* for everybody, the others for who speaks them."""
    # Even what is the same in all of them: a PATCH would leave an older translation.
    return {
        "defaultValue": _value(text, language),
        "translatedValues": [
            _value(text, other) for other in LANGUAGES if other != language
        ],
    }


def _value(text: Text, language: str) -> Json:
    return {"language": language, "value": said(text, language)}


def shorten(text: str, longest: int) -> str:
    """The text in *longest* characters at most, cut between words where it can be."""
    if len(text) <= longest:
        return text
    end = max(text.rfind(gap, longest // 2, longest) for gap in " \n")
    if end < 0:
        end = longest - 1
        while end and _belongs(text, end):
            end -= 1
    return text[:end].rstrip(" \n,;:.-–—") + "…"


def _belongs(text: str, at: int) -> bool:
    """Whether a cut there would part what people see as one character."""
    zero_width_joiner = "\u200d"
    return (
        text[at - 1] == zero_width_joiner or unicodedata.category(text[at]) in _JOINED
    )


@functools.lru_cache(maxsize=4096)
def number(value: int) -> Text:
    """A count as people write it: ``{"fr": "1 240", "en": "1,240"}``."""
    return {
        language: str(format_decimal(value, locale=_LOCALES[language]))
        for language in LANGUAGES
    }


def way(name: Text) -> Text:
    """What stands above the points that are missing for the tier of that *name*."""
    return {
        language: NEXT[language].format(said(name, language)) for language in LANGUAGES
    }


def movements(moved: tuple[Movement, ...], longest: int) -> Text:
    """A line for each movement, newest first: as many as fit in *longest*."""
    if not moved:
        return NO_MOVEMENT
    return {language: _lines(moved, language, longest) for language in LANGUAGES}


def _lines(moved: tuple[Movement, ...], language: str, longest: int) -> str:
    whole = ""
    for movement in moved:
        line = _line(movement, language)
        if len(whole) + 1 + len(line) > longest:
            break
        whole = f"{whole}\n{line}" if whole else line
    return whole or shorten(_line(moved[0], language), longest)


def _line(movement: Movement, language: str) -> str:
    sign = "+" if movement.points >= 0 else "\N{MINUS SIGN}"
    points = number(abs(movement.points))[language]
    text = said(movement.text, language)
    return f"{_day(movement.at.date(), language)} · {sign}{points} · {text}"


@functools.lru_cache(maxsize=1024)
def _day(day: date, language: str) -> str:
    return str(format_date(day, "medium", locale=_LOCALES[language]))


def lines(texts: tuple[Text, ...]) -> Text:
    """Several texts under one another."""
    return {
        language: "\n".join(said(text, language) for text in texts)
        for language in LANGUAGES
    }


def sentence(*parts: Text) -> Mapping[str, str]:
    """Texts one after the other, for who hears a picture described."""
    return {
        language: ". ".join(said(part, language) for part in parts)
        for language in LANGUAGES
    }
