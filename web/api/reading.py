"""The body of a request, read without favours."""

from typing import Any

import orjson
from flask import Request

from web.api.problems import RefusedError

MAX_BODY = 64 * 1024
"""The longest body that is read, in bytes."""


class StrictRequest(Request):
    """A request whose JSON is one object in UTF-8, and declared as JSON."""

    def get_json(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Return the body's object.

        Raises:
            RefusedError: it is not declared as JSON, or is none, or no object.
        """
        if self.mimetype != "application/json":
            raise RefusedError("unsupported_media_type", field="Content-Type")
        return self._document()

    def canonical(self) -> bytes:
        """Return the body with its fields in order: spelling makes no difference."""
        if not self.get_data():
            return b""
        return orjson.dumps(self._document(), option=orjson.OPT_SORT_KEYS)

    def _document(self) -> dict[str, Any]:
        try:
            # orjson refuses NaN, lone surrogates and nesting beyond 1024.
            document = orjson.loads(self.get_data())
        except orjson.JSONDecodeError as error:
            raise RefusedError(
                "malformed", "The body is not JSON in UTF-8.", field="body"
            ) from error
        if not isinstance(document, dict):
            raise RefusedError("invalid", "The body must be an object.", field="body")
        return document
