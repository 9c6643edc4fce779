"""The localised texts: readable, with the same keys, and messages that tell."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from wallet_apple import errors, strings
from wallet_apple.validation import fields
from wallet_apple.validation.findings import Report

_FILE = "pass.strings"
_VALUE = "%@"


def check(files: Mapping[str, bytes], shown: Mapping[str, Any], report: Report) -> None:
    """Check every ``pass.strings``, and the change messages through them."""
    texts = {
        name: read
        for name, data in files.items()
        if PurePosixPath(name).name == _FILE
        and (read := _read(name, data, report)) is not None
    }
    _check_keys(texts, report)
    for place, _, field in fields.each(shown):
        message = field.get("changeMessage") if isinstance(field, dict) else None
        if isinstance(message, str):
            _check_message(place, message, texts, report)


def _read(name: str, data: bytes, report: Report) -> dict[str, str] | None:
    if PurePosixPath(name).parent.suffix != ".lproj":
        report.error("strings_place", "It must lie in a folder xx.lproj.", name)
    try:
        return strings.read(data)
    except errors.MalformedError as error:
        report.error("strings", str(error), name)
        return None


def _check_keys(texts: Mapping[str, Mapping[str, str]], report: Report) -> None:
    every = {key for table in texts.values() for key in table}
    for name, table in texts.items():
        lacking = sorted(every - table.keys())
        if lacking:
            report.error(
                "strings_keys",
                f"It lacks {', '.join(lacking[:5])}; all languages need the same keys.",
                name,
            )


def _check_message(
    place: str,
    message: str,
    texts: Mapping[str, Mapping[str, str]],
    report: Report,
) -> None:
    spoken = [table.get(message, message) for table in texts.values()] or [message]
    if not all(_VALUE in one for one in spoken):
        report.warning(
            "message",
            "The change message lacks %@, so a phone says only that something changed.",
            place,
        )
