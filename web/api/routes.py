"""Every call of the API: its address, what answers it, what may go wrong."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from web.api import cards, documents, members, programme


class Key(StrEnum):
    """Whether a call wants an idempotency key."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Route:
    """One call. *name* is its endpoint; *conflicts* are the codes of its 409."""

    name: str
    method: str
    rule: str
    view: Callable[..., Any]
    answer: type[BaseModel] | None
    status: HTTPStatus = HTTPStatus.OK
    key: Key = Key.NONE
    conflicts: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The first part of the name, under which the documentation shows it."""
        return self.name.partition(".")[0]


PREFIX = "/api/v1"
"""What every address begins with."""

_CREATED = HTTPStatus.CREATED
_CARD = f"{PREFIX}/cards/<id:card>"
_MEMBER = f"{PREFIX}/members/<id:member>"

ROUTES = (
    Route(
        "members.add",
        "post",
        f"{PREFIX}/members",
        members.add,
        documents.MemberAdded,
        _CREATED,
        Key.OPTIONAL,
        ("contact_taken",),
    ),
    Route(
        "members.search", "get", f"{PREFIX}/members", members.search, documents.Members
    ),
    Route("members.show", "get", _MEMBER, members.show, documents.Member),
    Route(
        "members.change",
        "patch",
        _MEMBER,
        members.change,
        documents.Member,
        conflicts=("contact_taken",),
    ),
    Route(
        "members.erase", "delete", _MEMBER, members.erase, None, HTTPStatus.NO_CONTENT
    ),
    Route(
        "cards.lookup",
        "post",
        f"{PREFIX}/cards/lookup",
        cards.lookup,
        documents.Card,
        conflicts=("code_replaced", "code_used", "code_expired"),
    ),
    Route("cards.show", "get", _CARD, cards.show, documents.Card),
    Route(
        "cards.quote",
        "post",
        f"{_CARD}/quote",
        cards.quote,
        documents.Quote,
        conflicts=("card_void", "card_expired"),
    ),
    Route(
        "cards.earn",
        "post",
        f"{_CARD}/earn",
        cards.earn,
        documents.Earned,
        _CREATED,
        Key.REQUIRED,
        ("card_void", "card_expired", "receipt_used"),
    ),
    Route(
        "cards.adjust",
        "post",
        f"{_CARD}/adjust",
        cards.adjust,
        documents.Moved,
        _CREATED,
        Key.REQUIRED,
        ("card_void", "card_expired", "not_enough_points"),
    ),
    Route("cards.ledger", "get", f"{_CARD}/ledger", cards.entries, documents.Entries),
    Route(
        "cards.replace_code",
        "post",
        f"{_CARD}/replace-code",
        cards.replace_code,
        documents.Card,
        key=Key.REQUIRED,
        conflicts=("card_void", "card_expired"),
    ),
    Route(
        "entries.undo",
        "post",
        f"{PREFIX}/entries/<id:entry>/undo",
        cards.undo_entry,
        documents.Moved,
        _CREATED,
        Key.REQUIRED,
        ("already_undone", "undo_too_late"),
    ),
    Route(
        "programme.show",
        "get",
        f"{PREFIX}/programme",
        programme.show,
        documents.Programme,
    ),
    Route(
        "programme.tiers",
        "get",
        f"{PREFIX}/programme/tiers",
        programme.tiers,
        documents.Tiers,
    ),
)
"""All calls, in the order in which the documentation shows them."""
