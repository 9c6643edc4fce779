"""Callbacks are believed when Google signed them for us and now; else never."""

import base64
import json
import struct
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.makers import NOON
from wallet_google import ecv2, wire
from wallet_google.ecv2 import Event, Fault, PublicKey
from wallet_google.errors import CallbackError
from wallet_google.standin.signing import KEY_LASTS, MESSAGE_LASTS, CallbackSigner

ISSUER = "3388000000012345678"
OTHER_ISSUER = "3388000000087654321"
CLASS = f"{ISSUER}.p-cafe"
OBJECT = f"{ISSUER}.c-7Q2"
EVER = 4_000_000_000_000
SECOND = timedelta(seconds=1)

SIGNER = CallbackSigner(at=NOON)


def roots_of(signer: CallbackSigner) -> list[PublicKey]:
    said: Any = json.loads(signer.root_keys_document())
    return [
        wire.public_key(key["keyValue"])
        for key in said["keys"]
        if key["protocolVersion"] == ecv2.PROTOCOL
    ]


ROOTS = roots_of(SIGNER)


def callback(kind: str = "save", **changes: Any) -> bytes:
    usual = {"object_id": OBJECT, "class_id": CLASS, "at": NOON, "nonce": "n-1"}
    return SIGNER.callback(kind, **{**usual, **changes})


def message(text: str, issuer_id: str = ISSUER) -> bytes:
    return SIGNER.envelope(text, issuer_id, NOON)


def believe(
    body: bytes, *issuers: str, at: datetime = NOON, roots: Any = ROOTS
) -> Event:
    return ecv2.verify(ecv2.read(body), roots, issuers or (ISSUER,), at)


def fault(body: bytes, *issuers: str, **more: Any) -> str:
    with pytest.raises(CallbackError) as refused:
        believe(body, *issuers, **more)
    return refused.value.fault


class TestBelieved:
    @pytest.mark.parametrize("kind", ["save", "del"])
    def test_what_google_signed_for_us(self, kind: str) -> None:
        ends = NOON + MESSAGE_LASTS
        assert believe(callback(kind)) == Event(
            ISSUER, kind, CLASS, OBJECT, "n-1", ends
        )

    def test_the_issuer_is_the_one_that_it_was_signed_for(self) -> None:
        assert believe(callback(), OTHER_ISSUER, ISSUER).issuer_id == ISSUER

    def test_any_root_key_in_force_may_have_signed(self) -> None:
        others = [root for _ in range(3) for root in roots_of(CallbackSigner(at=NOON))]
        assert believe(callback(), roots=[*others, *ROOTS]).kind == "save"

    def test_any_of_several_signatures_is_enough(self) -> None:
        said = json.loads(callback())
        signatures = said["intermediateSigningKey"]["signatures"]
        foreign = json.loads(CallbackSigner(at=NOON).envelope("{}", ISSUER, NOON))
        signatures[:0] = foreign["intermediateSigningKey"]["signatures"]
        assert believe(json.dumps(said).encode()).kind == "save"

    def test_a_word_that_google_comes_up_with(self) -> None:
        text = json.dumps(
            {
                "classId": CLASS,
                "objectIds": [OBJECT],
                "eventType": "activate",
                "expTimeMillis": EVER,
                "count": 1,
                "nonce": "n-1",
                "deviceContext": "d-1",
            }
        )
        event = believe(message(text))
        assert (event.kind, event.object_id) == ("activate", None)

    def test_what_is_of_a_strange_type_counts_as_not_said(self) -> None:
        text = json.dumps(
            {"eventType": ["save"], "objectId": 5, "nonce": {}, "expTimeMillis": EVER}
        )
        event = believe(message(text))
        assert (event.kind, event.class_id, event.object_id, event.nonce) == (None,) * 4

    def test_a_time_in_digits_counts_like_a_number(self) -> None:
        assert (
            believe(message(f'{{"expTimeMillis": "{EVER}"}}')).expires_at.year == 2096
        )

    @given(st.text(max_size=30))
    def test_any_text_byte_for_byte(self, text: str) -> None:
        # Lengths count bytes: characters of two, three and four are no exception.
        said = json.dumps(
            {"objectId": text, "expTimeMillis": EVER}, ensure_ascii=False, indent=3
        )
        assert believe(message(said)).object_id == text

    def test_a_message_signed_by_hand(self) -> None:
        root, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        point = key.public_key().public_numbers()
        # The fixed beginning of a P-256 key's DER form, then its point.
        der = (
            bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
            + b"\x04"
            + point.x.to_bytes(32, "big")
            + point.y.to_bytes(32, "big")
        )
        value = base64.b64encode(der).decode()
        signed_key = f'{{"keyValue":"{value}","keyExpiration":"{EVER}"}}'
        said = f'{{"eventType":"save","objectId":"é","expTimeMillis":{EVER}}}'
        by_root = (
            b"\x0f\0\0\0GooglePayPasses\x0f\0\0\0ECv2SigningOnly"
            + struct.pack("<I", len(signed_key))
            + signed_key.encode()
        )
        by_key = (
            b"\x0f\0\0\0GooglePayPasses\x13\0\0\0"
            + ISSUER.encode()
            + b"\x0f\0\0\0ECv2SigningOnly"
            + struct.pack("<I", len(said) + 1)
            + said.encode()
        )

        def signed(by: ec.EllipticCurvePrivateKey, what: bytes) -> str:
            return base64.b64encode(by.sign(what, ec.ECDSA(hashes.SHA256()))).decode()

        body = {
            "protocolVersion": "ECv2SigningOnly",
            "intermediateSigningKey": {
                "signedKey": signed_key,
                "signatures": [signed(root, by_root)],
            },
            "signedMessage": said,
            "signature": signed(key, by_key),
        }
        event = believe(json.dumps(body).encode(), roots=[root.public_key()])
        assert event.object_id == "é"


