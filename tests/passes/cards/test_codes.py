"""Member codes and short codes."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from passes.cards import codes
from passes.names import ALPHABET


def test_a_member_code_has_a_version_a_hundred_random_bits_and_a_check() -> None:
    version, body, check = codes.member_code().split(".")

    assert version == "L1"
    assert len(body) == 20
    assert len(check) == 2
    assert set(body + check) <= set(ALPHABET)


def test_a_short_code_has_ten_characters() -> None:
    assert len(codes.short_code()) == 10


def test_what_was_made_can_be_read() -> None:
    for _ in range(200):
        code, short = codes.member_code(), codes.short_code()
        assert codes.read(code) == code
        assert codes.read(short) == short


def test_a_short_code_is_read_however_it_is_typed() -> None:
    short = codes.short_code()

    assert codes.read(f" {codes.grouped(short).lower()} ") == short


def test_lookalike_letters_are_read_as_digits() -> None:
    short = next(
        code for code in iter(codes.short_code, "") if "1" in code and "0" in code
    )

    assert codes.read(short.replace("1", "l").replace("0", "O")) == short


def test_a_member_code_is_read_however_it_is_typed() -> None:
    code = next(
        code
        for code in iter(codes.member_code, "")
        if "0" in code[3:23] and set("01") & set(code[24:])
    )
    body, check = code[3:23], code[24:]
    typed = f"l1. {body[:10]}-{body[10:]} .{check}".replace("1", "I").replace("0", "o")

    assert codes.read(typed.lower()) == code


@given(st.data())
def test_one_wrong_character_is_noticed(data: st.DataObject) -> None:
    code = codes.member_code()
    at = data.draw(st.integers(3, 22))
    other = data.draw(st.sampled_from([char for char in ALPHABET if char != code[at]]))

    assert codes.read(code[:at] + other + code[at + 1 :]) is None


@given(st.integers(3, 21))
def test_two_swapped_characters_are_noticed(at: int) -> None:
    code = codes.member_code()
    swapped = code[:at] + code[at + 1] + code[at] + code[at + 2 :]

    assert codes.read(swapped) in ({code} if swapped == code else {None})


@given(st.text(max_size=80))
def test_anything_else_is_no_code(text: str) -> None:
    read = codes.read(text)

    assert read is None or codes.read(read) == read


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "L1.",
        "L1..",
        "L2.00000000000000000000.00",
        "\uff10" * 10,
        "A" * 65,
        "\x00" * 10,
    ],
)
def test_garbage_is_refused_before_any_database_is_asked(text: str) -> None:
    assert codes.read(text) is None


def test_a_large_sample_has_no_duplicate_and_no_preferred_character() -> None:
    sample = [codes.member_code().split(".")[1] for _ in range(20_000)]
    counted = Counter("".join(sample))
    expected = 20 * len(sample) / 32
    chi_squared = sum((n - expected) ** 2 / expected for n in counted.values())

    assert len(set(sample)) == len(sample)
    # 31 degrees of freedom: a fair draw exceeds 80 about once in 300 000 runs.
    assert chi_squared < 80
