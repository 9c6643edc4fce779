"""Development certificates: made for this machine, never mixed with Apple's."""

from passes import clock
from wallet_apple import authority, certificates
from wallet_apple.errors import CertificateError
from web.config import ConfigurationError, Settings


def write_certificates(settings: Settings) -> None:
    """Write a new throw-away authority and what it signs.

    Raises:
        ConfigurationError: it would replace a certificate that Apple issued.
    """
    folder = settings.certs_dir
    real = (folder / certificates.CERTIFICATE_FILE).exists()
    if real and not (folder / certificates.ROOT_FILE).exists():
        raise ConfigurationError(
            [f"{folder} holds a certificate from Apple; move it away first."]
        )
    authority.write(folder, at=clock.now())


def ensure_certificates(settings: Settings) -> None:
    """Write development certificates unless usable ones are there.

    Raises:
        ConfigurationError: what is there comes from Apple.
    """
    try:
        certificates.load_folder(settings.certs_dir, at=clock.now())
    except CertificateError:
        write_certificates(settings)
