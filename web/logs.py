"""The log: one JSON object a line, without secrets and without people.

Only fields on the list are written; whatever looks like a token, an e-mail address
or a phone number is taken out of those too. Line breaks cannot forge a line.
"""

import json
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any, TextIO

import orjson
import structlog
from structlog.typing import Processor

_FIELDS = """
    event level timestamp logger request_id method path status duration_ms surface
    code lane count reason error exception account programme platform version url
    port wallet attempts days_left file setting
"""
FIELDS = frozenset(_FIELDS.split())
"""What may be logged; anything else is dropped."""

# Palier's own words, never a visitor's: there is nothing to look for.
_OWN = frozenset(("level", "timestamp", "request_id", "surface"))

HIDDEN = "[…]"
_SECRET_PATHS = (
    # A member's page, an invitation: the address is the key.
    re.compile(r"(/(?:card|welcome)/)[^/?\s\"']+"),
    # Apple's: device, pass type, serial number.
    re.compile(r"(/v1/(?:devices|passes)/)[^?\s\"']+"),
    re.compile(r"(/(?:cards|members|vouchers|redemptions|purchases)/)[^/?\s\"']+"),
)
_QUERY = re.compile(r"(\?)[^\s\"']+")
_HEADERS = re.compile(
    r"(?i)((?:authorization|cookie|set-cookie|idempotency-key|x-csrftoken)"
    r"[\"']?\s*[:=]\s*[\"']?)[^\r\n\"']+"
)
_CREDENTIALS = re.compile(r"(?i)\b((?:bearer|applepass|basic)\s+)[\w.~+/=-]+")
_URL_PASSWORD = re.compile(r"(\w+://)[^/\s@]+@")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_PHONE = re.compile(
    # Nine digits or more, grouped as people group them; a date is none.
    r"(?<![\w.:-])(?!\d{4}-\d\d-\d\d)\+?\d(?:[\s.()-]{0,2}\d){8,14}(?![\w-])"
)
_MEMBER_CODE = re.compile(r"(?i)\bL1\.[0-9a-z]{20}\.[0-9a-z]{2}\b")
_LONG_TOKEN = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{26,}(?![\w-])")


def configure(*, pretty: bool, stream: TextIO = sys.stderr) -> None:
    """Write every logger's lines to *stream*: JSON, or for a person's eyes."""
    gathered: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    written: list[Processor] = [
        structlog.processors.format_exc_info,
        redacted,
        structlog.dev.ConsoleRenderer(colors=stream.isatty())
        if pretty
        else structlog.processors.JSONRenderer(_json),
    ]
    structlog.configure(
        processors=[*gathered, *written],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(stream),
        cache_logger_on_first_use=False,
    )
    _take_over_the_standard_library(gathered, written, stream)


def redacted(
    _: object, __: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop the fields that are not on the list; take secrets out of the others."""
    return {
        name: value if name in _OWN else _clean(value)
        for name, value in event.items()
        if name in FIELDS
    }


@lru_cache(maxsize=2048)
def clean(text: str) -> str:
    """Return *text* without secrets, people and line breaks."""
    for pattern in (*_SECRET_PATHS, _HEADERS, _CREDENTIALS, _QUERY):
        text = pattern.sub(_beginning, text)
    if "@" in text:
        text = _EMAIL.sub(HIDDEN, _URL_PASSWORD.sub(rf"\1{HIDDEN}@", text))
    for pattern in (_MEMBER_CODE, _LONG_TOKEN, _PHONE):
        text = pattern.sub(HIDDEN, text)
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _beginning(found: re.Match[str]) -> str:
    return found[1] + HIDDEN


def _clean(value: object) -> object:
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, Mapping):
        return {str(name): _clean(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    return clean(str(value))


def _json(event: object, *, default: Any) -> str:
    try:
        return orjson.dumps(event, default=default).decode()
    except orjson.JSONEncodeError:
        # Half of a broken character, or a number beyond 64 bits.
        return json.dumps(event, ensure_ascii=False, default=default)


def _take_over_the_standard_library(
    gathered: list[Processor], written: list[Processor], stream: TextIO
) -> None:
    own = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=gathered, processors=[own, *written]
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
