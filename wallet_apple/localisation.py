"""The texts of a pass in French and English, as ``pass.strings``.

Every language has the same keys, as Apple asks. Almost all texts are the same for
every card of a design and tier; the few that are a card's own come last in the file,
so that what stands before them can be kept.
https://developer.apple.com/documentation/walletpasses/creating-the-source-for-a-pass
"""

import functools
from collections.abc import Mapping
from datetime import date

from passes.content.shown import CardContent, Text

LANGUAGES = ("en", "fr")

_MONTHS = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)

_WORDS: Mapping[str, Text] = {
    "label.points": {"en": "POINTS", "fr": "POINTS"},
    "label.tier": {"en": "TIER", "fr": "NIVEAU"},
    "label.holder": {"en": "MEMBER", "fr": "MEMBRE"},
    "label.history": {"en": "LATEST MOVEMENTS", "fr": "DERNIERS MOUVEMENTS"},
    "label.rules": {"en": "HOW IT WORKS", "fr": "COMMENT ÇA MARCHE"},
    "label.page": {"en": "YOUR PAGE", "fr": "VOTRE PAGE"},
    "label.website": {"en": "WEBSITE", "fr": "SITE INTERNET"},
    "label.contact": {"en": "CONTACT", "fr": "CONTACT"},
    "label.terms": {"en": "TERMS", "fr": "CONDITIONS"},
    "change.points": {
        "en": "Your new points balance: %@",
        "fr": "Votre nouveau solde de points : %@",
    },
    "change.tier": {
        "en": "Your tier is now %@",
        "fr": "Votre niveau est maintenant %@",
    },
}
_NEXT: Text = {"en": "POINTS TO {}", "fr": "POINTS AVANT {}"}
_LAST: Text = {"en": "NEXT TIER", "fr": "PROCHAIN NIVEAU"}
_TOP: Text = {"en": "Highest tier", "fr": "Niveau le plus haut"}
_NO_MOVEMENT: Text = {"en": "No movement yet.", "fr": "Pas encore de mouvement."}


def key(name: str) -> str:
    """The key of a text; no word that a person could type is one by accident."""
    return f"palier.{name}"


def said(text: Text, language: str) -> str:
    """The text in *language*, else in English, else in whatever it has."""
    return text.get(language) or text.get("en") or next(iter(text.values()), "")


def tier(content: CardContent) -> str:
    """The name of the tier's text, another one for each tier.

    A phone tells its holder of a field whose value changed; nobody outside of Apple
    knows whether it compares keys or texts, so both change.
    """
    return f"tier.{content.tier.rank}"


def shared(content: CardContent, language: str) -> str:
    """The lines that every card of this design, tier and next tier has."""
    look = content.look
    texts: dict[str, str] = {
        name: said(text, language) for name, text in _WORDS.items()
    }
    texts["description"] = said(look.description, language)
    texts[tier(content)] = said(content.tier.name, language)
    texts["rules"] = "\n".join(said(rule, language) for rule in look.rules)
    texts["terms"] = said(look.terms, language)
    texts["label.next"], texts["top"] = _next(content, language)
    for number, place in enumerate(look.places):
        texts[f"place.{number}"] = said(place.text, language)
    return "".join(_line(name, text) for name, text in texts.items())


def _next(content: CardContent, language: str) -> tuple[str, str]:
    """The label of the way to the next tier, and what stands there without one."""
    top = said(_TOP, language)
    if content.progress is None:
        return said(_LAST, language), top
    name = said(content.progress.tier.name, language).upper()
    return said(_NEXT, language).format(name), top


def own(content: CardContent) -> list[str]:
    """The lines that only this card has, now, in each of `LANGUAGES`.

    A movement each, newest first; its day is that of the time zone it came in.
    """
    moved = [
        (_beginnings(movement.at.date(), movement.points), movement.text)
        for movement in content.movements
    ]
    return [
        _history(
            [begin[number] + _escaped(said(text, language)) for begin, text in moved],
            language,
        )
        for number, language in enumerate(LANGUAGES)
    ]


def _history(lines: list[str], language: str) -> str:
    return f'"{_HISTORY}" = "{_BREAK.join(lines) or said(_NO_MOVEMENT, language)}";\n'


# The same few points move on any day.
@functools.lru_cache(maxsize=4096)
def _beginnings(day: date, points: int) -> tuple[str, str]:
    """How the line of a movement begins, in each of `LANGUAGES`."""
    signed = f"+{points}" if points >= 0 else f"\u2212{-points}"
    return (
        f"{day.day} {_MONTHS[day.month - 1]} {day.year}   {signed}   ",
        f"{day.day:02}/{day.month:02}/{day.year}   {signed}   ",
    )


def _line(name: str, text: str) -> str:
    return f'"{key(name)}" = "{_escaped(text)}";\n'


_HISTORY = key("history")
_BREAK = "\\n"
_ESCAPES = dict.fromkeys(range(32)) | {
    ord("\\"): "\\\\",
    ord('"'): '\\"',
    ord("\n"): "\\n",
    ord("\t"): " ",
}


# The reasons of movements are few, and come back on every card.
@functools.lru_cache(maxsize=4096)
def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def opening(lines: str) -> bytes:
    """*lines* as the beginning of a file: UTF-16 with its byte order mark.

    Apple documents UTF-16; other readers tell it from UTF-8 by the mark.
    """
    return b"\xfe\xff" + following(lines)


def following(lines: str) -> bytes:
    """*lines* as they continue a file; half of a broken character becomes a mark."""
    try:
        return lines.encode("utf-16-be")
    except UnicodeEncodeError:
        return lines.encode("utf-16-be", "replace")


def file_name(language: str) -> str:
    """Where the texts of *language* lie in a pass."""
    return f"{language}.lproj/pass.strings"
