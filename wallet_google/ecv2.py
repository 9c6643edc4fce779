"""Callbacks: what Google says, believed only where Google signed it for us.

The protocol ECv2SigningOnly. A root key signs an intermediate one, for some days; that
one signs each message, for one issuer and some time. Strings are verified byte for
byte and looked into only afterwards. Nothing is fetched here.
https://developers.google.com/wallet/retail/loyalty-cards/use-cases/use-callbacks-for-saves-and-deletions
https://developers.google.com/pay/api/web/guides/resources/payment-data-cryptography
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from wallet_google import wire
from wallet_google.errors import CallbackError

PROTOCOL: Final = "ECv2SigningOnly"
SENDER: Final = "GooglePayPasses"

MOST_SIGNATURES: Final = 8
"""How many signatures of an intermediate key are tried; Google gives one or two."""

_ECDSA = ec.ECDSA(hashes.SHA256())

PublicKey = ec.EllipticCurvePublicKey


class Fault(StrEnum):
    """Why a callback is not to be believed, in the order of the checks."""

    MALFORMED = "malformed"
    PROTOCOL = "protocol"
    """It is signed in another way than this one."""
    UNKNOWN_ROOT = "unknown_root"
    """None of the given root keys signed the intermediate key."""
    KEY_EXPIRED = "key_expired"
    """The intermediate key's time is over."""
    SIGNATURE = "signature"
    """The message is not signed, or it is signed for somebody else."""
    EXPIRED = "expired"
    """The message's time is over; it may be a replay."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A callback as it came, taken apart but not yet believed."""

    signed_key: bytes
    key_signatures: Sequence[bytes]
    signed_message: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """What Google said to the issuer *issuer_id*; what it did not say is None.

    *kind* is ``save``, ``del``, or a word that Google comes up with.
    """

    issuer_id: str
    kind: str | None
    class_id: str | None
    object_id: str | None
    nonce: str | None
    expires_at: datetime


def read(body: bytes) -> Envelope:
    """Take the body of a callback apart.

    Raises:
        CallbackError: it is none (``malformed``), or of another protocol.
    """
    try:
        said = wire.mapping(body)
        if said.get("protocolVersion") != PROTOCOL:
            raise CallbackError(Fault.PROTOCOL)
        key = said.get("intermediateSigningKey")
        signatures = key.get("signatures") if isinstance(key, dict) else None
        if not isinstance(key, dict) or not isinstance(signatures, list):
            raise CallbackError(Fault.MALFORMED)
        # Each of them costs the time of a verification.
        if len(signatures) > MOST_SIGNATURES:
            raise CallbackError(Fault.MALFORMED)
        return Envelope(
            signed_key=wire.text(key.get("signedKey")),
            key_signatures=tuple(wire.decoded(each) for each in signatures),
            signed_message=wire.text(said.get("signedMessage")),
            signature=wire.decoded(said.get("signature")),
        )
    except ValueError:
        raise CallbackError(Fault.MALFORMED) from None


def verify(
    envelope: Envelope,
    roots: Collection[PublicKey],
    issuer_ids: Collection[str],
    at: datetime,
) -> Event:
    """Return what Google said to one of *issuer_ids*, at a time when it still counts.

    *roots* are the root keys that are in force. The issuer is never taken from the
    message: Google signs as readily for others.

    Raises:
        CallbackError: nothing shows that Google said it to us and now.
    """
    message = envelope.signed_message
    by_root = (SENDER.encode(), PROTOCOL.encode(), envelope.signed_key)
    if not any(
        _signed(root, signature, *by_root)
        for root in roots
        for signature in envelope.key_signatures
    ):
        raise CallbackError(Fault.UNKNOWN_ROOT)
    key = _intermediate(envelope.signed_key, at)
    for issuer_id in issuer_ids:
        to_us = (SENDER.encode(), issuer_id.encode(), PROTOCOL.encode(), message)
        if _signed(key, envelope.signature, *to_us):
            return _event(issuer_id, message, at)
    raise CallbackError(Fault.SIGNATURE)


def _intermediate(signed_key: bytes, at: datetime) -> PublicKey:
    try:
        said = wire.mapping(signed_key)
        ends_at = wire.moment(said.get("keyExpiration"))
        key = wire.public_key(said.get("keyValue"))
    except ValueError:
        raise CallbackError(Fault.MALFORMED) from None
    if ends_at <= at:
        raise CallbackError(Fault.KEY_EXPIRED)
    return key


def _event(issuer_id: str, message: bytes, at: datetime) -> Event:
    try:
        said = wire.mapping(message)
        expires_at = wire.moment(said.get("expTimeMillis"))
    except ValueError:
        raise CallbackError(Fault.MALFORMED) from None
    if expires_at <= at:
        raise CallbackError(Fault.EXPIRED)
    names = ("eventType", "classId", "objectId", "nonce")
    kind, class_id, object_id, nonce = (_word(said.get(name)) for name in names)
    return Event(issuer_id, kind, class_id, object_id, nonce, expires_at)


def _word(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _signed(key: PublicKey, signature: bytes, *parts: bytes) -> bool:
    """Tell whether *signature* is the key's, over each part after its length."""
    # Lengths count bytes, not characters.
    whole = b"".join(len(part).to_bytes(4, "little") + part for part in parts)
    try:
        key.verify(signature, whole, _ECDSA)
    except InvalidSignature:
        return False
    return True
