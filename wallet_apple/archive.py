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

_LOCAL = struct.Struct("<4s5H3L2H").pack
_CENTRAL = struct.Struct("<4s6H3L5H2L").pack
_END = struct.Struct("<4s4H2LH").pack

_MADE_BY_UNIX = 3 << 8 | 20
_NEEDED = 20
_STORED = 0
_MIDNIGHT, _DAY_ONE = 0, 1 << 5 | 1
_READABLE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a pass with its SHA-1 (40 hex digits) and its CRC-32."""

    name: bytes
    data: bytes
    digest: str
    checksum: int


@dataclass(frozen=True, slots=True)
class Block:
    """Members laid out at the beginning of a file.

    *manifest* lists them, ``"name":"digest",`` each; *directory* are their entries.
    """

    laid: bytes
    directory: bytes
    count: int
    manifest: bytes


class Stem:
    """The beginning of a file that many passes share, hashed and summed once."""

    __slots__ = ("_checksum", "_data", "_digest", "_name")

    def __init__(self, name: str, data: bytes) -> None:
        self._name = name.encode("ascii")
        self._data = data
        self._digest = hashlib.sha1(data, usedforsecurity=False)
        self._checksum = zlib.crc32(data)

    def grown(self, rest: bytes) -> Member:
        """The whole file: this beginning and *rest*."""
        digest = self._digest.copy()
        digest.update(rest)
        return Member(
            self._name,
            self._data + rest,
            digest.hexdigest(),
            zlib.crc32(rest, self._checksum),
        )


def member(name: str, data: bytes) -> Member:
    """The file *data* under *name*, which is ASCII."""
    digest = hashlib.sha1(data, usedforsecurity=False).hexdigest()
    return Member(name.encode("ascii"), data, digest, zlib.crc32(data))


def block(files: Mapping[str, bytes]) -> Block:
    """The files laid out once, in their order."""
    members = [member(name, data) for name, data in files.items()]
    laid, directory = _laid(members, 0)
    return Block(b"".join(laid), b"".join(directory), len(members), listed(members))


def listed(members: Iterable[Member]) -> bytes:
    """The lines of a manifest for *members*, each with its comma."""
    return b"".join(b'"%b":"%b",' % (one.name, one.digest.encode()) for one in members)


def manifest(shared: Block, members: Iterable[Member]) -> bytes:
    """``manifest.json``: the name and SHA-1 of every file."""
    return b"{" + shared.manifest + listed(members)[:-1] + b"}"


def file(shared: Block, members: list[Member]) -> bytes:
    """The whole ZIP: the block, then *members*, then the directory of both."""
    start = len(shared.laid)
    laid, directory = _laid(members, start)
    size = sum(map(len, laid))
    entries = sum(map(len, directory)) + len(shared.directory)
    count = shared.count + len(members)
    end = _END(b"PK\5\6", 0, 0, count, count, entries, start + size, 0)
    return b"".join((shared.laid, *laid, shared.directory, *directory, end))


def _laid(members: Iterable[Member], at: int) -> tuple[list[bytes], list[bytes]]:
    """The members as they lie in the file from *at* on, and their entries."""
    laid: list[bytes] = []
    directory: list[bytes] = []
    for one in members:
        name, data = one.name, one.data
        size, letters = len(data), len(name)
        common = (_STORED, _MIDNIGHT, _DAY_ONE, one.checksum, size, size, letters)
        laid += (_LOCAL(b"PK\3\4", _NEEDED, 0, *common, 0), name, data)
        directory += (
            _CENTRAL(
                *(b"PK\1\2", _MADE_BY_UNIX, _NEEDED, 0, *common),
                *(0, 0, 0, 0, _READABLE, at),
            ),
            name,
        )
        at += 30 + letters + size
    return laid, directory
