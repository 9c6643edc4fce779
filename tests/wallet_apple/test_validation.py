"""The judge: faults are found, named, and nothing breaks it."""

import io
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.makers import NOON
from tests.wallet_apple.cards import IDENTITY, make_content, png
from tests.wallet_apple.conftest import Office
from wallet_apple import archive, certificates, cms, errors, strings, validation
from wallet_apple.archive import Place
from wallet_apple.authority import Authority
from wallet_apple.bundle import PassFactory
from wallet_apple.signing import Signer
from wallet_apple.validation import Severity

Files = dict[str, bytes]
Document = dict[str, Any]


class Bench:
    """Takes a good pass, breaks it as a test says, signs it again, and judges it."""

    def __init__(self, files: Files, signer: Signer, office: Office) -> None:
        self.files = files
        self.signer = signer
        self.office = office

    def packed(self, files: Files) -> bytes:
        block = archive.block(files)
        manifest = f"{{{block.manifest[:-1]}}}".encode()
        signature = self.signer.sign(manifest, NOON)
        own = [
            archive.unlisted(Place("manifest.json"), manifest),
            archive.unlisted(Place("signature"), signature),
        ]
        return archive.file(block, own)

    def judged(self, data: bytes, at: datetime = NOON) -> set[str]:
        roots = [self.office.authority.root]
        found = validation.validate(data, roots=roots, at=at)
        return {one.code for one in found if one.severity is not Severity.NOTE}

    def with_document(self, change: Callable[[Document], object]) -> set[str]:
        document = orjson.loads(self.files["pass.json"])
        change(document)
        files = self.files | {"pass.json": orjson.dumps(document)}
        return self.judged(self.packed(files))

    def with_files(self, **files: bytes) -> set[str]:
        return self.judged(self.packed(self.files | files))


@pytest.fixture(scope="module")
def bench(signer: Signer, office: Office) -> Bench:
    factory = PassFactory(signer, lambda _name: b"")
    return Bench(factory.files(make_content(), IDENTITY), signer, office)


def test_a_good_pass_has_no_fault(bench: Bench) -> None:
    assert bench.judged(bench.packed(bench.files)) == set()


def numbered(faults: Sequence[tuple[Any, ...]]) -> list[str]:
    """What a fault is called in the list of tests."""
    return [f"{number}-{fault[0]}" for number, fault in enumerate(faults)]


def points(document: Document) -> Document:
    field: Document = document["storeCard"]["headerFields"][0]
    return field


DOCUMENT_FAULTS: list[tuple[str, Callable[[Document], object]]] = [
    ("required", lambda d: d.pop("description")),
    ("type", lambda d: d.update(serialNumber=7)),
    ("type", lambda d: d.update(voided="yes")),
    ("empty", lambda d: d.update(organizationName="")),
    ("format", lambda d: d.update(formatVersion=2)),
    ("style", lambda d: d.update(coupon={})),
    ("identity", lambda d: d.update(passTypeIdentifier="pass.other")),
    ("identity", lambda d: d.update(teamIdentifier="OTHER")),
    ("serial", lambda d: d.update(serialNumber="a/b")),
    ("service", lambda d: d.pop("authenticationToken")),
    ("token", lambda d: d.update(authenticationToken="short")),
    ("service_plain", lambda d: d.update(webServiceURL="http://a.example")),
    ("service_version", lambda d: d.update(webServiceURL="https://a.example/v1")),
    ("service_version", lambda d: d.update(webServiceURL="https://a.example/v1/")),
    ("service_slash", lambda d: d.update(webServiceURL="https://a.example/")),
    ("service_address", lambda d: d.update(webServiceURL="ftp://a.example")),
    ("service_address", lambda d: d.update(webServiceURL="https://[")),
    ("colour", lambda d: d.update(backgroundColor="rgb(0, 0, 256)")),
    ("colour", lambda d: d.update(labelColor="#ffffff")),
    ("colour", lambda d: d.update(labelColor=["red"])),
    ("barcode", lambda d: d.update(barcodes={})),
    ("barcode", lambda d: d.update(barcodes=[1])),
    ("barcode_format", lambda d: d["barcodes"][0].update(format="QR")),
    ("barcode_format", lambda d: d["barcodes"][0].update(format=[])),
    ("barcode_message", lambda d: d["barcodes"][0].pop("message")),
    ("barcode_encoding", lambda d: d["barcodes"][0].pop("messageEncoding")),
    ("barcode_encoding", lambda d: d["barcodes"][0].update(message="日本")),
    ("barcode_ascii", lambda d: d["barcodes"][0].update(message="é")),
    ("places", lambda d: d.update(locations=[{}])),
    ("places", lambda d: d["locations"][0].update(latitude=91)),
    ("places", lambda d: d["locations"][0].update(latitude="48")),
    ("places", lambda d: d.update(locations=d["locations"] * 11)),
    ("date", lambda d: d.update(expirationDate="2027-01-01")),
    ("date", lambda d: d.update(expirationDate="2027-01-01T10:00")),
    ("key_twice", lambda d: points(d).update(key="tier")),
    ("field_key", lambda d: points(d).pop("key")),
    ("value", lambda d: points(d).pop("value")),
    ("value_number", lambda d: points(d).update(value="many")),
    ("value_date", lambda d: points(d).update(dateStyle="PKDateStyleShort")),
    ("choice", lambda d: points(d).update(numberStyle="Decimal")),
    ("choice", lambda d: points(d).update(textAlignment=["x"])),
    ("message", lambda d: points(d).update(changeMessage="Changed")),
    ("too_many", lambda d: d["storeCard"].update(headerFields=[points(d)] * 4)),
    ("contact", lambda d: d["storeCard"].pop("backFields")),
    ("field", lambda d: d["storeCard"].update(headerFields=[3])),
    ("fields", lambda d: d["storeCard"].update(headerFields=3)),
]


