"""Strangers' values: taken as they are meant, or refused in the one way."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from wallet_google import wire


def der(key: Any) -> str:
    return base64.b64encode(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


KEY = ec.generate_private_key(ec.SECP256R1()).public_key()


class TestMapping:
    def test_an_object_is_read(self) -> None:
        assert wire.mapping('{"a": [1, "é"]}'.encode()) == {"a": [1, "é"]}

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'"text"',
            b"{} {}",
            b'{"a": 1, "a": 1}',
            b'{"b": {"a": 1, "a": 2}}',
            b'{"a": NaN}',
            b'{"a": -Infinity}',
            pytest.param(b'{"a": 1' + b"0" * 5_000 + b"}", id="a huge number"),
            b"\xff{}",
            "\ufeff{}".encode(),
            '{"a": 1}'.encode("utf-16"),
            pytest.param(b"[" * 100_000, id="nested lists"),
            pytest.param(b'{"a":' * 100_000, id="nested objects"),
        ],
    )
    def test_anything_else_is_refused(self, data: bytes) -> None:
        with pytest.raises(ValueError, match=r"."):
            wire.mapping(data)

    @given(st.binary(max_size=200))
    def test_bytes_are_an_object_or_refused(self, data: bytes) -> None:
        try:
            found = wire.mapping(data)
        except ValueError:
            return
        assert found == json.loads(data)


class TestText:
    def test_a_string_is_its_utf_8(self) -> None:
        assert wire.text("é\u0000") == b"\xc3\xa9\x00"

    @pytest.mark.parametrize("value", [None, 1, True, b"a", ["a"], {"a": 1}, "\ud800"])
    def test_anything_else_is_refused(self, value: object) -> None:
        with pytest.raises(ValueError, match=r"."):
            wire.text(value)


class TestDecoded:
    @given(st.binary(max_size=100))
    def test_base64_is_read(self, data: bytes) -> None:
        assert wire.decoded(base64.b64encode(data).decode()) == data

    @pytest.mark.parametrize(
        # "YQ==" is the one way to write it, with zeros as its last bits.
        "value",
        ["YR==", "YQ", "YQ=", "YQ==\n", "Y Q==", "YQ==YQ==", "-_8=", "é", "a", None, 1],
        ids=repr,
    )
    def test_anything_else_is_refused(self, value: object) -> None:
        with pytest.raises(ValueError, match=r"."):
            wire.decoded(value)


class TestMoment:
    @pytest.mark.parametrize("value", [1_759_331_348_143, "1759331348143"], ids=repr)
    def test_milliseconds_are_a_time(self, value: object) -> None:
        said = datetime(2025, 10, 1, 15, 9, 8, 143_000, tzinfo=UTC)
        assert wire.moment(value) == said

    @pytest.mark.parametrize(
        "value",
        [
            None,
            True,
            -1,
            "-1",
            "",
            " 1",
            "1\n",
            "1_000",
            "٣",
            "1e3",
            1e12,
            float("inf"),
            10**15,
            "9" * 15,
            pytest.param("9" * 10_000, id="many digits"),
            pytest.param(10**5000, id="a huge number"),
            [1],
            {"a": 1},
        ],
        ids=repr,
    )
    def test_anything_else_is_refused(self, value: object) -> None:
        with pytest.raises(ValueError, match="no time"):
            wire.moment(value)

    def test_the_end_of_the_calendar_is_a_time(self) -> None:
        assert wire.moment(253_402_300_799_999).year == 9999


class TestPublicKey:
    def test_a_p_256_key_is_read(self) -> None:
        assert wire.public_key(der(KEY)) == KEY

    @pytest.mark.parametrize(
        "value",
        [
            None,
            1,
            "",
            "AAAA",
            pytest.param(
                der(ec.generate_private_key(ec.SECP384R1()).public_key()), id="P-384"
            ),
            pytest.param(
                der(rsa.generate_private_key(65537, 2048).public_key()), id="RSA"
            ),
            pytest.param(der(KEY)[:-4], id="cut"),
            pytest.param(
                base64.b64encode(base64.b64decode(der(KEY)) + b"a").decode(),
                id="longer",
            ),
        ],
    )
    def test_anything_else_is_refused(self, value: object) -> None:
        with pytest.raises(ValueError, match=r"."):
            wire.public_key(value)

    @given(st.data())
    def test_a_spoiled_key_is_refused_or_another_one(self, data: st.DataObject) -> None:
        spoiled = bytearray(base64.b64decode(der(KEY)))
        position = data.draw(st.integers(0, len(spoiled) - 1))
        spoiled[position] ^= data.draw(st.integers(1, 255))
        try:
            found = wire.public_key(base64.b64encode(spoiled).decode())
        except ValueError:
            return
        assert found != KEY
