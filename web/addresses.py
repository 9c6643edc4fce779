"""Addresses in settings: read strictly, so that a slip is named at the start."""

from urllib.parse import SplitResult, urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def read(url: str) -> SplitResult:
    """Return the parts of an http or https address, or raise `ValueError`."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValueError(
            "this is no address; give one as https://shop.example"
        ) from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("give an address that begins with https://")
    return parts


def is_loopback(url: str) -> bool:
    """Tell whether the address is this machine's own."""
    return urlsplit(url).hostname in _LOOPBACK
