"""The ZIP file of a pass, laid out by hand.

What many passes share is hashed, summed and laid out once, as a `Block` at the
beginning of the file; a pass then adds its own few members. Nothing is deflated:
PNG is compressed already, and the rest is small. The layout follows PKWARE's
APPNOTE 6.3; every member has the same time, so equal content gives equal bytes.
"""

import hashlib
import struct
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_SUM_AND_SIZES = struct.Struct("<3L").pack
_OFFSET = struct.Struct("<L").pack
_END = struct.Struct("<4s4H2LH").pack

_HEADER = 30
_MADE_BY_UNIX = 3 << 8 | 20
_NEEDED = 20
_STORED = 0
_MIDNIGHT, _DAY_ONE = 0, 1 << 5 | 1
_READABLE = 0o100644 << 16


class Place:
    """A name in a file, with all that does not depend on what lies under it.

    Names are ASCII. The parts of a header stand as a ZIP wants them around the
    checksum and the sizes, and those of a directory entry around the offset too.
    """

    __slots__ = ("entry", "header", "header_end", "listed", "middle", "name", "room")

    def __init__(self, name: str) -> None:
        self.name = name.encode("ascii")
        letters = len(self.name)
        common = struct.pack("<4H", 0, _STORED, _MIDNIGHT, _DAY_ONE)
        self.header = b"PK\3\4" + struct.pack("<H", _NEEDED) + common
        self.header_end = struct.pack("<2H", letters, 0) + self.name
        self.entry = b"PK\1\2" + struct.pack("<2H", _MADE_BY_UNIX, _NEEDED) + common
        self.middle = struct.pack("<5HL", letters, 0, 0, 0, 0, _READABLE)
        self.listed = f'"{name}":"'
        self.room = _HEADER + letters


Member = tuple[Place, bytes, int, str]
"""One file of a pass: where, what, its CRC-32 and, where listed, its SHA-1 in hex."""


@dataclass(frozen=True, slots=True)
class Block:
    """Members laid out at the beginning of a file.

    *manifest* lists them, ``"name":"digest",`` each; *directory* are their entries.
    """

    laid: bytes
    directory: bytes
    count: int
    manifest: str


class Stem:
    """The beginning of a file that many passes share, hashed and summed once."""

    __slots__ = ("_checksum", "_data", "_digest", "_place")

    def __init__(self, name: str, data: bytes) -> None:
        self._place = Place(name)
        self._data = data
        self._digest = hashlib.sha1(data, usedforsecurity=False)
        self._checksum = zlib.crc32(data)

    def grown(self, rest: bytes) -> Member:
        """The whole file: this beginning and *rest*."""
        digest = self._digest.copy()
        digest.update(rest)
        return (
            self._place,
            self._data + rest,
            zlib.crc32(rest, self._checksum),
            digest.hexdigest(),
        )


def member(place: Place, data: bytes) -> Member:
    """The file *data*, to be listed in the manifest."""
    digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return place, data, zlib.crc32(data), digest


def unlisted(place: Place, data: bytes) -> Member:
    """The file *data* that no manifest lists: itself, and its signature."""
    return place, data, zlib.crc32(data), ""


def block(files: Mapping[str, bytes]) -> Block:
    """The files laid out once, in their order."""
    members = [member(Place(name), data) for name, data in files.items()]
    laid, directory, _ = _laid(members, 0)
    listed = _listed(members)
    return Block(b"".join(laid), b"".join(directory), len(members), listed)


def manifest(shared: Block, members: Iterable[Member]) -> bytes:
    """``manifest.json``: the name and SHA-1 of every file."""
    return f"{{{shared.manifest}{_listed(members)[:-1]}}}".encode()


def _listed(members: Iterable[Member]) -> str:
    return "".join([f'{place.listed}{digest}",' for place, _, _, digest in members])


def file(shared: Block, members: list[Member]) -> bytes:
    """The whole ZIP: the block, then *members*, then the directory of both."""
    laid, directory, end = _laid(members, len(shared.laid))
    count = shared.count + len(members)
    entries = b"".join((shared.directory, *directory))
    last = _END(b"PK\5\6", 0, 0, count, count, len(entries), end, 0)
    return b"".join((shared.laid, *laid, entries, last))


def _laid(members: Iterable[Member], at: int) -> tuple[list[bytes], list[bytes], int]:
    """The members as they lie from *at* on, their entries, and where they end."""
    laid: list[bytes] = []
    directory: list[bytes] = []
    for place, data, checksum, _ in members:
        size = len(data)
        sums = _SUM_AND_SIZES(checksum, size, size)
        laid += (place.header, sums, place.header_end, data)
        directory += (place.entry, sums, place.middle, _OFFSET(at), place.name)
        at += place.room + size
    return laid, directory, at
