"""Everything that Apple's side refuses.

AppleWalletError
├── CertificateError               *remedy* says what to do about it
│   ├── CertificateMissingError    a file is not there
│   ├── CertificateUnreadableError a file is not what its name promises
│   ├── PassphraseError            the passphrase is missing or wrong
│   ├── KeyExposedError            other users of the machine can read a key
│   ├── KeyMismatchError           the key is not the certificate's
│   ├── WrongCertificateError      made for something else than passes
│   ├── ChainError                 not issued by the intermediate given
│   ├── NotYetValidError           begins later than the machine's clock
│   └── ExpiredError               ended
├── PictureError                   a design's picture cannot be drawn
└── MalformedError                 bytes of a stranger do not follow their format
"""

from passes import errors


class AppleWalletError(errors.PassesError):
    """The root of what this package refuses."""

    code = "apple_wallet"


class CertificateError(AppleWalletError):
    """A certificate or key cannot be used; *remedy* is the way out."""

    code = "apple_certificate"

    def __init__(self, message: str, *, remedy: str) -> None:
        super().__init__(f"{message} {remedy}")
        self.message = message
        self.remedy = remedy


class CertificateMissingError(CertificateError):
    """A file that the signature needs is not there."""

    code = "apple_certificate_missing"


class CertificateUnreadableError(CertificateError):
    """A file does not hold what it should."""

    code = "apple_certificate_unreadable"


class PassphraseError(CertificateError):
    """The passphrase of a key or a .p12 is missing or wrong."""

    code = "apple_passphrase"


class KeyExposedError(CertificateError):
    """Other users of the machine can read the private key."""

    code = "apple_key_exposed"


class KeyMismatchError(CertificateError):
    """The private key does not belong to the certificate."""

    code = "apple_key_mismatch"


class WrongCertificateError(CertificateError):
    """A certificate that was made for something else than signing passes."""

    code = "apple_wrong_certificate"


class ChainError(CertificateError):
    """The certificates do not follow from one another up to a trusted one."""

    code = "apple_chain"


class NotYetValidError(CertificateError):
    """The certificate begins in the future of this machine's clock."""

    code = "apple_certificate_not_yet_valid"


class ExpiredError(CertificateError):
    """The certificate ended."""

    code = "apple_certificate_expired"


class PictureError(AppleWalletError):
    """A picture of the design cannot be drawn."""

    code = "apple_picture"


class MalformedError(AppleWalletError):
    """Bytes that came from elsewhere do not follow their format."""

    code = "apple_malformed"
