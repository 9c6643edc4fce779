"""Every text of the pages exists in every language that Palier speaks."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po

import dev

CATALOGUES = sorted(dev.TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))


def catalogue(path: Path, locale: str | None = None) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def messages(of: Catalog) -> Iterator[Message]:
    return (message for message in of if message.id)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """What the code and the pages say, in English."""
    template = tmp_path_factory.mktemp("messages") / "messages.pot"
    arguments = ["pybabel", "-q", *dev.extraction(template)]
    CommandLineInterface().run(arguments)  # type: ignore[no-untyped-call]
    return {str(message.id) for message in messages(catalogue(template))}


def test_french_is_there() -> None:
    assert [path.parts[-3] for path in CATALOGUES] == ["fr"]


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_catalogue_holds_what_is_said_and_no_more(path: Path, said: set[str]) -> None:
    # `python3 dev.py messages` brings it up to date.
    assert {str(message.id) for message in messages(catalogue(path))} == said


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_no_translation_is_missing_or_a_guess(path: Path) -> None:
    def told(message: Message) -> bool:
        if isinstance(message.string, list | tuple):
            return all(message.string) and not message.fuzzy
        return bool(message.string) and not message.fuzzy

    open_ones = [m.id for m in messages(catalogue(path, path.parts[-3])) if not told(m)]

    assert open_ones == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.parts[-3])
def test_a_translation_keeps_the_places_that_are_filled_in(path: Path) -> None:
    whole = catalogue(path, path.parts[-3])

    faults = [str(fault) for message in whole for fault in message.check(whole)]

    assert faults == []
