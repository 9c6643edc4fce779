"""The pictures: there, readable, and of a size that the style has."""

import io
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from PIL import Image

from wallet_apple.validation import document
from wallet_apple.validation.findings import Report

_NAME = re.compile(r"(?P<kind>[A-Za-z]+)(?:@(?P<scale>[23])x)?\.png")
_ICON = 29
_MOST_POINTS: Mapping[str, tuple[int, int]] = {
    "icon": (60, 60),
    "logo": (160, 50),
    "strip": (375, 144),
    "thumbnail": (90, 90),
    "background": (180, 220),
    "footer": (286, 15),
    "personalizationLogo": (150, 40),
}
_STYLES: Mapping[str, tuple[str, ...]] = {
    "boardingPass": ("icon", "logo", "footer"),
    "coupon": ("icon", "logo", "strip", "personalizationLogo"),
    "eventTicket": ("icon", "logo", "strip", "background", "thumbnail"),
    "generic": ("icon", "logo", "thumbnail"),
    "storeCard": ("icon", "logo", "strip", "personalizationLogo"),
}
_MOST_PIXELS = 16_000_000


def check(files: Mapping[str, bytes], shown: Mapping[str, Any], report: Report) -> None:
    """Check every picture, and that those which are required are there."""
    names = {PurePosixPath(name).name for name in files}
    for name, severity in (
        ("icon.png", report.error),
        ("icon@2x.png", report.warning),
        ("icon@3x.png", report.note),
    ):
        if name not in names:
            severity("icon", "The icon is needed for messages and e-mail.", name)
    for name, data in files.items():
        if name.lower().endswith(".png"):
            _check_picture(name, data, files, document.style(shown), report)


def _check_picture(
    name: str,
    data: bytes,
    files: Mapping[str, bytes],
    style: str | None,
    report: Report,
) -> None:
    found = _NAME.fullmatch(PurePosixPath(name).name)
    if found is None or found["kind"] not in _MOST_POINTS:
        report.note("picture_unknown", "Phones use no picture of this name.", name)
        return
    kind, scale = found["kind"], int(found["scale"] or 1)
    if style and kind not in _STYLES[style]:
        report.warning("picture_style", f"A {style} shows no {kind}.", name)
    plain = PurePosixPath(name)
    if plain.parent.suffix == ".lproj" and plain.name in files:
        report.warning(
            "picture_hidden", "The picture of this name at the top wins.", name
        )
    size = _size(name, data, report)
    if size:
        _check_size(name, kind, scale, size, report)


def _size(name: str, data: bytes, report: Report) -> tuple[int, int] | None:
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as picture:
            size = picture.size
            if size[0] * size[1] > _MOST_PIXELS:
                report.error("picture_huge", f"{size[0]} × {size[1]} pixels.", name)
                return None
            picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        report.error("picture", "It is not a readable PNG.", name)
        return None
    return size


def _check_size(
    name: str, kind: str, scale: int, size: tuple[int, int], report: Report
) -> None:
    width, height = size
    if kind == "icon" and (width != height or width < _ICON * scale):
        side = _ICON * scale
        report.warning(
            "picture_size",
            f"{width} × {height} pixels; a square of {side} or more is expected.",
            name,
        )
    most = tuple(side * scale for side in _MOST_POINTS[kind])
    if width > most[0] or height > most[1]:
        report.warning(
            "picture_size",
            f"{width} × {height} pixels; at {scale}x {most[0]} × {most[1]} are shown.",
            name,
        )
