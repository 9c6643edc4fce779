"""Everything that Google's side refuses.

GoogleWalletError
├── CredentialsError               *remedy* says what to do about it
│   ├── CredentialsMissingError    the service account's file is not there
│   ├── CredentialsUnreadableError the file is no service account's
│   ├── CredentialsExposedError    other users of the machine can read the key
│   ├── TokenAddressError          tokens would be asked of somebody else
│   ├── IssuerIdError              the issuer id is not a number
│   ├── RevokedError               Google gives the service account no tokens
│   └── ClockError                 this machine's clock is too wrong for that
├── RefusedError                   Google answered no; *permanent* where for good
│   ├── AbsentError                there is no such class or object
│   ├── ExistsError                the id is taken
│   ├── ForbiddenError             the service account may not do this
│   └── QuotaExceededError         too many notifications; go on without them
├── CallbackError                  nothing shows that Google said it; *fault*
├── PictureError                   a design's picture cannot be drawn
├── MistakeError                   something here that nobody foresaw
├── ClassRefusedError              the class was not taken; not before *again_at*
├── NotYetError                    a card cannot be saved now; in *seconds*, perhaps
└── UnavailableError               nothing came of it; try again, *retry_after*
    └── ThrottledError             too many requests at a time
        └── NoTurnError            too many of our own, so that this one did not leave

And of passes' ConflictError, as the till's affair rather than Google's:

├── CodeUsedError                  a code that changes was accepted before
└── CodeExpiredError               it is not one that the phone shows now
"""

from datetime import datetime

from passes import errors


class GoogleWalletError(errors.PassesError):
    """The root of what this package refuses."""

    code = "google_wallet"


class CredentialsError(GoogleWalletError):
    """The service account or issuer id cannot be used; *remedy* is the way out."""

    code = "google_credentials"

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


class CredentialsMissingError(CredentialsError):
    """The service account's file is not there."""

    code = "google_credentials_missing"


class CredentialsUnreadableError(CredentialsError):
    """The file does not hold a service account's key."""

    code = "google_credentials_unreadable"


class CredentialsExposedError(CredentialsError):
    """Other users of the machine can read the service account's key."""

    code = "google_credentials_exposed"


class TokenAddressError(CredentialsError):
    """The service account would ask somebody else than Google for its tokens."""

    code = "google_token_address"


class IssuerIdError(CredentialsError):
    """The issuer id is not the number that Google gave."""

    code = "google_issuer_id"


class RevokedError(CredentialsError):
    """Google gives this service account no tokens: its key is gone or was disabled."""

    code = "google_revoked"


class ClockError(CredentialsError):
    """Google gives no tokens because this machine's clock is wrong."""

    code = "google_clock"


class RefusedError(GoogleWalletError):
    """Google answered no, in its own words: *status*, *reason* and *message*.

    *permanent* says that the same request is likely to be refused again. *message* is
    for the operator, never for a customer; it names no person.
    """

    code = "google_refused"

    def __init__(
        self, status: int, reason: str, message: str, *, permanent: bool = True
    ) -> None:
        said = f"{reason}: {message}" if reason else message
        super().__init__(f"Google Wallet answered {status} ({said}).")
        self.status = status
        self.reason = reason
        self.message = message
        self.permanent = permanent


class AbsentError(RefusedError):
    """There is no such class, object or issuer."""

    code = "google_absent"


class ExistsError(RefusedError):
    """The id is taken already."""

    code = "google_exists"


class ForbiddenError(RefusedError):
    """The service account may not do this, as long as nobody lets it."""

    code = "google_forbidden"


class QuotaExceededError(RefusedError):
    """The notifications of a day are used up; the same without one is taken."""

    code = "google_quota_exceeded"


class CallbackError(GoogleWalletError):
    """A callback is not to be believed; *fault* is one of `ecv2.Fault`.

    Nothing of what it said is repeated: it may come from anybody.
    """

    code = "google_callback"

    def __init__(self, fault: str) -> None:
        super().__init__(f"The callback is not to be believed ({fault}).")
        self.fault = fault


class UnavailableError(GoogleWalletError):
    """Nothing is known to have come of it; trying again may help.

    *retry_after* is the pause in seconds that Google asked for, if it did.
    """

    code = "google_unavailable"

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ThrottledError(UnavailableError):
    """More requests than Google takes at a time."""

    code = "google_throttled"


class NoTurnError(ThrottledError):
    """This machine, and those beside it, have more to send than Google's rate allows.

    Google has said nothing: nobody else has to slow down for it.
    """

    code = "google_no_turn"


class ClassRefusedError(GoogleWalletError):
    """Google has not got the class, so that it takes no card of the programme.

    It is worth another try at *again_at*.
    """

    code = "google_class_refused"

    def __init__(self, reason: str, again_at: datetime) -> None:
        super().__init__(f"The programme's class is not at Google: {reason}")
        self.again_at = again_at


class NotYetError(GoogleWalletError):
    """Google cannot be given the card now; in *seconds* it is worth another try."""

    code = "google_not_yet"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Google Wallet cannot have the card for {seconds:.0f} s.")
        self.seconds = seconds


class PictureError(GoogleWalletError):
    """A picture of the design cannot be drawn."""

    code = "google_picture"


class MistakeError(GoogleWalletError):
    """Something went wrong here that nobody foresaw; the log has all of it."""

    code = "google_mistake"

    def __init__(self, error: Exception) -> None:
        super().__init__(f"The card met a mistake here ({type(error).__name__}).")


class CodeUsedError(errors.ConflictError):
    """The code, or a later one, was accepted before; the phone shows another soon."""

    code = "code_used"

    def __init__(self) -> None:
        super().__init__("This code was used; the phone shows a new one every 30 s.")


class CodeExpiredError(errors.ConflictError):
    """The card is known, but its phone does not show this code now."""

    code = "code_expired"

    def __init__(self) -> None:
        super().__init__("This code is out of date; scan it on the phone itself.")
