"""Everything the domain refuses.

PassesError
├── InvalidError            a value is not acceptable; *field* names it
├── NotFoundError           no such programme, member, card, entry …
├── ConflictError           true, but not now
│   ├── InsufficientPointsError
│   ├── CardVoidError
│   ├── CardExpiredError
│   ├── CodeReplacedError
│   ├── ContactTakenError
│   ├── ReceiptUsedError
│   ├── AlreadyReversedError
│   └── UndoTooLateError
└── BusyError               the database could not be had in time; ask again
"""

from datetime import datetime


class PassesError(Exception):
    """The root of what the domain refuses; *code* is stable for machines."""

    code = "refused"


class InvalidError(PassesError):
    """The value given for *field* is not acceptable."""

    code = "invalid"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


class NotFoundError(PassesError):
    """There is no such *kind* (programme, member, card, entry …)."""

    code = "not_found"

    def __init__(self, kind: str) -> None:
        super().__init__(f"There is no such {kind}.")
        self.kind = kind


class ConflictError(PassesError):
    """The request makes sense but the present state does not allow it."""

    code = "conflict"


class InsufficientPointsError(ConflictError):
    """The card has *available* points, *asked* were to go."""

    code = "not_enough_points"

    def __init__(self, *, asked: int, available: int) -> None:
        super().__init__(f"The card has {available} points; {asked} were asked.")
        self.asked = asked
        self.available = available


class CardVoidError(ConflictError):
    """The card no longer counts."""

    code = "card_void"

    def __init__(self) -> None:
        super().__init__("The card is no longer valid.")


class CardExpiredError(ConflictError):
    """The card's end has come; it counts no more."""

    code = "card_expired"

    def __init__(self) -> None:
        super().__init__("The card has expired.")


class CodeReplacedError(ConflictError):
    """The code was replaced by a newer one of the same card."""

    code = "code_replaced"

    def __init__(self) -> None:
        super().__init__("This code was replaced by a newer one.")


class ContactTakenError(ConflictError):
    """Another member of the programme has this contact confirmed."""

    code = "contact_taken"

    def __init__(self, field: str) -> None:
        super().__init__(f"Another member has this {field}.")
        self.field = field


class ReceiptUsedError(ConflictError):
    """The receipt was credited before, as the purchase *purchase*."""

    code = "receipt_used"

    def __init__(self, purchase: str) -> None:
        super().__init__(f"This receipt was credited as purchase {purchase}.")
        self.purchase = purchase


class AlreadyReversedError(ConflictError):
    """The entry was undone before."""

    code = "already_undone"

    def __init__(self) -> None:
        super().__init__("This was undone before.")


class UndoTooLateError(ConflictError):
    """The time in which this person may undo ended at *until*."""

    code = "undo_too_late"

    def __init__(self, until: datetime) -> None:
        super().__init__(f"This could be undone until {until:%H:%M} UTC.")
        self.until = until


class BusyError(PassesError):
    """The database could not be had in time; nothing was changed."""

    code = "busy"

    def __init__(self) -> None:
        super().__init__("The database is busy; nothing was changed. Try again.")
