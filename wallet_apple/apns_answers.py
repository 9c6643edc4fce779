"""What Apple's push service answers, and what each answer means for a delivery.

https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from http import HTTPStatus


class Outcome(StrEnum):
    """What to do about one token. Only GONE and BAD_TOKEN may cost a device."""

    ACCEPTED = "accepted"
    """Apple took the push; whether the phone heard it shows in what it fetches."""
    GONE = "gone"
    """The token died at `Answer.gone_at`: delete what was registered before that."""
    BAD_TOKEN = "bad token"  # noqa: S105 - no secret
    """Apple never gave out such a token: delete the device."""
    BUSY = "busy"
    """Too many pushes to this token: wait, and merge what comes meanwhile."""
    REFUSED = "refused"
    """This push is not taken as it is: set the row aside for a person to see."""
    UNAVAILABLE = "unavailable"
    """The service is down or out of reach: later, with growing pauses."""
    UNKNOWN = "unknown"
    """Sent, and no answer came: push again; a second push does no harm."""
    UNSENT = "unsent"
    """Held back because another answer of the batch stops the lane."""
    MISCONFIGURED = "misconfigured"
    """The topic is wrong for every device: stop the lane and tell the operator."""
    CREDENTIALS = "credentials"
    """The certificate is not accepted: pause the lane and tell the operator."""

    @property
    def stops_the_lane(self) -> bool:
        """Whether no other push can succeed until a person has acted."""
        return self in {Outcome.MISCONFIGURED, Outcome.CREDENTIALS}


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the push to one token.

    *status* is Apple's, 0 when no answer came; *reason* is Apple's word or, without
    one, what happened to the connection. *gone_at* comes with GONE alone.
    """

    outcome: Outcome
    status: int = 0
    reason: str = ""
    gone_at: datetime | None = None


ACCEPTED = Answer(Outcome.ACCEPTED, HTTPStatus.OK)

IDLE_TIMEOUT = "IdleTimeout"
SHUTDOWN = "Shutdown"

_TOKEN_UPDATES = "TooManyProviderTokenUpdates"  # noqa: S105 - Apple's word

# What is not here counts as REFUSED: a word that is new to us never costs a device.
# DeviceTokenNotForTopic is not here either: one member can register the token of
# another app, and must not stop a shop by it. `apns.Connection` stops the lane when
# Apple says it of one device after the other.
REFUSALS = {
    "BadDeviceToken": Outcome.BAD_TOKEN,
    "BadTopic": Outcome.MISCONFIGURED,
    "MissingTopic": Outcome.MISCONFIGURED,
    "TopicDisallowed": Outcome.MISCONFIGURED,
    # The connection was idle for too long: the push itself was not at fault.
    IDLE_TIMEOUT: Outcome.UNKNOWN,
}


def read(status: int, body: bytes) -> Answer:
    """Classify an HTTP answer; *body* is the JSON that comes with a refusal."""
    if status == HTTPStatus.OK:
        return ACCEPTED
    said = _object(body)
    reason = str(said.get("reason", ""))[:100]
    if status == HTTPStatus.GONE:
        return _gone(reason, _moment(said.get("timestamp")))
    if status == HTTPStatus.BAD_REQUEST:
        return Answer(REFUSALS.get(reason, Outcome.REFUSED), status, reason)
    return Answer(_by_status(status, reason), status, reason)


def _gone(reason: str, gone_at: datetime | None) -> Answer:
    # Without a time, a token that was registered again since would be lost.
    outcome = Outcome.GONE if gone_at else Outcome.REFUSED
    return Answer(outcome, HTTPStatus.GONE, reason, gone_at)


def _by_status(status: int, reason: str) -> Outcome:
    if reason == _TOKEN_UPDATES:
        return Outcome.CREDENTIALS
    if status == HTTPStatus.FORBIDDEN:
        return Outcome.CREDENTIALS
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Outcome.BUSY
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome.UNAVAILABLE
    return Outcome.REFUSED


def _object(body: bytes) -> dict[str, object]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _moment(stamp: object) -> datetime | None:
    """The time of a count of milliseconds, or None when it is no such thing."""
    if not isinstance(stamp, int) or isinstance(stamp, bool):
        return None
    try:
        return datetime.fromtimestamp(stamp / 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return None
