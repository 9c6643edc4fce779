"""The archive, read by others."""

import io
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet_apple import archive
from wallet_apple.archive import Place

NAMES = st.from_regex(r"[a-z]{1,12}(@2x)?\.png", fullmatch=True)
FILES = st.dictionaries(NAMES, st.binary(max_size=300), max_size=6)


def packed(shared: dict[str, bytes], own: dict[str, bytes]) -> bytes:
    members = [archive.member(Place(name), data) for name, data in own.items()]
    return archive.file(archive.block(shared), members)


@given(FILES, FILES)
def test_what_was_packed_is_read_again(
    shared: dict[str, bytes], own: dict[str, bytes]
) -> None:
    own = {f"own-{name}": data for name, data in own.items()}

    with zipfile.ZipFile(io.BytesIO(packed(shared, own))) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == shared | own


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_unzip_accepts_the_archive(tmp_path: Path) -> None:
    path = tmp_path / "pass.pkpass"
    path.write_bytes(packed({"icon.png": b"1"}, {"pass.json": b"{}"}))

    tested = subprocess.run(  # noqa: S603 - our own archive
        ("unzip", "-t", str(path)),  # noqa: S607 - wherever it is installed
        capture_output=True,
        text=True,
        check=False,
    )

    assert "No errors detected" in tested.stdout


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_a_grown_file_equals_one_made_at_once(start: bytes, rest: bytes) -> None:
    grown = archive.Stem("a", start).grown(rest)
    whole = archive.member(Place("a"), start + rest)

    assert grown[1:] == whole[1:]


def test_files_can_be_read_by_their_owner_and_others(tmp_path: Path) -> None:
    path = tmp_path / "pass.pkpass"
    path.write_bytes(packed({}, {"pass.json": b"{}"}))

    with zipfile.ZipFile(path) as opened:
        (entry,) = opened.infolist()

    assert entry.external_attr >> 16 == 0o100644
