"""The present request: its id, and who sent it."""

import secrets

from flask import has_request_context, request

from passes import networks

ENVIRON = "palier.request_id"
"""Where the WSGI environment keeps the request's id."""


def new_id() -> str:
    """Return a fresh request id: 80 random bits."""
    return secrets.token_hex(10)


def request_id() -> str:
    """Return the present request's id, or nothing outside of one."""
    if not has_request_context():
        return ""
    return str(request.environ.get(ENVIRON, ""))


def address() -> str:
    """Return the network address that sent the request, proxies counted off."""
    return request.remote_addr or ""


def network(address: str) -> str:
    """Return what limits count: the IPv4 address, or the /64 of an IPv6 one.

    One person holds a whole /64; an IPv4-mapped address counts as the IPv4 one.
    """
    return networks.of(address)
