"""A throw-away authority: certificates shaped like Apple's, for development and tests.

iPhones refuse what it signs; our stand-ins, and OpenSSL given its root, accept it.
Its own keys are never written: a new set is cheaper than guarding an old one.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from wallet_apple import certificates, der, folders

SERVER_CERTIFICATE_FILE = "server.pem"
SERVER_KEY_FILE = "server.key"

PASS_TYPE_IDENTIFIER = "pass.palier.development"  # noqa: S105 - a public name
TEAM_IDENTIFIER = "PALIERDEV0"
ORGANISATION = "Palier Development"

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_YEAR = timedelta(days=365)
_PASS_TYPE_USAGE = x509.ObjectIdentifier("1.2.840.113635.100.4.14")
_WWDR_MARK = x509.ObjectIdentifier("1.2.840.113635.100.6.2.1")


def new_key() -> rsa.RSAPrivateKey:
    """A key of the only size that Apple issues pass certificates for."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True, slots=True)
class _Issuer:
    certificate: x509.Certificate
    key: rsa.RSAPrivateKey


class Authority:
    """A root and, under it, an intermediate that looks like Apple's G4."""

    def __init__(self, *, at: datetime) -> None:
        """Make both, valid from the day before *at*: clocks differ a little."""
        begin = at - timedelta(days=1)
        self._root = _self_signed(_root_name(), begin)
        self._intermediate = _intermediate(self._root, begin)

    @property
    def root(self) -> x509.Certificate:
        """What to trust."""
        return self._root.certificate

    @property
    def intermediate(self) -> x509.Certificate:
        """What goes beside the pass type certificate."""
        return self._intermediate.certificate

    def pass_type_certificate(
        self,
        public_key: rsa.RSAPublicKey,
        *,
        pass_type_identifier: str = PASS_TYPE_IDENTIFIER,
        team_identifier: str = TEAM_IDENTIFIER,
        organisation: str = ORGANISATION,
        begin: datetime,
        end: datetime | None = None,
    ) -> x509.Certificate:
        """A pass type certificate, valid for a year or until *end*."""
        subject = pass_type_name(pass_type_identifier, team_identifier, organisation)
        builder = _issued(self._intermediate, subject, public_key, begin, end)
        stated = der.encode(der.UTF8_STRING, pass_type_identifier.encode())
        # Apple's own does not allow e-mail; without it `openssl smime -verify` refuses
        # the purpose before it looks at anything else.
        usages = (
            ExtendedKeyUsageOID.CLIENT_AUTH,
            ExtendedKeyUsageOID.EMAIL_PROTECTION,
            _PASS_TYPE_USAGE,
        )
        builder = (
            builder.add_extension(_usage(signing=True), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(
                x509.UnrecognizedExtension(certificates.PASS_TYPE_EXTENSION, stated),
                critical=False,
            )
        )
        return builder.sign(self._intermediate.key, hashes.SHA256())

    def certificate(
        self,
        public_key: rsa.RSAPublicKey,
        common_name: str,
        *,
        begin: datetime,
    ) -> x509.Certificate:
        """A certificate for anything but passes, such as a push certificate."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        builder = _issued(self._intermediate, subject, public_key, begin, None)
        builder = builder.add_extension(_usage(signing=True), critical=True)
        return builder.sign(self._intermediate.key, hashes.SHA256())

    def server_certificate(
        self,
        public_key: rsa.RSAPublicKey,
        *,
        hosts: Iterable[str] = _LOOPBACK,
        begin: datetime,
    ) -> x509.Certificate:
        """A TLS certificate for *hosts*, issued by the root itself."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        builder = _issued(self._root, subject, public_key, begin, None)
        usage = x509.ExtendedKeyUsage((ExtendedKeyUsageOID.SERVER_AUTH,))
        builder = (
            builder.add_extension(_usage(signing=True), critical=True)
            .add_extension(usage, critical=False)
            .add_extension(
                x509.SubjectAlternativeName(map(_host, hosts)), critical=False
            )
        )
        return builder.sign(self._root.key, hashes.SHA256())


def write(
    folder: Path,
    *,
    pass_type_identifier: str = PASS_TYPE_IDENTIFIER,
    team_identifier: str = TEAM_IDENTIFIER,
    organisation: str = ORGANISATION,
    at: datetime,
) -> None:
    """Fill *folder* with a development set, replacing an older one.

    It holds the certificate and key that sign passes, the intermediate, the root,
    and the certificate and key of the stand-in for Apple's push service.
    """
    folders.make(folder)
    authority = Authority(at=at)
    begin = at - timedelta(days=1)
    key, server_key = new_key(), new_key()
    leaf = authority.pass_type_certificate(
        key.public_key(),
        pass_type_identifier=pass_type_identifier,
        team_identifier=team_identifier,
        organisation=organisation,
        begin=begin,
    )
    server = authority.server_certificate(server_key.public_key(), begin=begin)
    folders.write_certificates(folder / certificates.ROOT_FILE, authority.root)
    folders.write_certificates(
        folder / certificates.INTERMEDIATE_FILE, authority.intermediate
    )
    folders.write_key(folder / certificates.KEY_FILE, key)
    folders.write_certificates(folder / certificates.CERTIFICATE_FILE, leaf)
    folders.write_key(folder / SERVER_KEY_FILE, server_key)
    folders.write_certificates(folder / SERVER_CERTIFICATE_FILE, server)


def pass_type_name(
    pass_type_identifier: str, team_identifier: str, organisation: str
) -> x509.Name:
    """The subject as Apple writes it."""
    return x509.Name(
        [
            x509.NameAttribute(NameOID.USER_ID, pass_type_identifier),
            x509.NameAttribute(
                NameOID.COMMON_NAME, f"Pass Type ID: {pass_type_identifier}"
            ),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, team_identifier),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
        ]
    )


