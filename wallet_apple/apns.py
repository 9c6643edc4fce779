"""Pushes to Apple: one batch of tokens after the other on one long-lived connection.

A push to a pass says only "ask your web service"; it carries nothing.
https://developer.apple.com/documentation/usernotifications/sending-notification-requests-to-apns
"""

import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from wallet_apple.apns_answers import Answer, Outcome
from wallet_apple.apns_batch import Batch, Limits, Line
from wallet_apple.apns_wire import Identity, Wire

URL: Final = "https://api.push.apple.com"

# A phone that was off for some days still hears of its card; later it asks by itself.
EXPIRATION_DAYS: Final = 3
# Apple keeps the time to the second; whole hours let the headers stay as they are.
_HOUR: Final = 3600
_TOPIC = re.compile(r"[A-Za-z0-9.-]+")
# Where a token that is not known is the token's own fault. Anywhere else, and that is
# Apple's sandbox, every good token is unknown.
_HOSTS = {"api.push.apple.com", "127.0.0.1", "::1", "localhost"}
_NO_LIMITS_GIVEN: Final = Limits()


class Connection:
    """The way to Apple for one pass type, for one thread at a time.

    The constructor does not connect: the first push does, and the connection stays
    open between batches, as Apple asks.
    """

    def __init__(
        self,
        pass_type: str,
        identity: Identity,
        *,
        url: str = URL,
        ca_file: Path | None = None,
        limits: Limits = _NO_LIMITS_GIVEN,
    ) -> None:
        """Use *identity*, the pass type certificate, at *url*.

        *ca_file* replaces the system's authorities, for a stand-in on loopback.
        """
        if not _TOPIC.fullmatch(pass_type):
            raise ValueError("A pass type has letters, digits, dots and hyphens only.")
        self._topic = pass_type
        self._limits = limits
        self._knows_tokens = urlsplit(url).hostname in _HOSTS
        self._wire = Wire(url, identity, ca_file=ca_file)
        self._line = Line()

    def push(self, tokens: Iterable[str]) -> dict[str, Answer]:
        """Push once to each distinct token and return an answer for every one.

        Ends within `Limits.batch` seconds whatever the peer does, and raises nothing
        for what a peer does: trouble is an answer too.
        """
        self._wire.dress(self._headers())
        answers = Batch(self._wire, self._line, self._limits).run(tokens)
        if self._knows_tokens:
            return answers
        return {token: _doubted(answer) for token, answer in answers.items()}

    def close(self) -> None:
        """Close the connection; the object is of no use afterwards."""
        self._wire.close()

    def _headers(self) -> list[str]:
        hours = int(time.time()) // _HOUR + 24 * EXPIRATION_DAYS
        return [
            f"apns-topic: {self._topic}",
            "apns-push-type: background",
            # Apple calls priority 10 an error for background pushes.
            "apns-priority: 5",
            f"apns-expiration: {hours * _HOUR}",
            # What libcurl would add by itself and Apple does not ask for.
            "Accept:",
            "Content-Type:",
        ]


def _doubted(answer: Answer) -> Answer:
    if answer.outcome is not Outcome.BAD_TOKEN or not answer.status:
        return answer
    return Answer(Outcome.MISCONFIGURED, answer.status, answer.reason)
