"""Addresses in settings: read strictly, so that a slip is named at the start."""

import ipaddress
from urllib.parse import SplitResult, urlsplit

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Reserved, or what routers and containers call their own.
_PRIVATE = ("arpa", "home", "internal", "intranet", "lan", "local", "localhost", "test")


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


def is_public(url: str) -> bool:
    """Tell whether somebody elsewhere could reach the address, and over https.

    Nothing is asked of the name service: what looks public may still be unreachable.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme != "https":
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        _, dot, top = host.rpartition(".")
        return bool(dot) and top not in _PRIVATE