def _root_name() -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, "Palier Development Root"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
        ]
    )


def _intermediate_name() -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(
                NameOID.COMMON_NAME, "Palier Development Relations Authority"
            ),
            x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "G4"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANISATION),
        ]
    )


def _self_signed(name: x509.Name, begin: datetime) -> _Issuer:
    key = new_key()
    public = key.public_key()
    builder = _builder(name, name, public, begin, begin + 10 * _YEAR)
    builder = _as_authority(builder, public, None)
    return _Issuer(builder.sign(key, hashes.SHA256()), key)


def _intermediate(root: _Issuer, begin: datetime) -> _Issuer:
    key = new_key()
    public = key.public_key()
    name = root.certificate.subject
    builder = _builder(_intermediate_name(), name, public, begin, begin + 5 * _YEAR)
    builder = _as_authority(builder, public, 0).add_extension(
        _issued_by(root), critical=False
    )
    mark = x509.UnrecognizedExtension(_WWDR_MARK, der.encode(der.NULL))
    builder = builder.add_extension(mark, critical=False)
    return _Issuer(builder.sign(root.key, hashes.SHA256()), key)


def _issued(
    issuer: _Issuer,
    subject: x509.Name,
    public_key: rsa.RSAPublicKey,
    begin: datetime,
    end: datetime | None,
) -> x509.CertificateBuilder:
    name = issuer.certificate.subject
    builder = _builder(subject, name, public_key, begin, end or begin + _YEAR)
    plain = x509.BasicConstraints(ca=False, path_length=None)
    return (
        builder.add_extension(plain, critical=True)
        .add_extension(_issued_by(issuer), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: rsa.RSAPublicKey,
    begin: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(begin)
        .not_valid_after(end)
    )


def _as_authority(
    builder: x509.CertificateBuilder,
    public_key: rsa.RSAPublicKey,
    path_length: int | None,
) -> x509.CertificateBuilder:
    constraints = x509.BasicConstraints(ca=True, path_length=path_length)
    return (
        builder.add_extension(constraints, critical=True)
        .add_extension(_usage(signing=False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), False)
    )


def _issued_by(issuer: _Issuer) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key())


def _usage(*, signing: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signing,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signing,
        crl_sign=not signing,
        encipher_only=False,
        decipher_only=False,
    )


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
