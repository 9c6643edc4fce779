"""Whether what Google holds is what it was sent, however it spells that.

Google shows more than it was given, leaves out what is empty, and may use the older
names of its enumerations.
"""

import math
from collections.abc import Iterator, Mapping

_ENUMERATIONS = {
    "algorithm",
    "multipleDevicesAndHoldersAllowedStatus",
    "renderEncoding",
    "state",
    "type",
}
_PASSING = {"notifyPreference"}
_REVIEW = "reviewStatus"


def differences(sent: object, held: object) -> list[str]:
    """Return where *held* is not what was *sent*, as paths (``barcode.value``).

    None in *sent* stands for what Google was asked to forget.
    """
    return sorted(set(_differences("", sent, held)))


def _differences(path: str, sent: object, held: object) -> Iterator[str]:
    # Zero too: on the way to Google nothing and what is usual are the same.
    if not sent and not held:
        return
    if isinstance(sent, Mapping) and isinstance(held, Mapping):
        for name, value in sent.items():
            if name not in _PASSING:
                yield from _differences(_below(path, name), value, held.get(name))
    elif isinstance(sent, list) and isinstance(held, list) and len(sent) == len(held):
        for number, (one, other) in enumerate(zip(sent, held, strict=True)):
            yield from _differences(f"{path}[{number}]", one, other)
    elif not _same(path.rpartition(".")[2], sent, held):
        yield path


def _same(name: str, sent: object, held: object) -> bool:
    if name == _REVIEW:
        # Google approves what asks for it, and alone says no.
        return str(held).upper() != "REJECTED"
    if name in _ENUMERATIONS:
        return _plain(sent) == _plain(held)
    if isinstance(sent, float) or isinstance(held, float):
        return _near(sent, held)
    # Whole numbers of 64 bits are texts where Google writes them.
    return str(sent) == str(held)


def _plain(value: object) -> str:
    """Return ``qrcode`` for QR_CODE as for qrCode."""
    return str(value).replace("_", "").lower()


def _near(sent: object, held: object) -> bool:
    try:
        return math.isclose(float(str(sent)), float(str(held)), abs_tol=1e-6)
    except ValueError:
        return False


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
