"""Who does something: a person of the team, an API key, a member, or Palier itself."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do in one programme; see web.access for the matrix."""

    OWNER = "owner"
    MANAGER = "manager"
    STAFF = "staff"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Actor:
    """The author of a change: *kind* ``account``, ``key``, ``member`` or ``system``.

    *id* is the account's or key's number as text; *role* is an account's role in
    the programme. *ip* and *request_id* go to the audit log.
    """

    kind: str
    id: str
    role: Role | None = None
    ip: str | None = None
    request_id: str | None = None

    @property
    def name(self) -> str:
        """How entries and versions name their author: ``account:12``."""
        return f"{self.kind}:{self.id}"


SYSTEM = Actor("system", "palier")