@pytest.mark.parametrize(
    ("code", "change"), DOCUMENT_FAULTS, ids=numbered(DOCUMENT_FAULTS)
)
def test_a_fault_of_the_document_is_named(
    bench: Bench, code: str, change: Callable[[Document], object]
) -> None:
    assert code in bench.with_document(change)


def test_a_message_is_judged_in_every_language(bench: Bench) -> None:
    name = "fr.lproj/pass.strings"
    text = bench.files[name].decode("utf-16").replace("%@", "")

    assert bench.with_files(**{name: text.encode("utf-16")}) == {"message"}


FILE_FAULTS: list[tuple[str, str, bytes]] = [
    ("json", "pass.json", b"{"),
    ("json", "pass.json", b"[]"),
    ("json", "pass.json", b"[" * 100_000),
    ("picture", "icon.png", b"no picture"),
    ("picture_size", "icon.png", png((20, 20))),
    ("picture_size", "icon.png", png((40, 38))),
    ("picture_size", "logo@2x.png", png((321, 100))),
    ("picture_style", "thumbnail.png", png()),
    ("picture_hidden", "fr.lproj/icon.png", png()),
    ("strings", "fr.lproj/pass.strings", b'"a" = "b"'),
    ("strings_keys", "fr.lproj/pass.strings", b'"a" = "b";'),
    ("strings_place", "pass.strings", b'"a" = "b";'),
    ("rubbish", ".DS_Store", b""),
    ("path", "../evil", b""),
    ("large", "video.bin", bytes(600_000)),
]


@pytest.mark.parametrize(
    ("code", "name", "data"), FILE_FAULTS, ids=numbered(FILE_FAULTS)
)
def test_a_fault_of_a_file_is_named(
    bench: Bench, code: str, name: str, data: bytes
) -> None:
    assert code in bench.with_files(**{name: data})


def zipped(files: Files) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in files.items():
            made.writestr(name, data)
    return file.getvalue()


def signed(bench: Bench) -> Files:
    with zipfile.ZipFile(io.BytesIO(bench.packed(bench.files))) as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def test_a_changed_file_is_named(bench: Bench) -> None:
    files = signed(bench) | {"icon.png": png((38, 38))}

    assert bench.judged(zipped(files)) == {"digest"}


def test_a_file_that_the_manifest_does_not_list_is_named(bench: Bench) -> None:
    assert bench.judged(zipped(signed(bench) | {"extra.txt": b""})) == {"unlisted"}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("absent", "logo.png"),
        ("icon", "icon.png"),
        ("manifest_missing", "manifest.json"),
        ("signature_missing", "signature"),
        ("document_missing", "pass.json"),
    ],
)
def test_a_missing_file_is_named(bench: Bench, code: str, name: str) -> None:
    files = signed(bench)
    del files[name]

    assert code in bench.judged(zipped(files))


def test_a_changed_manifest_is_not_the_signed_one(bench: Bench) -> None:
    files = signed(bench)
    files["manifest.json"] += b" "

    assert bench.judged(zipped(files)) == {"signature_content"}


def test_a_folder_around_the_pass_is_named(bench: Bench) -> None:
    files = {f"card.pass/{name}": data for name, data in signed(bench).items()}

    assert "wrapped" in bench.judged(zipped(files))


def test_a_flipped_bit_of_the_signature_is_found(bench: Bench) -> None:
    files = signed(bench)
    files["signature"] = files["signature"][:-1] + bytes((files["signature"][-1] ^ 1,))

    assert bench.judged(zipped(files)) == {"signature_invalid"}


def test_a_bomb_is_not_unpacked() -> None:
    data = zipped({"pass.json": bytes(70 * 1024 * 1024)})

    found = validation.validate(data, at=NOON)

    assert [one.code for one in found] == ["bomb"]


@pytest.mark.parametrize("data", [b"", b"PK\5\6", b"hello" * 100])
def test_what_is_no_archive_is_told(data: bytes) -> None:
    assert [one.code for one in validation.validate(data, at=NOON)] == ["zip"]


def resigned(bench: Bench, credentials: certificates.Credentials) -> bytes:
    """The same pass, signed with other credentials."""
    other = Bench(bench.files, Signer(credentials), bench.office)
    return other.packed(bench.files)


