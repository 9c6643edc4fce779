"""What a judgement consists of."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"
    """Phones refuse the pass, or a part of it does not work."""
    WARNING = "warning"
    """It works, and somebody will be sorry."""
    NOTE = "note"
    """Good to know, or what could not be checked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding: a stable *code*, words for people, and the *place* in the file."""

    severity: Severity
    code: str
    text: str
    place: str


class Report:
    """Collects findings."""

    def __init__(self) -> None:
        self._findings: list[Finding] = []

    def error(self, code: str, text: str, place: str = "") -> None:
        """Note what phones refuse."""
        self._findings.append(Finding(Severity.ERROR, code, text, place))

    def warning(self, code: str, text: str, place: str = "") -> None:
        """Note what somebody will be sorry for."""
        self._findings.append(Finding(Severity.WARNING, code, text, place))

    def note(self, code: str, text: str, place: str = "") -> None:
        """Note what is good to know."""
        self._findings.append(Finding(Severity.NOTE, code, text, place))

    def sorted(self) -> tuple[Finding, ...]:
        """The findings, worst first, else in the order they were made."""
        order = list(Severity)
        return tuple(sorted(self._findings, key=lambda one: order.index(one.severity)))