class TestTime:
    def test_a_message_counts_until_its_end(self) -> None:
        end = NOON + MESSAGE_LASTS
        assert believe(callback(), at=end - SECOND).kind == "save"
        assert fault(callback(), at=end) == Fault.EXPIRED

    def test_an_intermediate_key_counts_until_its_end(self) -> None:
        # A captured message that never ends would be replayed for ever.
        signer = CallbackSigner(at=NOON)
        body = signer.envelope(f'{{"expTimeMillis": {EVER}}}', ISSUER, NOON)
        end, roots = NOON + KEY_LASTS, roots_of(signer)
        assert believe(body, at=end - SECOND, roots=roots).kind is None
        assert fault(body, at=end, roots=roots) == Fault.KEY_EXPIRED

    @pytest.mark.parametrize(
        "text",
        [
            "{}",
            '{"expTimeMillis": null}',
            '{"expTimeMillis": true}',
            '{"expTimeMillis": 1e30}',
            '{"expTimeMillis": 4000000000000.0}',
            '{"expTimeMillis": Infinity}',
            pytest.param(f'{{"expTimeMillis": {"9" * 4_000}}}', id="long"),
            pytest.param(f'{{"expTimeMillis": {"9" * 6_000}}}', id="too long"),
            f'{{"expTimeMillis": 1, "expTimeMillis": {EVER}}}',
            f"[{EVER}]",
            "save",
            "",
            pytest.param("[" * 3_000, id="nested"),
        ],
    )
    def test_a_message_without_a_time_is_not_believed(self, text: str) -> None:
        assert fault(message(text)) == Fault.MALFORMED


class TestForged:
    def test_keys_of_somebody_else(self) -> None:
        assert fault(callback(), roots=roots_of(CallbackSigner(at=NOON))) == (
            Fault.UNKNOWN_ROOT
        )

    def test_no_root_keys_believe_nothing(self) -> None:
        assert fault(callback(), roots=[]) == Fault.UNKNOWN_ROOT

    def test_no_issuers_believe_nothing(self) -> None:
        envelope = ecv2.read(callback())
        with pytest.raises(CallbackError) as refused:
            ecv2.verify(envelope, ROOTS, (), NOON)
        assert refused.value.fault == Fault.SIGNATURE

    def test_a_genuine_message_to_another_issuer(self) -> None:
        # It names our class and card all the same.
        text = json.dumps(
            {
                "classId": CLASS,
                "objectId": OBJECT,
                "eventType": "del",
                "expTimeMillis": EVER,
                "nonce": "n-1",
            }
        )
        assert fault(message(text, OTHER_ISSUER)) == Fault.SIGNATURE

    def test_the_message_of_another_callback(self) -> None:
        said, other = json.loads(callback("save")), json.loads(callback("del"))
        said["signedMessage"] = other["signedMessage"]
        assert fault(json.dumps(said).encode()) == Fault.SIGNATURE

    def test_an_intermediate_key_of_somebody_else(self) -> None:
        said = json.loads(callback())
        other = json.loads(CallbackSigner(at=NOON).envelope("{}", ISSUER, NOON))
        for name in ("signedKey", "signatures"):
            mixed = json.loads(json.dumps(said))
            mixed["intermediateSigningKey"][name] = other["intermediateSigningKey"][
                name
            ]
            assert fault(json.dumps(mixed).encode()) == Fault.UNKNOWN_ROOT

    def test_the_root_key_s_signature_is_none_of_a_message(self) -> None:
        said = json.loads(callback())
        said["signature"] = said["intermediateSigningKey"]["signatures"][0]
        assert fault(json.dumps(said).encode()) == Fault.SIGNATURE

    @settings(max_examples=400, suppress_health_check=[HealthCheck.filter_too_much])
    @given(st.data())
    def test_a_changed_byte_anywhere(self, data: st.DataObject) -> None:
        body = bytearray(CAPTURED)
        position = data.draw(st.integers(0, len(body) - 1))
        body[position] ^= data.draw(st.integers(1, 255))
        # Between the parts of JSON there is room for blanks that say nothing.
        assume(not says_the_same(bytes(body)))
        assert fault(bytes(body)) in set(Fault)

    @settings(max_examples=200, suppress_health_check=[HealthCheck.filter_too_much])
    @given(st.data())
    def test_a_removed_or_added_byte_anywhere(self, data: st.DataObject) -> None:
        position = data.draw(st.integers(0, len(CAPTURED) - 1))
        added = data.draw(st.binary(max_size=2))
        skipped = data.draw(st.integers(0, 2))
        body = CAPTURED[:position] + added + CAPTURED[position + skipped :]
        assume(not says_the_same(body))
        assert fault(body) in set(Fault)


