"""Pictures: made once, named by what they hold, whoever asks and how many at once."""

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from passes.content.shown import CardContent
from tests.wallet_apple.cards import TIERS, make_content, make_look, png
from tests.wallet_google.drawing import BASE, Shelf, make_pictures
from wallet_google import errors
from wallet_google.pictures import Pictures


def hero(pictures: Pictures, content: CardContent) -> str:
    return pictures.hero(content.look, content.tier, content.progress)


def test_a_picture_stands_at_the_address_of_what_it_holds() -> None:
    shelf = Shelf()

    address = hero(make_pictures(shelf), make_content())

    (name,) = shelf.held
    assert address == f"{BASE}/media/{name}.png"
    assert shelf.at(address).size == (1032, 336)


def test_a_slash_at_the_end_of_the_base_changes_nothing() -> None:
    shelf = Shelf()
    pictures = Pictures(shelf.save, shelf.load, f"{BASE}/")

    assert pictures.logo(make_look()).startswith(f"{BASE}/media/")


def test_what_is_known_is_not_drawn_again() -> None:
    shelf = Shelf()
    pictures = make_pictures(shelf)

    for _ in range(3):
        hero(pictures, make_content(points=7, holder="Another"))
        pictures.logo(make_look())

    assert shelf.saved == 2


@pytest.mark.parametrize("change", [{"version": 2}, {"places": ()}, {"programme": "C"}])
def test_a_design_that_looks_the_same_keeps_its_banners(change: Any) -> None:
    shelf = Shelf()
    pictures = make_pictures(shelf)

    addresses = {
        hero(pictures, make_content(look))
        for look in (make_look(), make_look(**change))
    }

    assert (len(addresses), shelf.saved) == (1, 1)


@pytest.mark.parametrize("change", [{"background": "#7a1f3d"}, {"strip": "photo"}])
def test_a_changed_picture_is_a_changed_address(change: Any) -> None:
    pictures = make_pictures(Shelf(photo=png((900, 300))))

    addresses = {
        hero(pictures, make_content(look))
        for look in (make_look(), make_look(**change))
    }

    assert len(addresses) == 2


def test_a_process_that_starts_anew_finds_the_same_addresses() -> None:
    first, second = (hero(make_pictures(), make_content()) for _ in range(2))

    assert first == second


def test_the_oldest_addresses_are_forgotten() -> None:
    shelf = Shelf()
    pictures = make_pictures(shelf, room=1)

    pictures.logo(make_look())
    pictures.logo(make_look(background="#7a1f3d"))
    pictures.logo(make_look())

    assert (shelf.saved, len(pictures._kept)) == (3, 1)


def test_many_who_ask_at_once_wait_for_one_drawing() -> None:
    shelf = Shelf()
    pictures = make_pictures(shelf)
    start = threading.Barrier(8)

    def asked(_number: int) -> str:
        start.wait()
        return hero(pictures, make_content())

    with ThreadPoolExecutor(8) as threads:
        addresses = set(threads.map(asked, range(8)))

    assert (len(addresses), shelf.saved, pictures._drawing) == (1, 1, {})


def test_a_picture_that_cannot_be_drawn_is_tried_again_next_time() -> None:
    shelf = Shelf(broken=b"no picture")
    pictures = make_pictures(shelf)
    look = make_look(logo="broken")
    with pytest.raises(errors.PictureError):
        pictures.logo(look)

    shelf.held["broken"] = png()

    assert pictures.logo(look).startswith(BASE)
    assert pictures._drawing == {}


def test_a_picture_that_is_gone_is_one_that_cannot_be_drawn() -> None:
    pictures = make_pictures()

    with pytest.raises(errors.PictureError, match="no such picture"):
        pictures.logo(make_look(logo="gone"))
    with pytest.raises(errors.PictureError, match="no such picture"):
        hero(pictures, make_content(make_look(strip="gone")))


def test_a_picture_that_cannot_be_kept_is_tried_again_next_time() -> None:
    shelf = Shelf()
    pictures = make_pictures(shelf)
    shelf.trouble = OSError("No space left on device")
    with pytest.raises(errors.PictureError, match="No space left"):
        pictures.logo(make_look())

    shelf.trouble = None

    assert pictures.logo(make_look()).startswith(BASE)


def test_the_top_tier_has_its_own_banner() -> None:
    pictures = make_pictures()
    look = make_look()

    below = hero(pictures, make_content(look))
    top = pictures.hero(look, TIERS[2], None)

    assert below != top
