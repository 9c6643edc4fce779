"""The stand-in's callbacks look as Google's do."""

import json
from datetime import timedelta
from typing import Any

from tests.makers import NOON
from wallet_google.standin.signing import KEY_LASTS, CallbackSigner

OBJECT, CLASS = "3388000000012345678.c-1", "3388000000012345678.p-1"


def body(signer: CallbackSigner, **changes: Any) -> Any:
    usual = {"object_id": OBJECT, "class_id": CLASS, "at": NOON}
    return json.loads(signer.callback("save", **{**usual, **changes}))


def test_the_envelope_carries_strings_of_json() -> None:
    said = body(CallbackSigner(at=NOON), nonce="n-1")
    assert list(said) == [
        "signature",
        "intermediateSigningKey",
        "protocolVersion",
        "signedMessage",
    ]
    assert json.loads(said["signedMessage"]) == {
        "classId": CLASS,
        "objectId": OBJECT,
        "eventType": "save",
        "expTimeMillis": 1_795_525_200_000,
        "count": 1,
        "nonce": "n-1",
    }
    key = json.loads(said["intermediateSigningKey"]["signedKey"])
    assert key["keyExpiration"] == "1796212800000"


def test_base64_in_a_signed_string_is_escaped_as_google_does() -> None:
    signed_key = body(CallbackSigner(at=NOON))["intermediateSigningKey"]["signedKey"]
    assert "=" not in signed_key
    assert json.loads(signed_key)["keyValue"].endswith("==")


def test_each_thing_that_happens_has_a_nonce_of_its_own() -> None:
    signer = CallbackSigner(at=NOON)
    nonces = {json.loads(body(signer)["signedMessage"])["nonce"] for _ in range(5)}
    assert len(nonces) == 5


def test_an_intermediate_key_is_used_again_and_renewed_long_before_its_end() -> None:
    signer = CallbackSigner(at=NOON)

    def key(days: float) -> str:
        at = NOON + timedelta(days=days)
        said = body(signer, at=at)["intermediateSigningKey"]["signedKey"]
        return str(said)

    first = key(0)
    assert key(0.5) == first
    assert key(KEY_LASTS.days - 5) != first


def test_the_root_keys_are_of_several_protocols() -> None:
    said = json.loads(CallbackSigner(at=NOON).root_keys_document())
    assert [key["protocolVersion"] for key in said["keys"]] == [
        "ECv1",
        "ECv2SigningOnly",
    ]
    assert all(key["keyExpiration"].isdecimal() for key in said["keys"])
