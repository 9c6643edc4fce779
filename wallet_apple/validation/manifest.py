"""The manifest: every file with its SHA-1, and nothing else."""

import hashlib
from collections.abc import Mapping

import orjson

from wallet_apple.validation.findings import Report

NAME = "manifest.json"
_APART = frozenset({NAME, "signature"})


def check(files: Mapping[str, bytes], report: Report) -> None:
    """Compare the manifest with the files."""
    if NAME not in files:
        report.error("manifest_missing", "The pass has no manifest.", NAME)
        return
    try:
        listed = orjson.loads(files[NAME])
    except orjson.JSONDecodeError as error:
        report.error("manifest_json", f"The manifest is no JSON: {error}.", NAME)
        return
    if not isinstance(listed, dict):
        report.error("manifest_json", "The manifest is no JSON object.", NAME)
        return
    for name, digest in listed.items():
        _check_file(name, digest, files, report)
    for name in files.keys() - listed.keys() - _APART:
        report.error("unlisted", "The manifest does not list this file.", name)


def _check_file(
    name: str, digest: object, files: Mapping[str, bytes], report: Report
) -> None:
    if name in _APART:
        report.error("listed_itself", "The manifest must not list this file.", name)
    elif name not in files:
        report.error("absent", "The manifest lists this file; it is not there.", name)
    elif not isinstance(digest, str) or digest.lower() != _sha1(files[name]):
        report.error(
            "digest",
            "The file is not the one that was signed: its SHA-1 differs from the "
            "manifest's.",
            name,
        )


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
