"""The signature: over this manifest, by a pass type certificate, in its time."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cryptography import x509
from cryptography.x509.oid import NameOID

from wallet_apple import certificates, chains, cms, errors
from wallet_apple.certificates import Facts
from wallet_apple.validation import manifest
from wallet_apple.validation.findings import Report

NAME = "signature"

_APPLE_AUTHORITY = "Apple Worldwide Developer Relations"


def check(
    files: Mapping[str, bytes],
    shown: Mapping[str, Any],
    roots: Sequence[x509.Certificate],
    at: datetime,
    report: Report,
) -> None:
    """Check everything about the signature that can be checked from here."""
    if NAME not in files:
        report.error("signature_missing", "The pass is not signed.", NAME)
        return
    try:
        signature = cms.read(files[NAME])
    except errors.MalformedError as error:
        report.error("signature_unreadable", str(error), NAME)
        return
    _check_seal(signature, files.get(manifest.NAME, b""), report)
    if signature.signer is None:
        report.error(
            "signer_missing",
            "The signature does not carry the certificate that made it.",
            NAME,
        )
        return
    _check_chain(signature, signature.signer, roots, at, report)
    try:
        facts = certificates.explain(signature.signer)
    except errors.WrongCertificateError as error:
        report.error("wrong_certificate", error.message, NAME)
        return
    _check_names(facts, shown, report)
    _check_times(facts, signature.signing_time(), at, report)


def _check_seal(signature: cms.Signature, content: bytes, report: Report) -> None:
    if not signature.detached:
        report.error("attached", "The signature must not contain the manifest.", NAME)
    if not signature.covers(content):
        report.error(
            "signature_content",
            "The manifest is not the one that was signed.",
            manifest.NAME,
        )
    elif signature.signer and not signature.is_signers(content):
        report.error(
            "signature_invalid",
            "The signature was not made with the key of its certificate.",
            NAME,
        )


def _check_names(facts: Facts, shown: Mapping[str, Any], report: Report) -> None:
    for key, certified in (
        ("passTypeIdentifier", facts.pass_type_identifier),
        ("teamIdentifier", facts.team_identifier),
    ):
        stated = shown.get(key)
        if stated is not None and stated != certified:
            report.error(
                "identity",
                f"The pass says {key} {stated!r}, the certificate {certified!r}.",
                f"pass.json: {key}",
            )


def _check_times(
    facts: Facts, signed_at: datetime | None, at: datetime, report: Report
) -> None:
    if signed_at is None:
        report.error("signing_time", "The signature names no signing time.", NAME)
    elif not facts.not_before <= signed_at <= facts.not_after:
        report.error(
            "signing_time",
            f"It was signed at {signed_at:%Y-%m-%d %H:%M} UTC, outside the time of its "
            f"certificate ({facts.not_before:%Y-%m-%d} to {facts.not_after:%Y-%m-%d}): "
            "a wrong clock, or a certificate that had ended.",
            NAME,
        )
    elif signed_at > at:
        report.warning("signing_time", "It was signed in the future.", NAME)
    if at > facts.not_after:
        report.warning(
            "certificate_ended",
            f"The certificate ended on {facts.not_after:%Y-%m-%d}: cards on phones "
            "stay, and no change reaches them.",
            NAME,
        )


def _check_chain(
    signature: cms.Signature,
    signer: x509.Certificate,
    roots: Sequence[x509.Certificate],
    at: datetime,
    report: Report,
) -> None:
    others = [one for one in signature.certificates if one != signer]
    try:
        intermediate = chains.issuer_of(signer, others)
    except errors.ChainError as error:
        report.error("intermediate", error.message, NAME)
        return
    if chains.is_apple(intermediate):
        report.note(
            "apple",
            "Apple's intermediate G4 by its fingerprint; Apple's root and revocation "
            "were not asked.",
            NAME,
        )
        return
    try:
        chains.verify_chain(signer, others, [*roots], signer.not_valid_before_utc)
    except errors.ChainError:
        _blame(intermediate, at, report)
        return
    report.note("development", "Signed under a root given here, not Apple's.", NAME)


def _blame(intermediate: x509.Certificate, at: datetime, report: Report) -> None:
    """Say what is known of an intermediate that could not be followed up."""
    names = intermediate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    name = str(names[0].value) if names else "an authority without a name"
    if not name.startswith(_APPLE_AUTHORITY):
        report.error("untrusted", f"Signed under “{name}”, which is not Apple.", NAME)
    elif at > intermediate.not_valid_after_utc:
        report.error(
            "wwdr",
            f"Apple's intermediate in the pass ended on "
            f"{intermediate.not_valid_after_utc:%Y-%m-%d}; passes need G4.",
            NAME,
        )
    else:
        report.warning(
            "wwdr",
            f"“{name}” is not the intermediate G4 known here; whether it is Apple's "
            "could not be checked.",
            NAME,
        )
