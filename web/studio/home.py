"""The studio's first page: how the programme is, and where to go."""

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from passes.cards import rollout
from passes.programmes import design
from passes.reports import overview
from web import access
from web.services import services
from web.studio import at_google, delivery
from web.studio.blueprint import bp


@bp.get("/")
def home() -> ResponseReturnValue:
    """Show the figures, the address to join at, and whether news reach phones."""
    at = services().clock()
    with services().read() as session:
        programme = access.current_programme(session)
        drafted_at = design.drafted_at(session, programme)
        figures = overview.of(session, programme.id, at)
        state = delivery.now(session, services().apple, programme.id, at)
        issuer_id = services().settings.google_issuer_id
        google = issuer_id and at_google.now(session, issuer_id, programme.id, at)
        under_way = rollout.progress(session, programme)
    join = url_for("join.form", slug=programme.slug)
    return render_template(
        "studio/home.html",
        programme=programme,
        programme_name=programme.name,
        figures=figures,
        delivery=state,
        google=google,
        rollout=under_way,
        drafted_at=drafted_at,
        join_url=f"{services().settings.base_url}{join}",
        join_path=join,
        role=access.current_role(),
    )
