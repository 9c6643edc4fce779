"""Codes to scan, as inline SVG."""

from itertools import groupby

import qrcode
from markupsafe import Markup
from qrcode.constants import ERROR_CORRECT_M

BORDER = 4
"""The quiet zone in modules that scanners need (ISO/IEC 18004)."""


def svg(text: str, label: str) -> Markup:
    """A QR code of *text*; *label* is what screen readers say.

    It is black on white whatever the page wears: with a transparent ground a
    reader sees nothing on a dark page.
    """
    code = qrcode.QRCode(error_correction=ERROR_CORRECT_M, border=BORDER)
    code.add_data(text)
    code.make(fit=True)
    modules = code.get_matrix()
    return Markup(
        '<svg class="qr" role="img" aria-label="{label}" viewBox="0 0 {size} {size}"'
        ' shape-rendering="crispEdges">'
        '<path fill="#fff" d="M0 0h{size}v{size}H0z"/>'
        '<path fill="#000" d="{path}"/></svg>'
    ).format(label=label, size=len(modules), path=_path(modules))


def _path(modules: list[list[bool]]) -> str:
    """One bar for every run of black modules."""
    bars: list[str] = []
    for y, line in enumerate(modules):
        x = 0
        for black, run in groupby(line):
            length = sum(1 for _ in run)
            if black:
                bars.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length
    return "".join(bars)
