"""The card's design: a versioned look, edited as a draft and then published."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import cast
from urllib.parse import urlsplit

from babel.numbers import get_currency_name, get_currency_symbol
from sqlalchemy import ForeignKey, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes import typed
from passes.db import Base, Json
from passes.errors import InvalidError, NotFoundError
from passes.programmes import media
from passes.programmes.programme import LANGUAGES, Programme

_COLOUR = re.compile(r"#[0-9a-f]{6}")
RULE_LINES = 3
MAX_PLACES = 10
MAX_NAME = 40
MAX_LINE = 200
MAX_TERMS = 5_000

Text = Mapping[str, str]


class DesignVersion(Base):
    """One published look; never changed once written."""

    __tablename__ = "design"

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programme.id"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[object] = mapped_column(Json)
    published_at: Mapped[datetime]
    published_by: Mapped[str]


class DesignDraft(Base):
    """What the owner is working on: saved, seen by nobody else."""

    __tablename__ = "design_draft"

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programme.id"), primary_key=True
    )
    document: Mapped[object] = mapped_column(Json)
    saved_at: Mapped[datetime]


@dataclass(frozen=True, slots=True)
class Spot:
    """A shop's place in degrees (WGS 84), and what the phone says when near it."""

    latitude: float
    longitude: float
    text: Text


@dataclass(frozen=True, slots=True)
class Design:
    """A look: names, colours as ``#rrggbb``, pictures as media hashes, texts.

    *name* stands on the card, *organisation* in notifications; *rules* are up to
    three lines that say how points are earned. With *rotating_code* the code on the
    card changes with the time, in the wallets that can do that.
    """

    name: str
    organisation: str
    description: Text
    background: str
    foreground: str
    label: str
    rules: tuple[Text, ...]
    terms: Text
    contact: str
    website: str | None = None
    logo: str | None = None
    strip: str | None = None
    places: tuple[Spot, ...] = ()
    rotating_code: bool = False


def starter(
    name: str, contact: str, *, currency: str = "EUR", points_per_unit: int = 1
) -> Design:
    """Return the look that a new programme begins with.

    Its first line says what a whole unit of *currency* (ISO 4217) earns.
    """
    return Design(
        name=name,
        organisation=name,
        description={"fr": f"Carte de fidélité {name}", "en": f"{name} loyalty card"},
        background="#1f3a34",
        foreground="#ffffff",
        label="#cfe3dc",
        rules=(
            _promise(currency, points_per_unit),
            {
                "fr": "Présentez votre carte à chaque passage en caisse.",
                "en": "Show your card each time you pay.",
            },
            {
                "fr": "Vos points vous font monter de niveau, et un niveau ne se perd"
                " pas avec le temps.",
                "en": "Your points lift you to the next tier, and time does not take it"
                " away.",
            },
        ),
        terms={
            "fr": "La carte est gratuite et personnelle. Les points n’ont pas de valeur"
            " en argent.",
            "en": "The card is free and personal. Points have no cash value.",
        },
        contact=contact,
    )


def _promise(currency: str, points: int) -> Text:
    symbol = get_currency_symbol(currency, locale="fr_FR")
    unit = get_currency_name(currency, count=1, locale="en_GB")
    said = "1 point" if points == 1 else f"{points} points"
    return {
        "fr": f"1 {symbol} dépensé = {said}.",
        "en": f"{said} for each {unit} you spend.",
    }


def live(session: Session, programme: Programme) -> Design:
    """Return the published look, or raise `NotFoundError` before the first."""
    return version(session, programme.id, programme.design_version)


def version(session: Session, programme_id: int, number: int) -> Design:
    """Return one published version of the look, or raise `NotFoundError`."""
    document = session.scalar(
        select(DesignVersion.document).where(
            DesignVersion.programme_id == programme_id, DesignVersion.version == number
        )
    )
    if document is None:
        raise NotFoundError("version of the design")
    return read(cast("Mapping[str, object]", document))


def draft(session: Session, programme: Programme) -> Design:
    """Return what the owner last saved; the published look when nothing is."""
    saved = session.get(DesignDraft, programme.id)
    if saved is None:
        return live(session, programme)
    return read(cast("Mapping[str, object]", saved.document))


def save(session: Session, programme: Programme, design: Design, at: datetime) -> None:
    """Keep *design* as the draft. No phone changes.

    Raises:
        InvalidError: a colour, a text or a picture is not acceptable.
    """
    _check(session, programme.id, design)
    row = session.get(DesignDraft, programme.id)
    if row is None:
        row = DesignDraft(programme_id=programme.id)
        session.add(row)
    row.document, row.saved_at = document(design), at
    session.flush()


