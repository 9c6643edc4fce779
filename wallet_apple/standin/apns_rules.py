"""What Apple's push service takes and refuses, as its documents say it.

https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
https://developer.apple.com/documentation/usernotifications/handling-notification-responses-from-apns
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

MAX_PAYLOAD: Final = 4096
_PREFIX = "/3/device/"
_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_TOPIC = re.compile(r"[A-Za-z0-9.-]+")
_PUSH_TYPES = (
    "alert|background|complication|controls|fileprovider|liveactivity|location"
    "|mdm|pushtotalk|voip|widgets"
)
_UUID = "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# A header that may be absent, what it may hold, and the word for anything else.
_OPTIONS = [
    ("apns-push-type", re.compile(_PUSH_TYPES), "InvalidPushType"),
    ("apns-priority", re.compile("1|5|10"), "BadPriority"),
    ("apns-expiration", re.compile("[0-9]+"), "BadExpirationDate"),
    (
        "apns-id",
        re.compile("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
        "BadMessageId",
    ),
    ("apns-collapse-id", re.compile(".{1,64}", re.DOTALL), "BadCollapseId"),
]


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the service; *timestamp*, in milliseconds, comes with 410 alone."""

    status: int = 200
    reason: str = ""
    timestamp: int | None = None

    def body(self) -> bytes:
        """The JSON that comes with a refusal; nothing with an acceptance."""
        if not self.reason:
            return b""
        said: dict[str, object] = {"reason": self.reason}
        if self.timestamp is not None:
            said["timestamp"] = self.timestamp
        return json.dumps(said).encode()


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came; *twice* tells that one of Apple's headers came twice."""

    headers: Mapping[str, str]
    twice: bool
    body: bytes

    @property
    def token(self) -> str:
        """The device token in the path."""
        return self.headers.get(":path", "").removeprefix(_PREFIX)


def read_headers(headers: Iterable[tuple[str, str]]) -> tuple[dict[str, str], bool]:
    """Return the headers by name, and whether one of Apple's is there twice."""
    named: dict[str, str] = {}
    twice = False
    for name, value in headers:
        twice = twice or (name in named and name.startswith("apns-"))
        named.setdefault(name, value)
    return named, twice


def judge(request: Request, topic: str | None) -> Reply | None:
    """Return what the service refuses the request with, or None.

    *topic* is the pass type of the client's certificate, None when it has none.
    """
    if topic is None:
        return Reply(403, "BadCertificate")
    return (
        _address(request)
        or _topic(request.headers.get("apns-topic", ""), topic)
        or _options(request)
        or _payload(request.body)
    )


def _address(request: Request) -> Reply | None:
    if request.twice:
        return Reply(400, "DuplicateHeaders")
    if not request.headers.get(":path", "").startswith(_PREFIX):
        return Reply(404, "BadPath")
    if request.headers.get(":method") != "POST":
        return Reply(405, "MethodNotAllowed")
    if not request.token:
        return Reply(400, "MissingDeviceToken")
    if not _HEX.fullmatch(request.token):
        return Reply(400, "BadDeviceToken")
    return None


def _topic(given: str, topic: str) -> Reply | None:
    # A certificate with one topic implies it.
    if not given or given == topic:
        return None
    if not _TOPIC.fullmatch(given):
        return Reply(400, "BadTopic")
    return Reply(400, "TopicDisallowed")


def _options(request: Request) -> Reply | None:
    headers = request.headers
    for name, taken, reason in _OPTIONS:
        given = headers.get(name)
        if given and not taken.fullmatch(given):
            return Reply(400, reason)
    urgent = headers.get("apns-priority") == "10"
    # Apple calls it an error to hurry a push that nobody sees.
    if urgent and headers.get("apns-push-type") == "background":
        return Reply(400, "BadPriority")
    return None


def _payload(body: bytes) -> Reply | None:
    if len(body) > MAX_PAYLOAD:
        return Reply(413, "PayloadTooLarge")
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        payload = None
    # Apple documents one word for a payload without content.
    return None if isinstance(payload, dict) else Reply(400, "PayloadEmpty")
