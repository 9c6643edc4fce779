"""Answers to somebody who asks for an access token."""

import json

import pytest

from wallet_google import errors, tokens

GOOD = {"access_token": "ya29.x", "expires_in": 3599, "token_type": "Bearer"}


def refuse(status: int, said: object) -> None:
    tokens.refuse(status, json.dumps(said).encode())


def test_a_token_passes() -> None:
    refuse(200, GOOD)


@pytest.mark.parametrize(
    "description", ["Invalid JWT Signature.", "Invalid grant: account not found", ""]
)
def test_a_key_that_counts_no_more_is_named(description: str) -> None:
    with pytest.raises(errors.RevokedError, match=r"\(invalid_grant\).*new key"):
        refuse(400, {"error": "invalid_grant", "error_description": description})


def test_a_wrong_clock_is_named() -> None:
    said = "Invalid JWT: Token must be a short-lived token (60 minutes) and in a "
    said += "reasonable timeframe. Check your iat and exp values in the JWT claim."
    with pytest.raises(errors.ClockError, match="clock"):
        refuse(400, {"error": "invalid_grant", "error_description": said})


@pytest.mark.parametrize("status", [302, 408, 429, 500, 502, 503, 504])
def test_trouble_is_no_refusal(status: int) -> None:
    with pytest.raises(errors.UnavailableError):
        refuse(status, {"error": "server_error"})


@pytest.mark.parametrize(
    "said",
    [
        {},
        [],
        7,
        {"access_token": 7, "expires_in": 3599},
        {"access_token": "x"},
        {"access_token": "x", "expires_in": "soon"},
    ],
)
def test_what_is_no_token_is_trouble(said: object) -> None:
    with pytest.raises(errors.UnavailableError):
        refuse(200, said)


@pytest.mark.parametrize("status", [200, 400, 403, 404])
def test_what_is_no_json_is_trouble(status: int) -> None:
    with pytest.raises(errors.UnavailableError):
        tokens.refuse(status, b"<html>Sign in to this network</html>")
