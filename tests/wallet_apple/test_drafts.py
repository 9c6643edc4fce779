"""A draft's files are those that would be signed."""

import json
from dataclasses import replace

import pytest

from passes.content import card_content
from passes.content.shown import CardContent
from passes.programmes import design, rules
from passes.programmes.programme import Programme
from tests.makers import NOON
from wallet_apple import bundle, drafts
from wallet_apple.errors import CertificateError, PictureError
from wallet_apple.signing import Signer


def content() -> CardContent:
    cafe = Programme(id=1, design_version=1)
    starter = design.starter("Café", "bonjour@example.org")
    return card_content.sample(card_content.look_of(cafe, starter, rules.STARTER), NOON)


def no_picture(name: str) -> bytes:
    raise KeyError(name)


def test_they_are_the_files_that_a_real_pass_has(signer: Signer) -> None:
    shown = content()
    real = bundle.PassFactory(signer, no_picture).files(shown, drafts.IDENTITY)

    drawn = drafts.files(shown, no_picture)

    issuer = {"passTypeIdentifier", "teamIdentifier"}
    document = json.loads(drawn.pop("pass.json"))
    signed = json.loads(real.pop("pass.json"))
    assert drawn == real
    assert {name for name in signed if signed[name] != document[name]} == issuer


def test_a_changed_colour_is_drawn_anew() -> None:
    shown = content()
    other = replace(shown, look=replace(shown.look, background="#5b3423"))

    one, two = drafts.files(shown, no_picture), drafts.files(other, no_picture)

    assert one["strip.png"] != two["strip.png"]


def test_a_picture_that_is_none_is_refused_each_time() -> None:
    shown = content()
    broken = replace(shown, look=replace(shown.look, logo="0" * 64))

    for _ in range(2):
        with pytest.raises(PictureError):
            drafts.files(broken, lambda _: b"no picture")


def test_a_draft_is_never_signed() -> None:
    factory = bundle.PassFactory(drafts._UNSIGNED, no_picture)

    with pytest.raises(CertificateError):
        factory.build(content(), drafts.IDENTITY, at=NOON)
