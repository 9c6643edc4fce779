"""What devices complain of to ``/v1/log``: the words of strangers, sorted and few.

Wallet's own words were never published; these patterns follow what servers saw.
https://developer.apple.com/documentation/walletpasses/log-a-message
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from wallet_apple.tables import DeviceLog

MAX_LINES = 20
"""How many lines of one message are kept."""

MAX_LENGTH = 500
"""How many characters of one line are kept."""

MAX_ROWS = 10_000
"""How many lines are kept altogether; the oldest go."""

KEPT_FOR = timedelta(days=90)

_SERIAL_NUMBER = re.compile(r"serial number '?([A-Za-z0-9]{8,64})\b", re.IGNORECASE)
_SECRET = re.compile(r"\b((?:Apple|Android|WalletUnion)Pass)\s+\S+", re.IGNORECASE)


class Kind(StrEnum):
    """What a complaint is about."""

    AUTHENTICATION = "authentication"
    LAST_MODIFIED_MISSING = "last_modified_missing"
    MODIFIED_SINCE_IGNORED = "modified_since_ignored"
    UNCHANGED_LISTED = "unchanged_listed"
    NOT_REGISTERED = "not_registered"
    TAG_MISSING = "tag_missing"
    PASS_INVALID = "pass_invalid"  # noqa: S105 - no secret
    UNREACHABLE = "unreachable"
    UNEXPECTED_ANSWER = "unexpected_answer"
    OTHER = "other"


# The first that fits; several of them name the same words.
_KINDS = [
    (Kind.AUTHENTICATION, r"authenticat|unauthori[sz]ed|\b401\b"),
    (Kind.LAST_MODIFIED_MISSING, r"(missing|no|without|lacks)\b.{0,30}last.?modified"),
    (Kind.LAST_MODIFIED_MISSING, r"last.?modified.{0,40}(missing|not (set|included))"),
    (Kind.MODIFIED_SINCE_IGNORED, r"ignored.{0,30}if.?modified.?since"),
    (Kind.MODIFIED_SINCE_IGNORED, r"if.?modified.?since.{0,60}ignored"),
    (Kind.NOT_REGISTERED, r"unregistered|not registered"),
    (Kind.UNCHANGED_LISTED, r"unchanged|not changed|did not change|has ?n.t changed"),
    (Kind.TAG_MISSING, r"(lastUpdated|update).{0,12} tag"),
    (Kind.PASS_INVALID, r"invalid (data|pass|signature)|cannot be read|not valid"),
    (
        Kind.UNREACHABLE,
        r"timed out|could not connect|offline|unreachable|\bSSL\b|\bTLS\b",
    ),
    (Kind.UNREACHABLE, r"connection (was )?(lost|refused)|hostname"),
    (Kind.UNEXPECTED_ANSWER, r"unexpected (response|status)|(response|status) code"),
]
_PATTERNS = [(kind, re.compile(words, re.IGNORECASE)) for kind, words in _KINDS]


@dataclass(frozen=True, slots=True)
class Complaint:
    """One line of a device's log, unverified, with the pass that it names."""

    kind: Kind
    serial_number: str | None
    line: str
    at: datetime


def read(said: object, at: datetime) -> list[Complaint]:
    """Return the complaints in a message: ``{"logs": [...]}`` or the bare list.

    What is no text is left out; secrets and control characters do not stay.
    """
    lines = said.get("logs") if isinstance(said, dict) else said
    if not isinstance(lines, list):
        return []
    texts = [line for line in lines[:MAX_LINES] if isinstance(line, str)]
    return [_complaint(text, at) for text in texts if text.strip()]


def classify(line: str) -> Kind:
    """Return what a line is about."""
    return next((kind for kind, words in _PATTERNS if words.search(line)), Kind.OTHER)


def write(session: Session, complaints: Iterable[Complaint], at: datetime) -> None:
    """Keep the complaints, and only the newest `MAX_ROWS` of all."""
    rows = [
        {
            "at": complaint.at,
            "kind": complaint.kind.value,
            "serial_number": complaint.serial_number,
            "line": complaint.line,
        }
        for complaint in complaints
    ]
    if not rows:
        return
    session.execute(insert(DeviceLog), rows)
    newest = session.scalar(select(func.max(DeviceLog.id))) or 0
    session.execute(delete(DeviceLog).where(DeviceLog.id <= newest - MAX_ROWS))
    prune(session, at)


def prune(session: Session, at: datetime) -> None:
    """Forget what is older than `KEPT_FOR`."""
    session.execute(delete(DeviceLog).where(DeviceLog.at < at - KEPT_FOR))


def about(session: Session, serial_number: str, limit: int) -> list[DeviceLog]:
    """Return the newest lines that name the pass, newest first."""
    query = (
        select(DeviceLog)
        .where(DeviceLog.serial_number == serial_number)
        .order_by(DeviceLog.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def _complaint(text: str, at: datetime) -> Complaint:
    # A lone surrogate can be written in JSON and stored nowhere.
    sound = text.encode("utf-8", "replace").decode()
    plain = "".join(char if char.isprintable() else " " for char in sound)
    line = _SECRET.sub(r"\1 …", plain)[:MAX_LENGTH].strip()
    named = _SERIAL_NUMBER.search(line)
    return Complaint(classify(line), named[1] if named else None, line, at)