def publish(
    session: Session, programme: Programme, design: Design, *, by: str, at: datetime
) -> int:
    """Make *design* the programme's look and return its version.

    Publishing what is live already changes nothing. Phones follow through
    `passes.cards.rollout`.

    Raises:
        InvalidError: a colour, a text or a picture is not acceptable.
    """
    _check(session, programme.id, design)
    session.refresh(programme, with_for_update=True)
    written = document(design)
    if programme.design_version and document(live(session, programme)) == written:
        _forget_draft(session, programme)
        return programme.design_version
    number = programme.design_version + 1
    session.add(
        DesignVersion(
            programme_id=programme.id,
            version=number,
            document=written,
            published_at=at,
            published_by=by,
        )
    )
    programme.design_version = number
    _forget_draft(session, programme)
    return number


def discard(session: Session, programme: Programme) -> None:
    """Forget the draft: go back to what is published."""
    _forget_draft(session, programme)


def drafted_at(session: Session, programme: Programme) -> datetime | None:
    """Return when the draft was last saved; None when there is none."""
    saved = session.get(DesignDraft, programme.id)
    return saved.saved_at if saved else None


def versions(
    session: Session, programme_id: int, limit: int = 20
) -> list[DesignVersion]:
    """Return the newest published versions, newest first."""
    query = (
        select(DesignVersion)
        .where(DesignVersion.programme_id == programme_id)
        .order_by(DesignVersion.version.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def _forget_draft(session: Session, programme: Programme) -> None:
    if saved := session.get(DesignDraft, programme.id):
        session.delete(saved)
    session.flush()


def document(design: Design) -> Mapping[str, object]:
    """Return *design* as a JSON document, lists for tuples."""
    parts = asdict(design)
    parts["rules"] = list(design.rules)
    parts["places"] = [asdict(place) for place in design.places]
    return parts


def read(parts: Mapping[str, object]) -> Design:
    """Return the design that `document` wrote."""
    known = {field.name for field in fields(Design)}
    plain = {name: value for name, value in parts.items() if name in known}
    plain["rules"] = tuple(cast("Sequence[Text]", parts["rules"]))
    plain["places"] = tuple(
        Spot(
            latitude=cast("float", place["latitude"]),
            longitude=cast("float", place["longitude"]),
            text=cast("Text", place["text"]),
        )
        for place in cast("Sequence[Mapping[str, object]]", parts["places"])
    )
    return Design(**plain)  # type: ignore[arg-type]


def _check(session: Session, programme_id: int, design: Design) -> None:
    for field in ("name", "organisation"):
        _line(field, getattr(design, field), MAX_NAME)
    _line("contact", design.contact, MAX_LINE)
    for field in ("background", "foreground", "label"):
        if not _COLOUR.fullmatch(getattr(design, field)):
            raise InvalidError(field, "Use a colour such as #1f3a34.")
    if len(design.rules) > RULE_LINES:
        raise InvalidError("rules", "Say the rules in at most three lines.")
    _text("description", design.description, MAX_LINE)
    for text in design.rules:
        _text("rules", text, MAX_LINE)
    _text("terms", design.terms, MAX_TERMS)
    if design.website is not None and urlsplit(design.website).scheme not in {
        "http",
        "https",
    }:
        raise InvalidError("website", "Use an address that begins with https://.")
    _check_places(design.places)
    for field in ("logo", "strip"):
        picture = getattr(design, field)
        if picture and not media.belongs(session, programme_id, picture):
            raise InvalidError(field, "Upload the picture first.")


def _check_places(places: Sequence[Spot]) -> None:
    if len(places) > MAX_PLACES:
        raise InvalidError("places", "A card can know ten places at most.")
    for place in places:
        if not (-90 <= place.latitude <= 90 and -180 <= place.longitude <= 180):  # noqa: PLR2004
            raise InvalidError("places", "Use degrees: latitude, then longitude.")
        _text("places", place.text, MAX_LINE)


def _line(field: str, value: str, longest: int) -> None:
    if not value.strip():
        raise InvalidError(field, "This cannot be empty.")
    _length(field, value, longest)


def _text(field: str, value: Text, longest: int) -> None:
    if set(value) != set(LANGUAGES):
        raise InvalidError(field, "Give the text in French and in English.")
    for words in value.values():
        _length(field, words, longest)


def _length(field: str, value: str, longest: int) -> None:
    if len(value) > longest:
        raise InvalidError(field, f"Use at most {longest} characters.")
    if not typed.showable(value, lines=True):
        raise InvalidError(field, "Use printable characters only.")
