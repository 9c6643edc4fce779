"""The programme over the API: its rules and tiers in force."""

from flask import Response
from sqlalchemy.orm import Session

from passes.programmes import rules as ruleset
from web.api import calls, wording
from web.idempotency import Answer


def show() -> Response:
    """Return the programme of the key, with the rules in force."""

    def work(session: Session) -> Answer:
        programme = calls.programme(session)
        rules = ruleset.live(session, programme)
        return calls.ok(
            {
                "name": programme.name,
                "slug": programme.slug,
                "currency": programme.currency,
                "decimals": programme.decimals,
                "language": programme.language,
                "timezone": programme.timezone,
                "rules_version": rules.version,
                "points_per_unit": rules.points_per_unit,
                "tiers": wording.ladder(programme, rules),
            }
        )

    return calls.read(work)


def tiers() -> Response:
    """Return the tiers in force."""

    def work(session: Session) -> Answer:
        programme = calls.programme(session)
        rules = ruleset.live(session, programme)
        return calls.ok(
            {"items": wording.ladder(programme, rules), "next_cursor": None}
        )

    return calls.read(work)
