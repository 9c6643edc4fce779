"""A pass as a phone keeps it: opened, checked, readable, and comparable to its next.

https://developer.apple.com/documentation/walletpasses/passfieldcontent
"""

import io
import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from babel import numbers
from cryptography import x509

from wallet_apple import strings, validation
from wallet_apple.errors import AppleWalletError
from wallet_apple.validation import Finding, Severity

_GROUPS = (
    "headerFields",
    "primaryFields",
    "secondaryFields",
    "auxiliaryFields",
    "backFields",
)
_STYLES = ("storeCard", "coupon", "generic", "eventTicket", "boardingPass")
_SEVERAL = {"fr": "Votre carte a été mise à jour.", "en": "Your pass was updated."}


class PassRefusedError(AppleWalletError):
    """Wallet would not add the pass; *findings* say why."""

    code = "apple_pass_refused"

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__("; ".join(finding.text for finding in findings))
        self.findings = tuple(findings)


@dataclass(frozen=True, slots=True)
class PhonePass:
    """An installed pass. *strings* has the texts by language and key.

    *files* are all its files; *last_modified* is what the server said with it.
    """

    document: Mapping[str, Any]
    strings: Mapping[str, Mapping[str, str]]
    files: Mapping[str, bytes]
    received_at: datetime
    last_modified: str | None = None

    @property
    def serial_number(self) -> str:
        """What names the pass among those of its type."""
        return str(self.document["serialNumber"])

    @property
    def pass_type(self) -> str:
        """The pass type identifier."""
        return str(self.document["passTypeIdentifier"])

    @property
    def token(self) -> str | None:
        """The secret for the web service; None when the pass is never updated."""
        return self.document.get("authenticationToken")

    @property
    def service(self) -> str | None:
        """The web service's address, without ``/v1``."""
        return self.document.get("webServiceURL")

    @property
    def images(self) -> dict[str, bytes]:
        """The pictures by name."""
        return {name: data for name, data in self.files.items() if _is_picture(name)}

    @property
    def content(self) -> dict[str, bytes]:
        """Everything that is shown: the files but for the signature over them."""
        return {name: data for name, data in self.files.items() if name != "signature"}

    def text(self, value: str, language: str) -> str:
        """Return *value* as it reads in *language*."""
        return self.strings.get(language, {}).get(value, value)

    def fields(self) -> Iterator[Mapping[str, Any]]:
        """Yield every field, front and back."""
        for style in _STYLES:
            for group in _GROUPS:
                yield from self.document.get(style, {}).get(group, [])

    def shown(self, language: str) -> dict[str, str]:
        """Return what each field shows, by its key."""
        return {field["key"]: self._shown(field, language) for field in self.fields()}

    def _shown(self, field: Mapping[str, Any], language: str) -> str:
        value = field["value"]
        if isinstance(value, str):
            return self.text(value, language)
        if "currencyCode" in field:
            return numbers.format_currency(
                value, field["currencyCode"], locale=language
            )
        return numbers.format_decimal(value, locale=language)


def opened(
    data: bytes,
    roots: Sequence[x509.Certificate],
    at: datetime,
    last_modified: str | None = None,
) -> PhonePass:
    """Return the pass in *data*, checked as Wallet would check it.

    Raises:
        PassRefusedError: the signature, the manifest or a required part is wrong.
    """
    findings = validation.validate(data, roots=roots, at=at)
    wrong = [one for one in findings if one.severity is Severity.ERROR]
    if wrong:
        raise PassRefusedError(wrong)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    texts = {
        name.partition(".lproj/")[0]: strings.read(held)
        for name, held in files.items()
        if name.endswith(".lproj/pass.strings")
    }
    return PhonePass(json.loads(files["pass.json"]), texts, files, at, last_modified)


def announced(old: PhonePass, new: PhonePass, language: str) -> str | None:
    """Return what a phone tells its owner of the change, or None.

    Only a field that was there before and now shows something else is told of, by
    its change message; several of them become one text that names none.
    """
    before, after = old.shown(language), new.shown(language)
    told = [
        new.text(field["changeMessage"], language).replace("%@", after[field["key"]])
        for field in new.fields()
        if field.get("changeMessage")
        and before.get(field["key"], after[field["key"]]) != after[field["key"]]
    ]
    if len(told) > 1:
        return _SEVERAL.get(language, _SEVERAL["en"])
    return told[0] if told else None


def _is_picture(name: str) -> bool:
    return name.endswith(".png") and "/" not in name
