"""A programme's rules: what earns points, and the tiers. A version never changes."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import cast

from sqlalchemy import ForeignKey, bindparam, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from passes import db
from passes.db import Base, Json
from passes.errors import InvalidError, NotFoundError
from passes.prepared import Prepared
from passes.programmes.programme import LANGUAGES, Programme, Shop

_MAX_RATE = 1_000
_MAX_TIERS = 12


class RulesVersion(Base):
    """One version of a programme's rules; never changed once written."""

    __tablename__ = "rules"

    programme_id: Mapped[int] = mapped_column(
        ForeignKey("programme.id"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True)
    document: Mapped[object] = mapped_column(Json)
    published_at: Mapped[datetime]


_OWN = "palier.published_rules"
_READ = "palier.rules"
_KEPT = 1_024
_DOCUMENT = Prepared(
    select(RulesVersion.document).where(
        RulesVersion.programme_id == bindparam("of"),
        RulesVersion.version == bindparam("number"),
    )
)


@dataclass(frozen=True, slots=True)
class TierRule:
    """A tier is reached at *threshold* status points; the first one at 0."""

    name: Mapping[str, str]
    threshold: int
    colour: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What a programme promises: *points_per_unit* for each whole unit of money."""

    version: int
    points_per_unit: int
    tiers: tuple[TierRule, ...]


STARTER = Rules(
    version=0,
    points_per_unit=1,
    tiers=(
        TierRule({"fr": "Bronze", "en": "Bronze"}, 0, "#a9663f"),
        TierRule({"fr": "Argent", "en": "Silver"}, 100, "#8b95a1"),
        TierRule({"fr": "Or", "en": "Gold"}, 300, "#c79a2b"),
    ),
)
"""Three tiers, one point for each euro: what a new programme begins with."""


def publish(
    session: Session, programme: Programme, rules: Rules, at: datetime
) -> Rules:
    """Make *rules* the programme's next version and return it with its number.

    Raises:
        InvalidError: a rate, a name or a threshold is not acceptable.
    """
    _check(rules)
    numbered = replace(rules, version=programme.rules_version + 1)
    session.add(
        RulesVersion(
            programme_id=programme.id,
            version=numbered.version,
            document=_document(numbered),
            published_at=at,
        )
    )
    programme.rules_version = numbered.version
    session.flush()
    _own(session)[programme.id, numbered.version] = numbered
    return numbered


def live(session: Session, programme: Programme | Shop) -> Rules:
    """Return the rules in force, or raise `NotFoundError` before the first."""
    return version(session, programme.id, programme.rules_version)


def version(session: Session, programme_id: int, number: int) -> Rules:
    """Return one version of a programme's rules, or raise `NotFoundError`."""
    key = (programme_id, number)
    if key in (own := _own(session)):
        return own[key]
    known: dict[tuple[int, int], Rules] = db.known(session, _READ)
    found = known.get(key)
    if found is None:
        found = _load(session, programme_id, number)
        if len(known) >= _KEPT:
            known.clear()
        known[key] = found
    return found


def _own(session: Session) -> dict[tuple[int, int], Rules]:
    """Return what this session publishes: it may be undone, and is nobody else's."""
    own: dict[tuple[int, int], Rules] = session.info.setdefault(_OWN, {})
    return own


def _load(session: Session, programme_id: int, number: int) -> Rules:
    document = _DOCUMENT.scalar(db.connection(session), of=programme_id, number=number)
    if document is None:
        raise NotFoundError("version of the rules")
    return _read(number, cast("Mapping[str, object]", document))


def _document(rules: Rules) -> Mapping[str, object]:
    return {
        "points_per_unit": rules.points_per_unit,
        "tiers": [asdict(tier) for tier in rules.tiers],
    }


def _read(number: int, document: Mapping[str, object]) -> Rules:
    tiers = cast("Sequence[Mapping[str, object]]", document["tiers"])
    return Rules(
        version=number,
        points_per_unit=cast("int", document["points_per_unit"]),
        tiers=tuple(
            TierRule(
                name=cast("Mapping[str, str]", tier["name"]),
                threshold=cast("int", tier["threshold"]),
                colour=cast("str", tier["colour"]),
            )
            for tier in tiers
        ),
    )


def _check(rules: Rules) -> None:
    if not 0 < rules.points_per_unit <= _MAX_RATE:
        raise InvalidError("points_per_unit", f"Use 1 to {_MAX_RATE} points.")
    if not 0 < len(rules.tiers) <= _MAX_TIERS:
        raise InvalidError("tiers", f"Use 1 to {_MAX_TIERS} tiers.")
    thresholds = [tier.threshold for tier in rules.tiers]
    if thresholds[0] != 0 or thresholds != sorted(set(thresholds)):
        raise InvalidError("tiers", "The first tier begins at 0, each next one higher.")
    if any(not tier.name.get(lang) for tier in rules.tiers for lang in LANGUAGES):
        raise InvalidError("tiers", "Each tier needs a name in every language.")
