"""Judging any .pkpass, ours or not, in plain words.

The rules are Apple's documents' (https://developer.apple.com/documentation/walletpasses)
and, where they are silent, what phones are known to do.
"""

from collections.abc import Sequence
from datetime import datetime

from cryptography import x509

from wallet_apple.validation import (
    container,
    document,
    fields,
    manifest,
    pictures,
    signature,
    texts,
)
from wallet_apple.validation.findings import Finding as Finding
from wallet_apple.validation.findings import Report
from wallet_apple.validation.findings import Severity as Severity


def validate(
    data: bytes, *, roots: Sequence[x509.Certificate] = (), at: datetime
) -> tuple[Finding, ...]:
    """What is wrong with the pass *data*, worst first; empty for a faultless one.

    *roots* are authorities to trust beside Apple's, such as the development one.
    Nothing in *data* is trusted: sizes are checked before anything is unpacked.
    """
    report = Report()
    files = container.opened(data, report)
    if files is not None:
        manifest.check(files, report)
        shown = document.check(files, report)
        signature.check(files, shown, roots, at, report)
        fields.check(shown, report)
        pictures.check(files, shown, report)
        texts.check(files, shown, report)
    return report.sorted()
