"""Reading and checking a detached CMS signature, whoever made it (RFC 5652)."""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import exceptions, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from wallet_apple import der, errors, keyfiles, signing

_HASHES: dict[str, hashes.HashAlgorithm] = {
    "1.3.14.3.2.26": hashes.SHA1(),  # noqa: S303 - old passes are signed over it
    signing.SHA256: hashes.SHA256(),
    "2.16.840.1.101.3.4.2.2": hashes.SHA384(),
    "2.16.840.1.101.3.4.2.3": hashes.SHA512(),
}
_CERTIFICATES = 0
_ATTRIBUTES = 0
_KEY_IDENTIFIER = 0x80
_LEAST_PARTS = 5


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as it was read.

    *attributes* are the signed ones by object identifier, *signed* the bytes that
    the signature is over, empty where it is over the content itself.
    """

    certificates: tuple[x509.Certificate, ...]
    signer: x509.Certificate | None
    detached: bool
    digest: str
    attributes: dict[str, der.Element]
    signed: bytes
    value: bytes

    def signing_time(self) -> datetime | None:
        """When the signer says it was made; None without the attribute."""
        stated = self.attributes.get(signing.SIGNING_TIME)
        if stated is None:
            return None
        digits = stated.content.decode("ascii", "replace")
        pattern = "%y%m%d%H%M%SZ" if stated.tag == der.UTC_TIME else "%Y%m%d%H%M%SZ"
        try:
            return datetime.strptime(digits, pattern).replace(tzinfo=UTC)
        except ValueError:
            return None

    def covers(self, content: bytes) -> bool:
        """Whether the digest that was signed is that of *content*."""
        if not self.signed:
            return True
        stated = self.attributes.get(signing.MESSAGE_DIGEST)
        name = _HASHES[self.digest].name
        return (
            stated is not None
            and stated.content
            == hashlib.new(name, content, usedforsecurity=False).digest()
        )

    def is_signers(self, content: bytes) -> bool:
        """Whether the signer's key made the signature."""
        if self.signer is None:
            return False
        key = self.signer.public_key()
        signed = self.signed or content
        algorithm = _HASHES[self.digest]
        try:
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(self.value, signed, padding.PKCS1v15(), algorithm)
            elif isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(self.value, signed, ec.ECDSA(algorithm))
            else:
                return False
        except (exceptions.InvalidSignature, exceptions.UnsupportedAlgorithm):
            return False
        return True


def read(data: bytes) -> Signature:
    """Read the file ``signature`` of a pass.

    Raises:
        MalformedError: it is no CMS signature, or of a kind nobody uses for passes.
    """
    try:
        return _read(data)
    except (IndexError, *keyfiles.BROKEN) as error:
        raise errors.MalformedError("The file is not a CMS signature.") from error


def _read(data: bytes) -> Signature:
    kind, wrapped = der.read(data).children()[:2]
    if kind.dotted() != signing.SIGNED_DATA:
        raise errors.MalformedError("The file is not a CMS signature.")
    parts = wrapped.children()[0].children()
    certificates = _certificates(parts)
    info = parts[-1].children()[0].children()
    if len(info) < _LEAST_PARTS:
        raise errors.MalformedError("The signature lacks parts.")
    digest = info[2].children()[0].dotted()
    if digest not in _HASHES:
        raise errors.MalformedError(f"The digest {digest} is not used for passes.")
    has_attributes = info[3].tag == der.context(_ATTRIBUTES)
    signed = der.encode(der.SET, info[3].content) if has_attributes else b""
    return Signature(
        certificates=certificates,
        signer=_signer(info[1], certificates),
        detached=len(parts[2].children()) == 1,
        digest=digest,
        attributes=_attributes(info[3]) if has_attributes else {},
        signed=signed,
        value=info[5 if has_attributes else 4].content,
    )


def _certificates(parts: list[der.Element]) -> tuple[x509.Certificate, ...]:
    return tuple(
        keyfiles.whole(x509.load_der_x509_certificate(one.raw))
        for part in parts
        if part.tag == der.context(_CERTIFICATES)
        for one in part.children()
        if one.tag == der.SEQUENCE
    )


def _signer(
    identifier: der.Element, certificates: tuple[x509.Certificate, ...]
) -> x509.Certificate | None:
    """The certificate that the identifier means, by issuer and serial or by key."""
    return next((one for one in certificates if _is(one, identifier)), None)


def _is(certificate: x509.Certificate, identifier: der.Element) -> bool:
    if identifier.tag == _KEY_IDENTIFIER:
        try:
            kept = certificate.extensions.get_extension_for_class(
                x509.SubjectKeyIdentifier
            )
        except x509.ExtensionNotFound:
            return False
        return kept.value.digest == identifier.content
    issuer, serial = identifier.children()
    return (
        certificate.issuer.public_bytes() == issuer.raw
        and certificate.serial_number == int.from_bytes(serial.content, "big")
    )


def _attributes(element: der.Element) -> dict[str, der.Element]:
    found: dict[str, der.Element] = {}
    for attribute in element.children():
        kind, values = attribute.children()
        found[kind.dotted()] = values.children()[0]
    return found
