"""DER, written and read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wallet_apple import der, errors


@given(st.binary(max_size=70_000))
def test_what_was_written_is_read_again(content: bytes) -> None:
    read = der.read(der.encode(der.OCTET_STRING, content))

    assert (read.tag, read.content) == (der.OCTET_STRING, content)


@given(st.integers(0, 2), st.lists(st.integers(0, 2**40), min_size=1, max_size=9))
def test_an_object_identifier_is_read_again(first: int, rest: list[int]) -> None:
    second = rest[0] % 40
    dotted = ".".join(map(str, (first, second, *rest[1:])))

    assert der.read(der.object_identifier(dotted)).dotted() == dotted


@pytest.mark.parametrize(
    ("number", "written"),
    [(0, "020100"), (127, "02017f"), (128, "02020080"), (256, "02020100")],
)
def test_integers_are_never_negative(number: int, written: str) -> None:
    assert der.integer(number).hex() == written


def test_an_indefinite_length_ends_with_two_zeros() -> None:
    read = der.read(bytes.fromhex("3080 020105 30800000 0000 ff".replace(" ", "")))

    assert [one.tag for one in read.children()] == [der.INTEGER, der.SEQUENCE]


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x05\x01", b"\x30\x84\xff\xff\xff\xff", b"\x30\x80"]
)
def test_what_is_cut_off_is_refused(data: bytes) -> None:
    with pytest.raises(errors.MalformedError):
        der.read(data)


def test_deep_nesting_is_refused() -> None:
    with pytest.raises(errors.MalformedError):
        der.read(b"\x30\x80" * 100_000)


@given(st.binary(max_size=64))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        pending = [der.read(data)]
        while pending:
            pending.extend(pending.pop().children())
    except errors.MalformedError:
        pass
