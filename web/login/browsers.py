"""The browser of the present request."""

from typing import cast

from flask import session

from web.accounts import sessions
from web.accounts.sessions import BrowserSession


def present() -> BrowserSession:
    """Return the session of the browser that sent the present request."""
    return cast("BrowserSession", session._get_current_object())  # type: ignore[attr-defined]  # noqa: SLF001


def present_row() -> str | None:
    """Return the name of its row, or None when nobody is signed in."""
    token = present().token
    return sessions.digest(token) if token else None
