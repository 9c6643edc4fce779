"""Where the files stand that are no code, in a checkout and installed.

A checkout keeps ``templates/`` beside the packages; the wheel carries it inside
``web``, for nothing of ours may lie loose in somebody's site-packages.
"""

from pathlib import Path

_WEB = Path(__file__).resolve().parent


def templates() -> Path:
    """The folder of the Jinja templates."""
    packed = _WEB / "templates"
    return packed if packed.is_dir() else _WEB.parent / "templates"


def static() -> Path:
    """The folder of the built assets; ``npm run build`` writes it."""
    return _WEB / "static"


def translations() -> Path:
    """The folder of the message catalogues."""
    return _WEB / "translations"
