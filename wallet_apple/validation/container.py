"""The ZIP file: readable, bounded, and nothing in it that should not be."""

import io
import stat
import zipfile
import zlib
from collections import Counter
from pathlib import PurePosixPath

from wallet_apple.validation.findings import Report

MOST_BYTES = 64 * 1024 * 1024
"""More than this is not unpacked."""
MOST_FILES = 1000
SLIM = 512 * 1024
"""Every update downloads the whole file again."""

_ENCRYPTED = 0x1
_RUBBISH = (".DS_Store", "Thumbs.db", "__MACOSX")


def opened(data: bytes, report: Report) -> dict[str, bytes] | None:
    """The files by name, or None where nothing can be judged."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if _refused(members, report):
                return None
            files = {
                member.filename: archive.read(member)
                for member in members
                if not member.is_dir()
            }
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        report.error("zip", f"The file is not a readable ZIP: {error}.")
        return None
    except (ValueError, OSError, RuntimeError) as error:
        report.error("zip", f"The file is not a readable ZIP: {error}.")
        return None
    if len(data) > SLIM:
        report.warning(
            "large",
            f"The pass is {len(data) // 1024} KB; a phone downloads all of it again "
            "for every change. Shrink the pictures.",
        )
    return files


def _refused(members: list[zipfile.ZipInfo], report: Report) -> bool:
    """Whether the archive is not to be unpacked; smaller faults are only reported."""
    unpacked = sum(member.file_size for member in members)
    if len(members) > MOST_FILES or unpacked > MOST_BYTES:
        report.error(
            "bomb",
            f"The archive claims {len(members)} files of {unpacked} bytes together; "
            "no pass is that large.",
        )
        return True
    names = Counter(member.filename for member in members)
    for name in (name for name, count in names.items() if count > 1):
        report.error("duplicate", "The archive has this file twice.", name)
    for member in members:
        _check_member(member, report)
    _check_root(set(names), report)
    return any(member.flag_bits & _ENCRYPTED for member in members)


def _check_member(member: zipfile.ZipInfo, report: Report) -> None:
    name = member.filename
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        report.error("path", "The name leads out of the pass.", name)
    if stat.S_ISLNK(member.external_attr >> 16):
        report.error("link", "Symbolic links do not belong in a pass.", name)
    if member.flag_bits & _ENCRYPTED:
        report.error("encrypted", "The file is encrypted.", name)
    if any(part in _RUBBISH for part in path.parts):
        report.warning("rubbish", "A computer left this file; leave it out.", name)
    if member.is_dir():
        report.note("folder", "The archive lists a folder of its own.", name)


def _check_root(names: set[str], report: Report) -> None:
    if "pass.json" in names:
        return
    deeper = next((name for name in names if name.endswith("/pass.json")), None)
    if deeper:
        report.error(
            "wrapped",
            "The pass lies in a folder inside the archive; pack the folder's "
            "contents, not the folder.",
            deeper,
        )
