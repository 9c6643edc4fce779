"""Where a request came from, as limits count it."""

import ipaddress

_OF_ONE_PERSON = 64


def of(address: str) -> str:
    """Return the IPv4 address, or the network of an IPv6 one; ``unknown`` if neither.

    One person holds a whole /64; an IPv4-mapped address counts as the IPv4 one.
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    network = ipaddress.ip_network((parsed, _OF_ONE_PERSON), strict=False)
    return str(network.network_address)
