"""Google's signing of callbacks, with keys that are thrown away.

A root key signs an intermediate one for some days, which signs the messages; whoever
wants to believe them asks for the root keys' document. Written after Google's pages,
not after the code here that verifies.
https://developers.google.com/wallet/retail/loyalty-cards/use-cases/use-callbacks-for-saves-and-deletions
https://developers.google.com/pay/api/web/guides/resources/payment-data-cryptography
"""

import base64
import json
import struct
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SENDER: Final = "GooglePayPasses"
PROTOCOL: Final = "ECv2SigningOnly"

ROOT_LASTS: Final = timedelta(days=3650)
KEY_LASTS: Final = timedelta(days=8)
MESSAGE_LASTS: Final = timedelta(hours=1)

_RENEWED_BEFORE = timedelta(days=7)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# Google's writer of JSON keeps these out of HTML.
_ESCAPED = str.maketrans({sign: f"\\u{ord(sign):04x}" for sign in "<>&='"})


@dataclass(frozen=True, slots=True)
class _Intermediate:
    key: ec.EllipticCurvePrivateKey
    ends_at: datetime
    signed: Mapping[str, object]


class CallbackSigner:
    """Signs as Google does; a new one has other keys."""

    def __init__(self, *, at: datetime) -> None:
        """Make the root key, which lasts for years from *at* on."""
        self._root = _new_key()
        self._root_ends_at = at + ROOT_LASTS
        self._intermediate: _Intermediate | None = None

    def root_keys_document(self) -> bytes:
        """Return what Google publishes: its root keys, of every protocol."""
        ends_at = str(_milliseconds(self._root_ends_at))
        keys = [
            {
                "keyValue": _public(key),
                "protocolVersion": protocol,
                "keyExpiration": ends_at,
            }
            for protocol, key in (("ECv1", _new_key()), (PROTOCOL, self._root))
        ]
        return _json({"keys": keys}).encode()

    def callback(
        self,
        kind: str,
        *,
        object_id: str,
        class_id: str,
        at: datetime,
        nonce: str | None = None,
        count: int = 1,
    ) -> bytes:
        """Return the body that tells the class's issuer of a ``save`` or a ``del``.

        Without *nonce* it is a new one, as for everything that happens; the same body
        again is what Google sends when it got no answer.
        """
        message = {
            "classId": class_id,
            "objectId": object_id,
            "eventType": kind,
            "expTimeMillis": _milliseconds(at + MESSAGE_LASTS),
            "count": count,
            "nonce": nonce or str(uuid.uuid4()),
        }
        return self.envelope(_json(message), class_id.partition(".")[0], at)

    def envelope(self, message: str, issuer_id: str, at: datetime) -> bytes:
        """Return the body that brings any *message* to the issuer, signed at *at*."""
        intermediate = self._current(at)
        signature = _sign(intermediate.key, SENDER, issuer_id, PROTOCOL, message)
        said = {
            "signature": signature,
            "intermediateSigningKey": intermediate.signed,
            "protocolVersion": PROTOCOL,
            "signedMessage": message,
        }
        return _json(said).encode()

    def _current(self, at: datetime) -> _Intermediate:
        found = self._intermediate
        if found is None or found.ends_at - at < _RENEWED_BEFORE:
            found = self._intermediate = self._issue(at + KEY_LASTS)
        return found

    def _issue(self, ends_at: datetime) -> _Intermediate:
        key = _new_key()
        said = {"keyValue": _public(key), "keyExpiration": str(_milliseconds(ends_at))}
        signed_key = _json(said)
        signatures = [_sign(self._root, SENDER, PROTOCOL, signed_key)]
        signed = {"signedKey": signed_key, "signatures": signatures}
        return _Intermediate(key, ends_at, signed)


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _public(key: ec.EllipticCurvePrivateKey) -> str:
    der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(der).decode()


def _sign(key: ec.EllipticCurvePrivateKey, *parts: str) -> str:
    whole = bytearray()
    for part in parts:
        written = part.encode()
        whole += struct.pack("<I", len(written)) + written
    signature = key.sign(bytes(whole), ec.ECDSA(hashes.SHA256()))
    return base64.b64encode(signature).decode()


def _json(said: object) -> str:
    compact = json.dumps(said, ensure_ascii=False, separators=(",", ":"))
    return compact.translate(_ESCAPED)


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // _MILLISECOND
