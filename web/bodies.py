"""How large a request may be: a form everywhere, a picture where a view takes one."""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request

FORM = 64 * 1024
PICTURE = 5 * 1024 * 1024
_PARTS = 200
_MARK = "_palier_takes_pictures"

View = TypeVar("View", bound=Callable[..., object])


def takes_pictures(view: View) -> View:
    """Let the view's requests carry files; decorates below the route."""
    setattr(view, _MARK, True)
    return view


def register(app: Flask) -> None:
    """Refuse larger bodies with a 413, before anything reads them."""
    app.config.update(
        MAX_CONTENT_LENGTH=FORM, MAX_FORM_MEMORY_SIZE=FORM, MAX_FORM_PARTS=_PARTS
    )
    app.before_request(_allow)


def _allow() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if getattr(view, _MARK, False):
        # What surrounds the picture in the form counts too.
        request.max_content_length = PICTURE + FORM
        # The reader counts its own blocks of 64 KiB as well, and what it has left
        # of the block before.
        request.max_form_memory_size = 4 * FORM
