"""What a wallet would show of a pass, read from the same pass.json that is signed.

Only reading and formatting happen here; ``components/pass_preview.html`` draws.
Keys and formats are Apple's:
https://developer.apple.com/documentation/walletpasses/pass
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import nh3
from babel import dates, numbers
from markupsafe import Markup

Strings = Mapping[str, str]
"""One language of a pass: the keys of its pass.strings and their texts."""

_RGB = re.compile(r"rgb\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*\)")
_HEX = re.compile(r"#[0-9a-fA-F]{6}")
_STYLES = {"Short": "short", "Medium": "medium", "Long": "long", "Full": "full"}

# On a store card with a square code the wallet has room for four in one row.
_ROW_LENGTH = 4


@dataclass(frozen=True, slots=True)
class Field:
    """One field as it reads on the phone; *link* is set where it has links."""

    key: str
    label: str
    value: str
    alignment: str
    link: Markup | None


@dataclass(frozen=True, slots=True)
class Images:
    """Addresses of the pass's pictures; what is None is not drawn."""

    icon: str | None = None
    logo: str | None = None
    strip: str | None = None


@dataclass(frozen=True, slots=True)
class Code:
    """The code to scan: *message* is what the scanner reads, *text* stands below."""

    message: str
    text: str


@dataclass(frozen=True, slots=True)
class PassView:
    """A store card ready to be drawn. Colours are ``#rrggbb``.

    *dead* is true of voided and expired passes, which a wallet greys out.
    """

    organisation: str
    description: str
    background: str
    foreground: str
    label: str
    logo_text: str
    images: Images
    header: tuple[Field, ...]
    primary: tuple[Field, ...]
    row: tuple[Field, ...]
    back: tuple[Field, ...]
    code: Code | None
    dead: bool


def card(
    pass_json: Mapping[str, Any],
    strings: Strings,
    images: Images,
    *,
    locale: str,
    at: datetime,
) -> PassView:
    """Read a store card's *pass_json* as a phone set to *locale* would at *at*.

    *strings* are the texts of that language. A field that the wallet would drop
    for want of room is left out here too.
    """
    reader = _Reader(strings, locale)
    style = pass_json["storeCard"]
    row = reader.fields(style, "secondaryFields") + reader.fields(
        style, "auxiliaryFields"
    )
    return PassView(
        organisation=reader.text(pass_json["organizationName"]),
        description=reader.text(pass_json["description"]),
        background=colour(pass_json.get("backgroundColor"), "#ffffff"),
        foreground=colour(pass_json.get("foregroundColor"), "#000000"),
        label=colour(pass_json.get("labelColor"), "#000000"),
        logo_text=reader.text(pass_json.get("logoText", "")),
        images=images,
        header=reader.fields(style, "headerFields")[:3],
        primary=reader.fields(style, "primaryFields")[:1],
        row=row[:_ROW_LENGTH],
        back=reader.fields(style, "backFields"),
        code=_code(pass_json, reader),
        dead=bool(pass_json.get("voided")) or _expired(pass_json, at),
    )


def colour(text: str | None, default: str) -> str:
    """A pass's ``rgb(1, 2, 3)`` or ``#010203`` as ``#rrggbb``, else *default*."""
    if text and _HEX.fullmatch(text):
        return text.lower()
    if text and (found := _RGB.fullmatch(text)):
        try:
            return "#" + bytes(int(part) for part in found.groups()).hex()
        except ValueError:
            return default
    return default


def notification(
    before: PassView, after: PassView, pass_json: Mapping[str, Any], strings: Strings
) -> str | None:
    """What the lock screen says when *after*, read from *pass_json*, replaces *before*.

    None when nothing that has a change message changed. One change is told in its
    own words; of several at once a phone says only that the card has changed, which
    is the empty text here.
    """
    old = {field.key: field.value for field in _all_fields(before)}
    reader = _Reader(strings, "en")
    told: list[str] = []
    for field in _all_fields(after):
        message = reader.change_message(pass_json["storeCard"], field.key)
        if message and field.key in old and old[field.key] != field.value:
            told.append(message.replace("%@", field.value))
    if not told:
        return None
    return told[0] if len(told) == 1 else ""


def _all_fields(view: PassView) -> tuple[Field, ...]:
    return view.header + view.primary + view.row + view.back


def _code(pass_json: Mapping[str, Any], reader: "_Reader") -> Code | None:
    codes = pass_json.get("barcodes") or []
    if not codes:
        return None
    return Code(
        message=codes[0]["message"], text=reader.text(codes[0].get("altText", ""))
    )


def _expired(pass_json: Mapping[str, Any], at: datetime) -> bool:
    ends = pass_json.get("expirationDate")
    return ends is not None and datetime.fromisoformat(ends) <= at


class _Reader:
    """Texts and numbers of one pass in one language."""

    def __init__(self, strings: Strings, locale: str) -> None:
        self._strings = strings
        self._locale = locale

    def text(self, text: str) -> str:
        """*text*, or what the language's strings have for it."""
        return self._strings.get(text, text)

    def fields(self, style: Mapping[str, Any], group: str) -> tuple[Field, ...]:
        return tuple(self._field(field) for field in style.get(group, ()))

    def change_message(self, style: Mapping[str, Any], key: str) -> str:
        for fields in style.values():
            for field in fields if isinstance(fields, list) else ():
                if field["key"] == key:
                    return self.text(field.get("changeMessage", ""))
        return ""

    def _field(self, field: Mapping[str, Any]) -> Field:
        attributed = field.get("attributedValue")
        return Field(
            key=field["key"],
            label=self.text(field.get("label", "")),
            value=self._value(field),
            alignment=field.get("textAlignment", "")
            .removeprefix("PKTextAlignment")
            .lower(),
            # Wallet knows one tag there, the link; so does this.
            link=_links(self.text(attributed)) if attributed else None,
        )

    def _value(self, field: Mapping[str, Any]) -> str:
        value = field["value"]
        if isinstance(value, int | float):
            return self._number(value, field)
        text = self.text(str(value))
        if "dateStyle" in field or "timeStyle" in field:
            return self._moment(text, field)
        return text

    def _number(self, value: float, field: Mapping[str, Any]) -> str:
        if currency := field.get("currencyCode"):
            return numbers.format_currency(value, currency, locale=self._locale)
        if field.get("numberStyle") == "PKNumberStylePercent":
            return numbers.format_percent(value, locale=self._locale)
        return numbers.format_decimal(value, locale=self._locale)

    def _moment(self, text: str, field: Mapping[str, Any]) -> str:
        moment = datetime.fromisoformat(text)
        day = _STYLES.get(field.get("dateStyle", "").removeprefix("PKDateStyle"))
        hour = _STYLES.get(field.get("timeStyle", "").removeprefix("PKDateStyle"))
        parts = [dates.format_date(moment, day, self._locale)] if day else []
        if hour:
            parts.append(dates.format_time(moment, hour, locale=self._locale))
        return " ".join(parts)


def _links(html: str) -> Markup:
    kept = nh3.clean(
        html,
        tags={"a"},
        attributes={"a": {"href"}},
        url_schemes={"https", "http", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )
    return Markup(kept)  # noqa: S704 -- cleaned on the line above
