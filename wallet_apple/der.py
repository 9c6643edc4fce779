"""DER: the tag-length-value encoding that certificates and signatures are made of.

ITU-T X.690. Writing is DER only; reading also takes the indefinite lengths that
macOS writes in signatures.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from wallet_apple import errors

INTEGER = 0x02
OCTET_STRING = 0x04
NULL = 0x05
OBJECT_IDENTIFIER = 0x06
UTF8_STRING = 0x0C
PRINTABLE_STRING = 0x13
IA5_STRING = 0x16
UTC_TIME = 0x17
GENERALIZED_TIME = 0x18
SEQUENCE = 0x30
SET = 0x31

_CONSTRUCTED = 0x20
_LONG = 0x80
_DEEPEST = 32


def context(number: int) -> int:
    """The tag of a constructed, context-specific element."""
    return 0xA0 | number


def encode(tag: int, *contents: bytes) -> bytes:
    """One element: the tag, the length of *contents* together, and they."""
    content = b"".join(contents)
    size = len(content)
    if size < _LONG:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _LONG | len(length))) + length + content


def integer(number: int) -> bytes:
    """A non-negative integer."""
    return encode(INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def object_identifier(dotted: str) -> bytes:
    """An object identifier from its dotted spelling."""
    first, second, *rest = (int(arc) for arc in dotted.split("."))
    return encode(
        OBJECT_IDENTIFIER, *(_base128(arc) for arc in (40 * first + second, *rest))
    )


def _base128(arc: int) -> bytes:
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(0x80 | arc & 0x7F)
    return bytes(reversed(digits))


@dataclass(frozen=True, slots=True)
class Element:
    """One element read: its *tag*, its *content*, and both as they stood."""

    tag: int
    content: bytes
    raw: bytes

    def children(self) -> list["Element"]:
        """The elements inside; none for a primitive one."""
        return list(_elements(self.content)) if self.tag & _CONSTRUCTED else []

    def dotted(self) -> str:
        """The dotted spelling of an object identifier."""
        if self.tag != OBJECT_IDENTIFIER or not self.content:
            raise errors.MalformedError("An object identifier was expected.")
        arcs, value = [], 0
        for byte in self.content:
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                arcs.append(value)
                value = 0
        first = min(arcs[0] // 40, 2) if arcs else 0
        return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))

    def text(self) -> str:
        """The text of a string."""
        if self.tag not in (UTF8_STRING, PRINTABLE_STRING, IA5_STRING):
            raise errors.MalformedError("A string was expected.")
        return self.content.decode("utf-8", "replace")


def read(data: bytes) -> Element:
    """The first element of *data*.

    Raises:
        MalformedError: *data* is cut off, or nested too deeply.
    """
    return _read(data, 0, 0)[0]


def _elements(content: bytes) -> Iterator[Element]:
    at = 0
    while at < len(content):
        element, at = _read(content, at, 0)
        yield element


def _read(data: bytes, at: int, depth: int) -> tuple[Element, int]:
    """The element at *at* and where it ends."""
    if depth > _DEEPEST or at + 2 > len(data):
        raise errors.MalformedError("The structure is cut off or nested too deeply.")
    tag, size, start = data[at], data[at + 1], at + 2
    if size == _LONG:
        return _indefinite(data, at, depth)
    if size > _LONG:
        start += size & 0x7F
        size = int.from_bytes(data[at + 2 : start], "big")
    end = start + size
    if end > len(data):
        raise errors.MalformedError("The structure is cut off.")
    return Element(tag, data[start:end], data[at:end]), end


def _indefinite(data: bytes, at: int, depth: int) -> tuple[Element, int]:
    """An element that ends with two zero bytes instead of naming its length."""
    end = at + 2
    while data[end : end + 2] != b"\0\0":
        end = _read(data, end, depth + 1)[1]
    return Element(data[at], data[at + 2 : end], data[at : end + 2]), end + 2
