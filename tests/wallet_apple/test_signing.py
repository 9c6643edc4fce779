"""Signatures, judged by OpenSSL."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.makers import NOON
from tests.wallet_apple import openssl
from tests.wallet_apple.conftest import Office
from wallet_apple import certificates, errors, folders
from wallet_apple.signing import Signer

MANIFEST = b'{"pass.json":"%s",\n"icon.png":"0"}' % (b"0" * 40)


def verified(
    office: Office, signature: bytes, manifest: bytes, tmp_path: Path, tool: str
) -> str:
    """OpenSSL's verdict on the signature, in its own words."""
    root = tmp_path / "root.pem"
    folders.write_certificates(root, office.authority.root)
    (tmp_path / "signature").write_bytes(signature)
    (tmp_path / "manifest.json").write_bytes(manifest)
    done = openssl.run(
        *(tool, "-verify", "-binary", "-inform", "DER"),
        *("-in", str(tmp_path / "signature")),
        *("-content", str(tmp_path / "manifest.json")),
        *("-CAfile", str(root), "-attime", str(int(NOON.timestamp()))),
        *("-out", "/dev/null"),
    )
    return done.stderr


@pytest.mark.parametrize("tool", ["smime", "cms"])
def test_openssl_accepts_a_signature(
    office: Office, signer: Signer, tmp_path: Path, tool: str
) -> None:
    signature = signer.sign(MANIFEST, NOON)

    verdict = verified(office, signature, MANIFEST, tmp_path, tool)

    assert verdict.lower().strip().endswith("verification successful")


@pytest.mark.parametrize("tool", ["smime", "cms"])
def test_openssl_refuses_another_manifest(
    office: Office, signer: Signer, tmp_path: Path, tool: str
) -> None:
    signature = signer.sign(MANIFEST, NOON)

    verdict = verified(office, signature, MANIFEST + b" ", tmp_path, tool)

    assert "Verification failure" in verdict


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "Jan  2 03:04:05 2026 GMT"),
        (datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), "Dec 31 23:59:59 2049 GMT"),
        (datetime(2050, 1, 1, 0, 0, 0, tzinfo=UTC), "Jan  1 00:00:00 2050 GMT"),
    ],
)
def test_the_signing_time_is_the_time_given(
    office: Office, at: datetime, written: str, tmp_path: Path
) -> None:
    day = timedelta(days=1)
    credentials = certificates.Credentials(
        leaf := office.certify(begin=at - day, end=at + day),
        office.key,
        office.authority.intermediate,
        certificates.explain(leaf),
    )
    path = tmp_path / "signature"

    path.write_bytes(Signer(credentials).sign(MANIFEST, at))

    printed = openssl.run(
        "cms", "-cmsout", "-print", "-inform", "DER", "-in", str(path)
    )
    assert f"TIME:{written}" in printed.stdout


def test_equal_manifests_at_one_time_have_equal_signatures(signer: Signer) -> None:
    assert signer.sign(MANIFEST, NOON) == signer.sign(MANIFEST, NOON)


def test_nothing_is_signed_after_the_end(office: Office) -> None:
    leaf = office.certify(end=NOON)
    signer = Signer(
        certificates.match(
            leaf,
            office.key,
            [office.authority.intermediate],
            trust=office.trust,
            at=NOON,
        )
    )

    with pytest.raises(errors.ExpiredError):
        signer.sign(MANIFEST, NOON + timedelta(seconds=1))


def test_nothing_is_signed_before_the_beginning(signer: Signer) -> None:
    with pytest.raises(errors.NotYetValidError):
        signer.sign(MANIFEST, signer.facts.not_before - timedelta(seconds=1))
