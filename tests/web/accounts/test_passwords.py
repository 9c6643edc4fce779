"""What a password must be like, and what is kept of it."""

import time

import pytest

from passes.errors import InvalidError
from web.accounts import common_passwords, passwords

_ENDINGS = """
    1234567 2024!!! 20252026 @@@1234 0000000 !!!!!!! password bonjour 1990 1985! 2025
    2026 12345 00000! 2023!!!! 123456! soleil
"""
GOOD = "tricot-lampe-58-navet"


@pytest.mark.asvs("v5.0.0-11.4.2")
def test_argon2id_runs_with_the_parameters_that_were_chosen() -> None:
    assert passwords.digest(GOOD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_right_password_matches_and_another_does_not() -> None:
    kept = passwords.digest(GOOD)

    assert passwords.matches(kept, GOOD)
    assert not passwords.matches(kept, GOOD + "!")


def test_nothing_matches_where_nothing_is_kept() -> None:
    assert not passwords.matches(None, GOOD)


def test_one_password_typed_on_two_keyboards_is_one() -> None:
    assert passwords.matches(passwords.digest("café-marmite-58"), "café-marmite-58")


def test_a_password_of_megabytes_costs_nothing() -> None:
    began = time.perf_counter()

    assert not passwords.matches(passwords.digest(GOOD), "x" * 10_000_000)
    assert time.perf_counter() - began < 5


def test_what_was_made_with_weaker_parameters_is_outdated() -> None:
    old = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$3zqRG0e3V4D0oXxLoBCwpA"

    assert passwords.outdated(old)
    assert not passwords.outdated(passwords.digest(GOOD))


@pytest.mark.asvs("v5.0.0-6.2.1")
@pytest.mark.parametrize("password", ["", "court", "onze-signes"])
def test_a_short_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidError, match="12 characters or more"):
        passwords.check(password)


@pytest.mark.asvs("v5.0.0-6.2.9")
def test_a_password_may_be_128_characters_long_and_no_longer() -> None:
    long = "".join(chr(97 + (n * 7 + n // 5) % 26) for n in range(129))

    passwords.check(long[:128])
    with pytest.raises(InvalidError, match="128 characters or fewer"):
        passwords.check(long)


@pytest.mark.asvs("v5.0.0-6.2.4")
@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "Motdepasse2026!",
        "P@ssw0rd2026!!",
        "azertyuiop123",
        "1q2w3e4r5t6y",
        "aaaaaaaaaaaa",
        "abcabcabcabc",
        "correcthorsebatterystaple",
        "bonjour bonjour soleil",
        "JeTaime-Marie-1990",
        "123456789012",
        "trustno1trustno1",
        "anna.bell.cafe.2026",
    ],
)
def test_a_common_password_is_refused(password: str) -> None:
    with pytest.raises(InvalidError, match="easy to guess"):
        passwords.check(password, about=("anna.bell@cafe.example", "Anna Bell"))


@pytest.mark.asvs("v5.0.0-6.2.5")
@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "vélo marmite tunnel gris",
        "x9$kQw!mZt4Lrp",
        "kQ7!84%2&3#9",
        "日本語のパスワードはながい",
    ],
)
def test_anything_else_is_accepted_without_rules_of_composition(password: str) -> None:
    passwords.check(password, about=("anna.bell@cafe.example", "Anna Bell"))


@pytest.mark.asvs("v5.0.0-6.2.4")
def test_thousands_of_guesses_made_from_common_words_are_known() -> None:
    words = common_passwords.WORDS
    guesses = {
        f"{word}{ending}"
        for word in words
        for ending in _ENDINGS.split()
        if len(word) + len(ending) >= passwords.SHORTEST
    }

    assert len(guesses) > 3_000
    assert [guess for guess in guesses if not common_passwords.contain(guess)] == []
