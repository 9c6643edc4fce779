"""The detached signature over a pass's manifest.

A CMS SignedData (RFC 5652) with the signer's certificate, Apple's intermediate and
the signing time, as https://developer.apple.com/documentation/walletpasses/building-a-pass
asks. All but the time, the digest and the signature itself is encoded once.
"""

import hashlib
from datetime import UTC, datetime

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from wallet_apple import certificates, der

DATA = "1.2.840.113549.1.7.1"
SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
RSA_ENCRYPTION = "1.2.840.113549.1.1.1"
SHA256 = "2.16.840.1.101.3.4.2.1"

_PADDING = padding.PKCS1v15()
_HASH = hashes.SHA256()
_LAST_UTC_TIME = 2049
_ROOM = bytes(32)


class Signer:
    """Signs manifests with credentials that were loaded and checked once.

    Safe to share between threads; the RSA operation gives the other threads way.
    """

    def __init__(self, credentials: certificates.Credentials) -> None:
        self.credentials = credentials
        self.facts = credentials.facts
        self._sign = credentials.key.sign
        self._begin = credentials.facts.not_before
        self._end = min(
            credentials.facts.not_after, credentials.intermediate.not_valid_after_utc
        )
        self._templates = _templates(credentials)

    def sign(self, manifest: bytes, at: datetime) -> bytes:
        """The file ``signature`` of a pass: DER, detached, signed at the time *at*.

        Raises:
            NotYetValidError, ExpiredError: the certificate does not count at *at*.
        """
        if not self._begin <= at <= self._end:
            certificates.refuse_outside(self.facts, at)
        attributes = _attributes(hashlib.sha256(manifest).digest(), at)
        # What is signed is the SET; what is stored is the same under the tag [0].
        signature = self._sign(attributes, _PADDING, _HASH)
        head, between = self._templates[len(attributes)]
        return b"".join((head, b"\xa0", attributes[1:], between, signature))


def _attributes(digest: bytes, at: datetime) -> bytes:
    """The signed attributes, in the order that DER wants for a SET."""
    moment = at.astimezone(UTC)
    if moment.year > _LAST_UTC_TIME:
        century = b"%02d" % (moment.year // 100)
        return _LONG_TIME % (century + _clock(moment), digest)
    return _SHORT_TIME % (_clock(moment), digest)


def _clock(moment: datetime) -> bytes:
    """Twelve digits, from the year in its century to the second."""
    return b"%02d%02d%02d%02d%02d%02d" % (
        moment.year % 100,
        moment.month,
        moment.day,
        moment.hour,
        moment.minute,
        moment.second,
    )


def _attribute(kind: str, value: bytes) -> bytes:
    return der.encode(
        der.SEQUENCE, der.object_identifier(kind), der.encode(der.SET, value)
    )


def _pattern(tag: int, digits: bytes) -> bytes:
    """The attributes with two places to fill: the digits of the time, the digest."""
    whole = der.encode(
        der.SET,
        _attribute(CONTENT_TYPE, der.object_identifier(DATA)),
        _attribute(SIGNING_TIME, der.encode(tag, digits + b"Z")),
        _attribute(MESSAGE_DIGEST, der.encode(der.OCTET_STRING, _ROOM)),
    )
    return whole.replace(b"%", b"%%").replace(digits, b"%s").replace(_ROOM, b"%s")


_SHORT_TIME = _pattern(der.UTC_TIME, b"0" * 12)
_LONG_TIME = _pattern(der.GENERALIZED_TIME, b"0" * 14)


def _templates(
    credentials: certificates.Credentials,
) -> dict[int, tuple[bytes, bytes]]:
    """What stands around the signed attributes, by the attributes' length.

    The lengths do not depend on what is filled in, so blanks serve as moulds.
    """
    blanks = (_SHORT_TIME % (b"0" * 12, _ROOM), _LONG_TIME % (b"0" * 14, _ROOM))
    return {len(blank): _template(credentials, blank) for blank in blanks}


def _template(
    credentials: certificates.Credentials, attributes: bytes
) -> tuple[bytes, bytes]:
    """What stands before the signed attributes, and between them and the signature."""
    size = credentials.key.key_size // 8
    digest = der.encode(der.SEQUENCE, der.object_identifier(SHA256), _null())
    encryption = der.encode(
        der.SEQUENCE, der.object_identifier(RSA_ENCRYPTION), _null()
    )
    signature = der.encode(der.OCTET_STRING, bytes(size))
    mould = _content(
        credentials, digest, (b"\xa0" + attributes[1:], encryption, signature)
    )
    head = mould[: -len(attributes) - len(encryption) - len(signature)]
    return head, encryption + signature[:-size]


def _content(
    credentials: certificates.Credentials,
    digest: bytes,
    signed: tuple[bytes, bytes, bytes],
) -> bytes:
    """The whole ContentInfo around the *signed* parts."""
    certificate = credentials.certificate
    leaf, issuer = (
        one.public_bytes(serialization.Encoding.DER)
        for one in (certificate, credentials.intermediate)
    )
    identifier = der.encode(
        der.SEQUENCE,
        certificate.issuer.public_bytes(),
        der.integer(certificate.serial_number),
    )
    signer = der.encode(der.SEQUENCE, der.integer(1), identifier, digest, *signed)
    inside = der.encode(der.SEQUENCE, der.object_identifier(DATA))
    data = der.encode(
        der.SEQUENCE,
        der.integer(1),
        der.encode(der.SET, digest),
        inside,
        der.encode(der.context(0), leaf, issuer),
        der.encode(der.SET, signer),
    )
    return der.encode(
        der.SEQUENCE,
        der.object_identifier(SIGNED_DATA),
        der.encode(der.context(0), data),
    )


def _null() -> bytes:
    return der.encode(der.NULL)