CAPTURED = callback()


def says_the_same(body: bytes) -> bool:
    try:
        return bool(json.loads(body.decode()) == json.loads(CAPTURED))
    except (ValueError, RecursionError):
        return False


WRONG: list[Any] = [None, True, 0, -1, 1.5, "", "é", [], {}, [[]], {"a": 1}, "x" * 99]
Place = tuple[Any, ...]
PLACES: list[Place] = [
    ("signature",),
    ("protocolVersion",),
    ("signedMessage",),
    ("intermediateSigningKey",),
    ("intermediateSigningKey", "signedKey"),
    ("intermediateSigningKey", "signatures"),
    ("intermediateSigningKey", "signatures", 0),
]


def spoiled(place: Place, spoil: Callable[[Any, Any], None]) -> bytes:
    said = json.loads(CAPTURED)
    spoil(reduce(lambda part, name: part[name], place[:-1], said), place[-1])
    return json.dumps(said).encode()


class TestShapes:
    @pytest.mark.parametrize("place", PLACES, ids=repr)
    def test_a_missing_part(self, place: Place) -> None:
        body = spoiled(place, lambda part, name: part.pop(name))
        assert fault(body) in set(Fault)

    @pytest.mark.parametrize("place", PLACES, ids=repr)
    @pytest.mark.parametrize("value", WRONG, ids=repr)
    def test_a_part_of_another_kind(self, place: Place, value: Any) -> None:
        body = spoiled(place, lambda part, name: part.__setitem__(name, value))
        assert fault(body) in set(Fault)

    @pytest.mark.parametrize(
        "protocol",
        ["ECv1", "ECv2", "ecv2signingonly", "ECv2SigningOnly ", None, 2],
    )
    def test_another_protocol(self, protocol: Any) -> None:
        said = json.loads(CAPTURED) | {"protocolVersion": protocol}
        assert fault(json.dumps(said).encode()) == Fault.PROTOCOL

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b"[]",
            b"null",
            b"\xff\xfe",
            pytest.param(b"[" * 200_000, id="nested lists"),
            pytest.param(b'{"a":' * 50_000, id="nested objects"),
            pytest.param(b"x" * 100_000, id="long"),
            pytest.param(CAPTURED.decode().encode("utf-16"), id="UTF-16"),
            pytest.param(CAPTURED + CAPTURED, id="two"),
            pytest.param(CAPTURED[:-1] + b',"signature":"AA=="}', id="a name twice"),
            pytest.param(CAPTURED[:-1] + b',"a":NaN}', id="NaN"),
            pytest.param(CAPTURED.replace(b"signedM", b"SignedM"), id="another name"),
        ],
    )
    def test_a_body_that_is_none(self, body: bytes) -> None:
        assert fault(body) in {Fault.MALFORMED, Fault.PROTOCOL}

    def test_more_signatures_than_google_gives_are_not_tried(self) -> None:
        body = spoiled(
            ("intermediateSigningKey", "signatures"),
            lambda part, name: part.__setitem__(name, part[name] * 9),
        )
        assert fault(body) == Fault.MALFORMED

    def test_half_a_character_in_a_signed_string(self) -> None:
        said = json.loads(CAPTURED) | {"signedMessage": "\ud800"}
        assert fault(json.dumps(said).encode()) == Fault.MALFORMED

    @pytest.mark.parametrize(
        "signed_key",
        [
            "{}",
            "[]",
            "",
            '{"keyValue": 1, "keyExpiration": "4000000000000"}',
            '{"keyValue": "AAAA", "keyExpiration": "4000000000000"}',
            '{"keyValue": "AAAA", "keyExpiration": "soon"}',
        ],
    )
    def test_a_signed_key_that_is_none(self, signed_key: str) -> None:
        root = ec.generate_private_key(ec.SECP256R1())
        parts = (ecv2.SENDER, ecv2.PROTOCOL, signed_key)
        whole = b"".join(struct.pack("<I", len(p)) + p.encode() for p in parts)
        signature = root.sign(whole, ec.ECDSA(hashes.SHA256()))
        said = json.loads(CAPTURED)
        said["intermediateSigningKey"] = {
            "signedKey": signed_key,
            "signatures": [base64.b64encode(signature).decode()],
        }
        body = json.dumps(said).encode()
        assert fault(body, roots=[root.public_key()]) == Fault.MALFORMED

    def test_a_refusal_repeats_nothing_of_what_was_said(self) -> None:
        said = json.loads(CAPTURED) | {"protocolVersion": "Anna Bell"}
        with pytest.raises(CallbackError) as refused:
            believe(json.dumps(said).encode())
        assert "Anna" not in str(refused.value)
        assert refused.value.__cause__ is None
