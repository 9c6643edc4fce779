"""How a customer's page presents the programme it belongs to."""

from dataclasses import dataclass

from flask import url_for
from sqlalchemy.orm import Session

from passes.programmes import design
from passes.programmes.design import Design
from passes.programmes.programme import Programme
from web import languages


@dataclass(frozen=True, slots=True)
class Shop:
    """What ``layouts/customer.html`` needs; *design* is for the page's own texts."""

    name: str
    stylesheet_url: str
    logo_url: str | None
    design: Design


def present(session: Session, programme: Programme) -> Shop:
    """Return the programme's look for a page, and keep its clocks for the times."""
    live = design.live(session, programme)
    languages.choose_zone(programme.timezone)
    logo = url_for("ops.picture", name=live.logo) if live.logo else None
    return Shop(
        name=live.name,
        stylesheet_url=url_for(
            "ops.brand", slug=programme.slug, v=programme.design_version
        ),
        logo_url=logo,
        design=live,
    )
