"""What addresses in settings are worth."""

import pytest

from web import addresses


@pytest.mark.parametrize(
    ("url", "public"),
    [
        ("https://shop.example", True),
        ("https://loyalty.shop.example:8443", True),
        ("https://SHOP.EXAMPLE.", True),
        ("https://8.8.8.8", True),
        ("https://[2606:4700::1111]", True),
        ("http://shop.example", False),
        ("https://palier", False),
        ("https://palier.local", False),
        ("https://till.lan", False),
        ("https://127.0.0.1", False),
        ("https://localhost", False),
        ("https://192.168.1.20", False),
        ("https://10.0.0.7:8000", False),
        ("https://[fd00::1]", False),
        ("https://169.254.169.254", False),
    ],
)
def test_an_address_is_public_where_somebody_elsewhere_could_reach_it(
    url: str, *, public: bool
) -> None:
    assert addresses.is_public(url) is public
