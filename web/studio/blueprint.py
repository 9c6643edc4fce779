"""The studio's blueprint, for its pages to hang on."""

from typing import Any

from flask import Blueprint

from web import access

bp = Blueprint("studio", __name__, url_prefix="/studio")


@bp.context_processor
def frame() -> dict[str, Any]:
    """Tell the frame whether the person has a till, once it asks.

    Pages of errors have no frame, and must need no database.
    """
    return {"may_sell": lambda: access.current_role() in access.TEAM}
