import json
from pathlib import Path

import pytest

from web import assets


@pytest.fixture
def built(tmp_path: Path) -> assets.Assets:
    manifest = {"app.css": "app-1A2B.css", "icons.svg": "icons-3C4D.svg"}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    (tmp_path / "icons-3C4D.svg").write_text('<svg><symbol id="check"></symbol></svg>')
    return assets.Assets(tmp_path)


def test_an_address_carries_the_hash_of_the_content(built: assets.Assets) -> None:
    assert built.address("app.css") == "/static/app-1A2B.css"


def test_a_file_that_was_not_built_is_named_with_the_remedy(
    built: assets.Assets,
) -> None:
    with pytest.raises(assets.AssetsNotBuiltError, match=r"print\.css .*npm run build"):
        built.address("print.css")


def test_a_folder_that_was_not_built_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(assets.AssetsNotBuiltError, match="npm run build"):
        assets.Assets(tmp_path)


def test_an_icon_is_decoration_unless_it_has_a_label(built: assets.Assets) -> None:
    assert built.icon("check") == (
        '<svg class="icon" aria-hidden="true">'
        '<use href="/static/icons-3C4D.svg#check"></use></svg>'
    )


def test_an_icon_with_a_label_is_read_aloud(built: assets.Assets) -> None:
    assert 'role="img" aria-label="A &amp; B"' in built.icon("check", "A & B")


def test_an_icon_that_the_sprite_lacks_is_not_left_blank(
    built: assets.Assets,
) -> None:
    with pytest.raises(assets.AssetsNotBuiltError, match="The icon rocket"):
        built.icon("rocket")
