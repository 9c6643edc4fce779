"""The card editor's fields: a design as texts to type into, and back."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask_babel import gettext, ngettext

from passes.programmes import design as designs
from passes.programmes.design import Design, Spot, Text
from passes.programmes.programme import LANGUAGES
from passes.typed import showable

COLOURS = ("background", "foreground", "label")
PICTURES = ("logo", "strip")

_COLOUR = re.compile(r"#[0-9a-f]{6}")
_DEGREES = re.compile(r"[-+]?\d{1,3}(?:[.,]\d{1,12})?", re.ASCII)

Values = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was typed, as a design. *errors* are sentences by the field's name.

    A field with an error has its former value in *design*, so that a card can be
    drawn while a person is still typing.
    """

    design: Design
    errors: Mapping[str, str]


def values(design: Design) -> dict[str, str]:
    """Return what stands in each field for *design*."""
    plain = (*COLOURS, *PICTURES, "name", "organisation", "contact", "website")
    found = {name: getattr(design, name) or "" for name in plain}
    found |= _spread("description", design.description)
    found |= _spread("terms", design.terms)
    for number, text in enumerate(design.rules, 1):
        found |= _spread(f"rule_{number}", text)
    for number, spot in enumerate(design.places, 1):
        found[f"place_{number}_latitude"] = repr(spot.latitude)
        found[f"place_{number}_longitude"] = repr(spot.longitude)
        found |= _spread(f"place_{number}", spot.text)
    found["rotating_code"] = "yes" if design.rotating_code else ""
    return found


def read(given: Values, base: Design) -> Reading:
    """Return the design that the fields say; *base* fills in where they err."""
    reader = _Reader(given)
    design = Design(
        name=reader.line("name", base.name, designs.MAX_NAME, needed=True),
        organisation=reader.line(
            "organisation", base.organisation, designs.MAX_NAME, needed=True
        ),
        description=reader.text(
            "description", base.description, designs.MAX_LINE, needed=True
        ),
        background=reader.colour("background", base.background),
        foreground=reader.colour("foreground", base.foreground),
        label=reader.colour("label", base.label),
        rules=reader.rules(base.rules),
        terms=reader.text("terms", base.terms, designs.MAX_TERMS),
        contact=reader.line("contact", base.contact, designs.MAX_LINE, needed=True),
        website=reader.website(base.website),
        logo=given.get("logo") or None,
        strip=given.get("strip") or None,
        places=reader.places(base.places),
        rotating_code=bool(given.get("rotating_code")),
    )
    return Reading(design, reader.errors)


def places_shown(given: Values) -> int:
    """Return how many places to ask for: those there are, and one more."""
    filled = [
        number
        for number in range(1, designs.MAX_PLACES + 1)
        if any(given.get(name) for name in _place_fields(number))
    ]
    return min(max(filled, default=0) + 1, designs.MAX_PLACES)


def _place_fields(number: int) -> Iterable[str]:
    parts = ("latitude", "longitude", *LANGUAGES)
    return [f"place_{number}_{part}" for part in parts]


def _spread(name: str, text: Text) -> dict[str, str]:
    return {f"{name}_{language}": text.get(language, "") for language in LANGUAGES}


class _Reader:
    """Reads fields and remembers what is wrong with them."""

    def __init__(self, given: Values) -> None:
        self.errors: dict[str, str] = {}
        self._given = given

    def line(
        self, name: str, otherwise: str, longest: int, *, needed: bool = False
    ) -> str:
        typed = " ".join(self._given.get(name, "").split())
        return otherwise if self._wrong(name, typed, longest, needed) else typed

    def text(
        self, name: str, otherwise: Text, longest: int, *, needed: bool = False
    ) -> Text:
        typed = self._typed(name)
        # A language left empty says what the other one does.
        whole = {
            language: text or next(filter(None, typed.values()), "")
            for language, text in typed.items()
        }
        wrong = [
            language
            for language, text in whole.items()
            if self._wrong(f"{name}_{language}", text, longest, needed)
        ]
        return otherwise if wrong else whole

    def colour(self, name: str, otherwise: str) -> str:
        typed = self._given.get(name, "").strip().lower()
        if _COLOUR.fullmatch(typed):
            return typed
        self.errors[name] = gettext("Use a colour such as #1f3a34.")
        return otherwise

    def website(self, otherwise: str | None) -> str | None:
        typed = self._given.get("website", "").strip()
        if not typed:
            return None
        address = typed if "://" in typed else f"https://{typed}"
        if self._wrong("website", address, designs.MAX_LINE, needed=False):
            return otherwise
        if not _is_address(address):
            self.errors["website"] = gettext(
                "Use an address such as https://example.com."
            )
            return otherwise
        return address

    def rules(self, otherwise: tuple[Text, ...]) -> tuple[Text, ...]:
        found = [
            self.text(f"rule_{number}", {}, designs.MAX_LINE)
            for number in range(1, designs.RULE_LINES + 1)
        ]
        if any(name.startswith("rule_") for name in self.errors):
            return otherwise
        return tuple(text for text in found if any(text.values()))

    def places(self, otherwise: tuple[Spot, ...]) -> tuple[Spot, ...]:
        found = [
            self._place(number)
            for number in range(1, designs.MAX_PLACES + 1)
            if any(self._given.get(name, "").strip() for name in _place_fields(number))
        ]
        if any(name.startswith("place_") for name in self.errors):
            return otherwise
        return tuple(spot for spot in found if spot)

    def _place(self, number: int) -> Spot | None:
        latitude = self._degrees(f"place_{number}_latitude", 90)
        longitude = self._degrees(f"place_{number}_longitude", 180)
        text = self.text(f"place_{number}", {}, designs.MAX_LINE, needed=True)
        if latitude is None or longitude is None or not text:
            return None
        return Spot(latitude, longitude, text)

    def _degrees(self, name: str, most: int) -> float | None:
        typed = self._given.get(name, "").strip().replace("\N{MINUS SIGN}", "-")
        if _DEGREES.fullmatch(typed):
            degrees = float(typed.replace(",", "."))
            if abs(degrees) <= most:
                return degrees
        self.errors[name] = gettext(
            "Use degrees such as 48.8566, from -%(most)s to %(most)s.", most=most
        )
        return None

    def _typed(self, name: str) -> dict[str, str]:
        return {
            language: self._given.get(f"{name}_{language}", "")
            .replace("\r\n", "\n")
            .strip()
            for language in LANGUAGES
        }

    def _wrong(self, name: str, typed: str, longest: int, needed: bool) -> bool:
        if needed and not typed:
            self.errors[name] = gettext("This cannot be empty.")
        elif len(typed) > longest:
            self.errors[name] = ngettext(
                "Use at most %(num)s character.",
                "Use at most %(num)s characters.",
                longest,
            )
        elif not showable(typed, lines=True):
            self.errors[name] = gettext("Some of these characters cannot be shown.")
        return name in self.errors


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        # A port that is no number shows only when it is asked for.
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(host) and " " not in text