def test_an_authority_that_is_not_apple_is_named(bench: Bench) -> None:
    found = validation.validate(bench.packed(bench.files), at=NOON)

    assert [one.code for one in found] == ["untrusted"]


def test_a_signature_without_its_intermediate_is_named(
    bench: Bench, office: Office, credentials: certificates.Credentials
) -> None:
    other = Authority(at=NOON)
    wrong = certificates.Credentials(
        credentials.certificate, office.key, other.intermediate, credentials.facts
    )

    assert bench.judged(resigned(bench, wrong)) == {"intermediate"}


def test_an_ended_certificate_is_a_warning(bench: Bench) -> None:
    late = bench.signer.facts.not_after + timedelta(days=1)

    assert bench.judged(bench.packed(bench.files), late) == {"certificate_ended"}


def test_a_signing_time_outside_the_certificate_is_named(
    bench: Bench, office: Office
) -> None:
    leaf = office.certify(begin=NOON - timedelta(days=9), end=NOON - timedelta(days=8))
    stated = certificates.explain(leaf)
    # The signer refuses such a time; somebody else's may not.
    lying = certificates.Facts(
        stated.pass_type_identifier,
        stated.team_identifier,
        stated.organisation,
        stated.nfc,
        stated.serial_number,
        NOON - timedelta(days=9),
        NOON + timedelta(days=9),
    )
    made = certificates.Credentials(
        leaf, office.key, office.authority.intermediate, lying
    )

    assert bench.judged(resigned(bench, made)) == {"signing_time", "certificate_ended"}


def test_a_push_certificate_signs_no_pass(
    bench: Bench, office: Office, credentials: certificates.Credentials
) -> None:
    name = "Apple Push Services: com.example.app"
    begin = NOON - timedelta(days=2)
    leaf = office.authority.certificate(office.key.public_key(), name, begin=begin)
    made = certificates.Credentials(
        leaf, office.key, office.authority.intermediate, credentials.facts
    )

    assert bench.judged(resigned(bench, made)) == {"wrong_certificate"}


def pkcs7_signed(
    office: Office, credentials: certificates.Credentials, *options: Any
) -> cms.Signature:
    """A signature as cryptography's own builder makes it."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(b"manifest")
    builder = builder.add_signer(
        credentials.certificate, office.key, hashes.SHA384()
    ).add_certificate(office.authority.intermediate)
    return cms.read(builder.sign(serialization.Encoding.DER, list(options)))


def test_a_signature_of_another_maker_is_read(
    office: Office, credentials: certificates.Credentials
) -> None:
    read = pkcs7_signed(office, credentials, *DETACHED)

    assert read.detached
    assert read.covers(b"manifest")
    assert read.is_signers(b"manifest")
    assert not read.covers(b"another")


def test_a_signature_that_contains_its_content_is_told(
    office: Office, credentials: certificates.Credentials
) -> None:
    assert not pkcs7_signed(office, credentials, pkcs7.PKCS7Options.Binary).detached


def test_a_signature_without_attributes_is_over_the_content(
    office: Office, credentials: certificates.Credentials
) -> None:
    read = pkcs7_signed(office, credentials, *DETACHED, pkcs7.PKCS7Options.NoAttributes)

    assert read.signing_time() is None
    assert read.is_signers(b"manifest")
    assert not read.is_signers(b"another")


DETACHED = (pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary)

json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["storeCard", "barcodes", "barcode", "locations", "webServiceURL", "voided"]
)


@given(KEYS, json)
def test_no_document_breaks_the_judge(bench: Bench, key: str, value: Any) -> None:
    bench.with_document(lambda document: document.update({key: value}))


@given(st.sampled_from(["key", "value", "changeMessage", "numberStyle", "label"]), json)
def test_no_field_breaks_the_judge(bench: Bench, key: str, value: Any) -> None:
    bench.with_document(lambda document: points(document).update({key: value}))


@given(st.data())
def test_no_damage_breaks_the_judge(bench: Bench, data: st.DataObject) -> None:
    whole = bytearray(bench.packed(bench.files))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(
            st.integers(0, 255)
        )

    bench.judged(bytes(whole))


@settings(max_examples=400)
@given(st.data())
def test_no_damage_breaks_the_reader_of_signatures(
    bench: Bench, data: st.DataObject
) -> None:
    signature = bytearray(bench.signer.sign(b"{}", NOON))
    at = data.draw(st.integers(0, len(signature) - 1))
    signature[at] = data.draw(st.integers(0, 255))

    try:
        read = cms.read(bytes(signature))
    except errors.MalformedError:
        return
    read.signing_time()
    read.is_signers(b"{}")
    files = bench.files | {"signature": bytes(signature), "manifest.json": b"{}"}
    bench.judged(zipped(files))


def test_texts_in_utf_8_with_comments_are_read() -> None:
    data = b'/* a */ "key" = "a \\"b\\"\\n\\U00e9"; // b\nbare = "c";'

    assert strings.read(data) == {"key": 'a "b"\né', "bare": "c"}
