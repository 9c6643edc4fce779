"""The language and the zone of the present page."""

from flask import Flask, g, request
from flask_babel import Babel, get_locale, refresh

from passes.programmes.programme import LANGUAGES
from web import folders

DEFAULT = "en"


def register(app: Flask) -> None:
    """Let every page speak the reader's language."""
    app.config.update(
        BABEL_TRANSLATION_DIRECTORIES=str(folders.translations()),
        BABEL_DEFAULT_LOCALE=DEFAULT,
    )
    Babel(app, locale_selector=select, timezone_selector=_zone)
    app.jinja_env.globals["get_locale"] = get_locale


def select() -> str:
    """Return the page's language.

    It is ``?lang=``, else what the page's person is known to read, else what the
    browser asks for.
    """
    asked = request.args.get("lang", "")
    if asked in LANGUAGES:
        return asked
    known = g.get("language")
    if known in LANGUAGES:
        return str(known)
    return request.accept_languages.best_match(LANGUAGES) or DEFAULT


def current() -> str:
    """Return the language of the present page: ``fr`` or ``en``."""
    return str(get_locale())[:2]


def choose(language: str | None) -> None:
    """Speak the language of a member or an account from here on."""
    g.language = language
    refresh()


def choose_zone(timezone: str) -> None:
    """Show times as the programme's clocks do."""
    g.timezone = timezone
    refresh()


def _zone() -> str:
    return str(g.get("timezone", "UTC"))
